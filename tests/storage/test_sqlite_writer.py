"""SQLite's writer thread: no fault ends it, and every caller hears of one."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import apsw
import pytest

from consentry.storage.database import Operation, Statement
from consentry.storage.sqlite_writer import SqliteWriter

INSERT = "INSERT INTO throttles (key, failures, last_at, blocked_until) VALUES ($1, 1, 1, 1)"

# In a process of its own: the descriptors of SQLite are taken away under it, where nobody else may be given them.
BROKEN_FILE = """
import asyncio, os, sys
from functools import partial
from pathlib import Path
from consentry.storage.database import Statement
from consentry.storage.sqlite_writer import SqliteWriter

SQL = "INSERT INTO throttles (key, failures, last_at, blocked_until) VALUES ($1, 1, 1, 1)"

def writing(key, path=None):
    yield Statement(SQL, (key,))
    if path is not None:
        # In the middle of a transaction, so that not even a rollback can be written.
        for descriptor in os.listdir("/proc/self/fd"):
            try:
                if os.readlink(f"/proc/self/fd/{descriptor}").startswith(path):
                    os.close(int(descriptor))
            except FileNotFoundError:
                pass
    yield Statement(SQL, (key + " too",))

async def main(path):
    writer = SqliteWriter(Path(path))
    await writer.run(partial(writing, "before"))
    jobs = [writer.run(partial(writing, *job)) for job in (("one",), ("two", path), ("three",))]
    failed = await asyncio.wait_for(asyncio.gather(*jobs, return_exceptions=True), 20)
    assert all(isinstance(one, Exception) for one in failed), failed
    await asyncio.wait_for(writer.run(partial(writing, "later")), 20)
    await asyncio.wait_for(writer.close(), 20)

asyncio.run(main(sys.argv[1]))
"""


@pytest.fixture
async def writer(database_path: Path) -> AsyncIterator[SqliteWriter]:
    opened = SqliteWriter(database_path)
    yield opened
    await opened.close()


def keys(path: Path) -> list[str]:
    connection = apsw.Connection(str(path))
    found = [row[0] for row in connection.execute("SELECT key FROM throttles ORDER BY key")]
    connection.close()
    return found


def inserting(key: str) -> Operation[str]:
    yield Statement(INSERT, (key,))
    return key


def test_a_file_that_breaks_under_the_writer_is_told_to_all_and_opened_again(database_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", BROKEN_FILE, str(database_path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert keys(database_path) == ["before", "before too", "later", "later too"]


async def test_something_that_nobody_expected_is_told_to_all_and_the_thread_goes_on(
    writer: SqliteWriter, database_path: Path
) -> None:
    def exploding() -> Operation[str]:
        yield Statement(INSERT, ("exploding",))
        raise KeyboardInterrupt

    jobs = (partial(inserting, "one"), exploding, partial(inserting, "two"))
    answers = await asyncio.gather(*(writer.run(job) for job in jobs), return_exceptions=True)

    assert [type(answer) for answer in answers] == [KeyboardInterrupt] * 3
    assert await writer.run(partial(inserting, "later")) == "later"
    assert keys(database_path) == ["later"]


async def test_one_that_fails_among_many_fails_alone(writer: SqliteWriter, database_path: Path) -> None:
    names = ["a", "b", "a", "c"]

    answers = await asyncio.gather(*(writer.run(partial(inserting, name)) for name in names), return_exceptions=True)

    assert [str(answer) if isinstance(answer, str) else type(answer) for answer in answers] == [
        "a",
        "b",
        apsw.ConstraintError,
        "c",
    ]
    assert keys(database_path) == ["a", "b", "c"]


@pytest.mark.parametrize("turns", [1, 5])
async def test_operations_of_one_turn_and_of_those_right_after_it_share_a_commit(
    writer: SqliteWriter, database_path: Path, turns: int
) -> None:
    watching = apsw.Connection(str(database_path))

    def versioned(key: str) -> Operation[int]:
        yield from inserting(key)
        # It changes whenever another connection has committed.
        version: int = watching.pragma("data_version")
        return version

    jobs = []
    for turn in range(turns):
        jobs += [writer.run(partial(versioned, f"{turn}.{number}")) for number in range(10)]
        await asyncio.sleep(0)
    versions = await asyncio.gather(*jobs)

    assert len(set(versions)) == 1
    assert len(keys(database_path)) == 10 * turns
    watching.close()


async def test_a_caller_is_answered_while_every_turn_brings_another(writer: SqliteWriter) -> None:
    first = writer.run(partial(inserting, "first"))
    others: list[asyncio.Future[str]] = []
    while not first.done():
        others.append(writer.run(partial(inserting, str(len(others)))))
        await asyncio.sleep(0)

    assert first.result() == "first"
    await asyncio.gather(*others)


async def test_no_group_is_larger_than_it_may_be(writer: SqliteWriter, database_path: Path) -> None:
    writer.group_most = 8
    watching = apsw.Connection(str(database_path))

    def counted(key: str) -> Operation[int]:
        yield from inserting(key)
        return len(watching.execute("SELECT key FROM throttles").fetchall())

    seen = await asyncio.gather(*(writer.run(partial(counted, f"{number:02}")) for number in range(20)))

    assert seen == [0] * 8 + [8] * 8 + [16] * 4
    watching.close()


async def test_a_caller_who_gave_up_before_its_turn_changes_nothing(writer: SqliteWriter, database_path: Path) -> None:
    given_up = writer.run(partial(inserting, "given up"))
    given_up.cancel()

    await writer.run(partial(inserting, "kept"))

    assert keys(database_path) == ["kept"]


async def test_what_waits_is_written_before_the_end_and_nothing_after_it(
    writer: SqliteWriter, database_path: Path
) -> None:
    waiting = [writer.run(partial(inserting, str(number))) for number in range(5)]

    await writer.close()

    assert [answer.result() for answer in waiting] == ["0", "1", "2", "3", "4"]
    with pytest.raises(RuntimeError, match="closed"):
        writer.run(partial(inserting, "late"))
    assert len(keys(database_path)) == 5


async def test_loops_of_several_threads_share_the_writer(writer: SqliteWriter, database_path: Path) -> None:
    async def write(thread: int) -> list[str]:
        return list(
            await asyncio.gather(*(writer.run(partial(inserting, f"{thread}.{number}")) for number in range(50)))
        )

    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda thread: asyncio.run(write(thread)), range(4)))

    assert [len(each) for each in answers] == [50] * 4
    assert len(keys(database_path)) == 200
