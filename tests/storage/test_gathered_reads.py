"""Calls that a guard checks in one turn of the event loop read together on SQLite: each as strictly as alone."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import apsw
import pytest

from consentry.storage.database import KeyedRead
from consentry.storage.sqlite_gathered_reads import AT_ONCE_LEAST, AT_ONCE_MOST, COMPANY, GatheringSqliteDatabase

NAME = KeyedRead("SELECT id, name FROM organisations WHERE id {key}")
NOWHERE = KeyedRead("SELECT id, name FROM no_such_table WHERE id {key}")
INSERT = "INSERT INTO organisations (id, name, standing, created_at) VALUES (?, 'Before', 'active', 1)"
CROWD = [f"org_{number}" for number in range(COMPANY + 5)]


@pytest.fixture
def other(database_path: Path) -> apsw.Connection:
    """A connection of another process, as it were."""
    connection = apsw.Connection(str(database_path))
    connection.executemany(INSERT, [(key,) for key in CROWD])
    return connection


@pytest.fixture
async def database(database_path: Path, other: apsw.Connection) -> AsyncIterator[GatheringSqliteDatabase]:
    assert other.execute("SELECT count(*) FROM organisations").fetchall() == [(len(CROWD),)]
    opened = GatheringSqliteDatabase(database_path)
    yield opened
    await opened.close()


async def name_of(database: GatheringSqliteDatabase, key: str) -> str:
    rows = await database.read_by_key(NAME, key)
    return str(rows[0][1])


async def names_of_the_crowd(database: GatheringSqliteDatabase) -> list[str]:
    return await asyncio.gather(*(name_of(database, key) for key in CROWD))


async def without_company(database: GatheringSqliteDatabase) -> None:
    """Let the database find that a caller is alone, so that it answers at once."""
    await name_of(database, CROWD[0])


def rename(connection: apsw.Connection, name: str) -> None:
    connection.execute("UPDATE organisations SET name = ?", (name,))


async def test_all_who_ask_in_one_turn_get_rows_of_their_own(
    database: GatheringSqliteDatabase, other: apsw.Connection
) -> None:
    other.execute("UPDATE organisations SET name = upper(id)")
    keys = [*CROWD, CROWD[0], "unknown"]

    answers = await asyncio.gather(*(database.read_by_key(NAME, key) for key in keys))

    assert answers == [*([(key, key.upper())] for key in [*CROWD, CROWD[0]]), []]


async def test_a_crowd_sees_what_was_committed_when_the_last_of_it_asked(
    database: GatheringSqliteDatabase, other: apsw.Connection
) -> None:
    async def change_then_ask(name: str, key: str) -> str:
        rename(other, name)
        return await name_of(database, key)

    names = await asyncio.gather(*(change_then_ask(f"For {key}", key) for key in CROWD))

    assert set(names) == {f"For {CROWD[-1]}"}


@pytest.mark.parametrize("company", [1, COMPANY - 1, COMPANY, len(CROWD)])
async def test_what_was_committed_before_a_caller_asked_is_seen_in_a_turn_of_any_size(
    database: GatheringSqliteDatabase, other: apsw.Connection, company: int
) -> None:
    for turn in range(AT_ONCE_MOST):
        rename(other, f"Turn {turn}")
        names = await asyncio.gather(*(name_of(database, key) for key in CROWD[:company]))
        assert set(names) == {f"Turn {turn}"}


@pytest.mark.parametrize("settle", [names_of_the_crowd, without_company], ids=["in a crowd", "alone"])
async def test_a_caller_who_waits_for_another_process_between_two_reads_sees_what_it_did(
    database: GatheringSqliteDatabase,
    other: apsw.Connection,
    settle: Callable[[GatheringSqliteDatabase], Awaitable[object]],
) -> None:
    async def read_wait_and_read(number: int) -> tuple[str, str]:
        before = await name_of(database, CROWD[number])
        # Nothing else of this loop runs meanwhile: the change comes from outside, within one turn.
        rename(other, f"By {number}")
        return before, await name_of(database, CROWD[number])

    await settle(database)
    pairs = await asyncio.gather(*(read_wait_and_read(number) for number in range(len(CROWD))))

    # Whoever comes later in the turn may have written over it, but nobody sees what was before.
    assert all(int(after.removeprefix("By ")) >= number for number, (_, after) in enumerate(pairs))


async def test_whoever_has_no_company_is_answered_without_a_turn(database: GatheringSqliteDatabase) -> None:
    await without_company(database)

    reading = name_of(database, CROWD[0])
    with pytest.raises(StopIteration) as answered:
        reading.send(None)

    assert answered.value.value == "Before"


async def test_a_crowd_that_comes_after_one_who_was_alone_gathers_again(
    database: GatheringSqliteDatabase, other: apsw.Connection
) -> None:
    await without_company(database)
    for _ in range(AT_ONCE_LEAST):
        await name_of(database, CROWD[0])

    asked = [asyncio.ensure_future(database.read_by_key(NAME, key)) for key in CROWD]
    rename(other, "After")

    assert {rows[0][1] for rows in await asyncio.gather(*asked)} == {"After"}


async def test_a_caller_who_gives_up_takes_nobody_with_it(database: GatheringSqliteDatabase) -> None:
    asking = [asyncio.create_task(name_of(database, key)) for key in CROWD]
    await asyncio.sleep(0)

    asking[1].cancel()
    answers = await asyncio.gather(*asking, return_exceptions=True)

    assert isinstance(answers.pop(1), asyncio.CancelledError)
    assert set(answers) == {"Before"}


async def test_a_fault_is_heard_by_whoever_asked_for_it_and_by_nobody_else(database: GatheringSqliteDatabase) -> None:
    reads = [NAME, NOWHERE, NAME, NAME]
    answers = await asyncio.gather(*(database.read_by_key(read, CROWD[0]) for read in reads), return_exceptions=True)

    assert isinstance(answers.pop(1), apsw.SQLError)
    assert answers == [[(CROWD[0], "Before")]] * 3
    assert set(await names_of_the_crowd(database)) == {"Before"}


async def test_after_a_turn_no_old_state_is_held(database: GatheringSqliteDatabase, other: apsw.Connection) -> None:
    await names_of_the_crowd(database)
    rename(other, "After")

    busy, _, _ = other.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()[0]

    assert busy == 0


async def test_whoever_still_waits_when_the_database_is_closed_is_refused(database: GatheringSqliteDatabase) -> None:
    await database.close()

    answers = await asyncio.gather(*(database.read_by_key(NAME, key) for key in CROWD), return_exceptions=True)

    assert all(isinstance(answer, apsw.Error) for answer in answers)


def test_a_loop_that_ended_before_it_answered_leaves_nobody_waiting_in_the_next(
    database_path: Path, other: apsw.Connection
) -> None:
    async def ask_and_leave() -> GatheringSqliteDatabase:
        database = GatheringSqliteDatabase(database_path)
        database.read_by_key(NAME, CROWD[0])
        asyncio.get_running_loop().stop()
        return database

    async def ask(database: GatheringSqliteDatabase) -> list[str]:
        names = await names_of_the_crowd(database)
        await database.close()
        return names

    loop = asyncio.new_event_loop()
    leaving = loop.create_task(ask_and_leave())
    loop.run_forever()
    database = leaving.result()
    loop.close()

    assert set(asyncio.run(ask(database))) == {"Before"}
    other.close()
