"""Requests that came in one turn of the event loop read together on SQLite: each as strictly as alone."""

import asyncio
from pathlib import Path

import apsw
import pytest

from consentry.storage.database import KeyedRead, Operation, Statement
from consentry.storage.sqlite import SqliteDatabase

NAME = KeyedRead("SELECT id, name FROM organisations WHERE id {key}")
INSERT = "INSERT INTO organisations (id, name, standing, created_at) VALUES ('org_1', 'Before', 'active', 1)"


@pytest.fixture
def other(database_path: Path) -> apsw.Connection:
    """A connection of another process, as it were."""
    connection = apsw.Connection(str(database_path))
    connection.execute(INSERT)
    return connection


async def name_in(database: SqliteDatabase) -> str:
    rows = await database.read_by_key(NAME, "org_1")
    return str(rows[0][1])


def rename(connection: apsw.Connection, name: str) -> None:
    connection.execute("UPDATE organisations SET name = ?", (name,))


def renaming(name: str) -> Operation[None]:
    yield Statement("UPDATE organisations SET name = $1", (name,))


async def test_requests_of_one_turn_see_one_state_and_those_of_the_next_the_next(
    database_path: Path, other: apsw.Connection
) -> None:
    database = SqliteDatabase(database_path)

    async def read_then_change(name: str) -> str:
        seen = await name_in(database)
        rename(other, name)
        return seen

    database.read_together()
    first = asyncio.create_task(read_then_change("After"))
    database.read_together()
    second = asyncio.create_task(name_in(database))
    assert await asyncio.gather(first, second) == ["Before", "Before"]

    database.read_together()
    assert await asyncio.create_task(name_in(database)) == "After"
    await database.close()


async def test_what_was_committed_before_a_request_came_is_seen_by_it(
    database_path: Path, other: apsw.Connection
) -> None:
    database = SqliteDatabase(database_path)
    for turn in range(200):
        rename(other, f"Turn {turn}")
        database.read_together()
        reading = [asyncio.create_task(name_in(database)) for _ in range(turn % 5 + 1)]

        assert set(await asyncio.gather(*reading)) == {f"Turn {turn}"}
    await database.close()


async def test_whoever_waited_for_a_write_reads_it_in_the_same_request(
    database_path: Path, other: apsw.Connection
) -> None:
    database = SqliteDatabase(database_path)

    async def write_then_read(name: str) -> str:
        await name_in(database)
        await database.write(renaming, name)
        return await name_in(database)

    async def others() -> None:
        for _ in range(300):
            database.read_together()
            await asyncio.create_task(name_in(database))

    busy = asyncio.create_task(others())
    for turn in range(30):
        database.read_together()
        assert await asyncio.create_task(write_then_read(f"Turn {turn}")) == f"Turn {turn}"
    await busy
    await database.close()
    other.close()


async def test_without_it_every_read_sees_what_is_committed_at_its_own_moment(
    database_path: Path, other: apsw.Connection
) -> None:
    database = SqliteDatabase(database_path)
    before = await name_in(database)

    rename(other, "After")

    assert (before, await name_in(database)) == ("Before", "After")
    await database.close()


async def test_a_turn_that_ends_after_the_database_was_closed_does_no_harm(
    database_path: Path, other: apsw.Connection
) -> None:
    database = SqliteDatabase(database_path)
    database.read_together()
    closing = asyncio.create_task(database.close())

    await closing
    await asyncio.sleep(0)

    assert other.execute("SELECT count(*) FROM organisations").fetchall() == [(1,)]
