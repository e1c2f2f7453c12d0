"""PostgreSQL as an engine: whole operations, tried again where it gives one up, and migrations that may meet."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import asyncpg
import pytest

from app_builders import ANA, writing
from consentry.storage.database import Operation, Statement
from consentry.storage.opening import faults_of
from consentry.storage.postgres import PostgresDatabase
from consentry.storage.schema import CURRENT, SchemaOutdatedError, find_version, migrate, require_current
from postgres_server import PostgresServer


@pytest.fixture
def empty_url(postgres: PostgresServer) -> Iterator[str]:
    with postgres.new_database("template0") as url:
        yield url


def renaming(*user_ids: str) -> Operation[int]:
    """Write to these rows one after another, and take a while."""
    for user_id in user_ids:
        yield Statement("UPDATE users SET name = name || '.' WHERE id = $1", (user_id,))
        yield Statement("SELECT pg_sleep(0.02)")
    return len(user_ids)


async def test_operations_that_lock_each_other_out_are_all_done(engine: PostgresDatabase) -> None:
    users = [row[0] for row in await engine.read("SELECT id FROM users ORDER BY id")]
    orders = [users, users[::-1]] * 3

    await asyncio.gather(*(engine.write(renaming, *order) for order in orders))

    names = await engine.read("SELECT name FROM users")
    assert [name.count(".") for (name,) in names] == [len(orders)] * len(users)


async def test_a_read_that_is_given_up_for_a_migration_is_asked_again(engine: PostgresDatabase, url: str) -> None:
    migrating = await asyncpg.connect(url)
    async with migrating.transaction():
        await migrating.execute("LOCK TABLE organisations IN ACCESS EXCLUSIVE MODE")
        # It has the users, and waits for the organisations.
        reading = asyncio.create_task(engine.read("SELECT count(*) FROM users, organisations"))
        await asyncio.sleep(0.02)
        await migrating.execute("LOCK TABLE users IN ACCESS EXCLUSIVE MODE")

    assert (await reading)[0][0] > 0
    await migrating.close()


async def test_an_operation_that_fails_leaves_nothing_and_the_engine_goes_on(engine: PostgresDatabase) -> None:
    def failing() -> Operation[None]:
        yield Statement("UPDATE users SET name = 'Nobody' WHERE id = $1", (ANA,))
        raise ValueError("a rule of the operation's own")

    for _ in range(40):
        with pytest.raises(ValueError, match="own"):
            await engine.write(failing)

    assert await engine.read("SELECT name FROM users WHERE id = $1", ANA) == [("Ana",)]


async def test_a_call_that_is_given_up_leaves_nothing_and_the_engine_goes_on(engine: PostgresDatabase) -> None:
    def slow() -> Operation[None]:
        yield Statement("UPDATE users SET name = 'Nobody' WHERE id = $1", (ANA,))
        yield Statement("SELECT pg_sleep(5)")

    for _ in range(20):
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(engine.write(slow), 0.01)

    assert await engine.read("SELECT name FROM users WHERE id = $1", ANA) == [("Ana",)]


async def test_in_07_nul_in_a_text_is_no_fault_and_finds_nothing(engine: PostgresDatabase) -> None:
    assert await engine.read("SELECT id FROM users WHERE email = $1", "ana\0@acme.test") == []

    await engine.write(writing, Statement("UPDATE users SET name = $2 WHERE id = $1", (ANA, "A\0na")))

    assert await engine.read("SELECT name FROM users WHERE id = $1", ANA) == [("A\ufffdna",)]


async def test_the_engine_goes_on_after_its_connections_were_cut(engine: PostgresDatabase, url: str) -> None:
    await engine.read("SELECT 1")
    other = await asyncpg.connect(url)

    await other.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'consentry'")
    await asyncio.sleep(0.05)

    assert await engine.read("SELECT 1") == [(1,)]
    await other.close()


async def test_a_closed_engine_answers_nothing(engine: PostgresDatabase) -> None:
    await engine.close()

    with pytest.raises(RuntimeError, match="closed"):
        await engine.read("SELECT 1")


def test_migrations_that_start_together_make_one_schema(empty_url: str) -> None:
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(migrate, [empty_url] * 4))

    assert find_version(empty_url) == CURRENT


def test_an_empty_database_is_refused_with_the_command_to_run(empty_url: str) -> None:
    with pytest.raises(SchemaOutdatedError, match="consentry migrate"):
        require_current(empty_url)

    assert find_version(empty_url) is None


def test_a_database_that_is_not_there_is_one_of_the_faults_told_of(postgres: PostgresServer) -> None:
    url = postgres.url_of("no_such_database")

    with pytest.raises(faults_of(url), match="no_such_database"):
        find_version(url)
