"""PostgreSQL behind PgBouncer: everything works in its transaction mode once the URL says so, and in session mode."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from pgbouncer_server import pgbouncer_before

from app_builders import ANA, add_people
from consentry.model.access import Access, Reason
from consentry.storage.database import Operation, Statement
from consentry.storage.opening import faults_of
from consentry.storage.postgres import PostgresDatabase
from consentry.storage.schema import CURRENT, find_version, require_current
from postgres_server import PostgresServer
from protocol_world import build_protocol_world
from small_world import FixedClock

OURS = "&pgbouncer=true"
MIGRATING = "import sys; from consentry.storage.schema import migrate; migrate(sys.argv[1])"
IGNORED = "plan_cache_mode,jit,default_transaction_isolation,random_page_cost"


@pytest.fixture
def database_name(postgres: PostgresServer) -> Iterator[str]:
    # A database of the test's own: PgBouncer keeps connections to it until the test is over.
    with postgres.new_database() as url:
        yield urlsplit(url).path[1:]


@pytest.fixture
def transaction_url(postgres: PostgresServer, database_name: str) -> Iterator[str]:
    with pgbouncer_before(postgres, "transaction") as url:
        yield url.format(database=database_name, ours=OURS)


async def test_everything_that_a_client_does_works_in_transaction_mode(
    transaction_url: str, tmp_path: Path, clock: FixedClock
) -> None:
    world = await build_protocol_world(tmp_path / "consentry.sqlite3", clock, database_url=transaction_url)

    tokens = await asyncio.gather(*(world.connect(world.tool) for _ in range(20)))
    refreshed = await asyncio.gather(*(world.refresh(world.tool, each.refresh_token) for each in tokens))
    answers = await asyncio.gather(*(world.check(each.access_token) for each in refreshed * 3))
    await asyncio.gather(*(world.revoke(world.tool, each.refresh_token) for each in refreshed[:10]))
    reasons = await asyncio.gather(*(world.why_refused(each.access_token) for each in refreshed))

    assert all(isinstance(answer, Access) for answer in answers)
    assert reasons == [Reason.REVOKED] * 10 + [None] * 10
    await world.deeds.database.close()


async def test_many_readers_share_few_connections_and_each_gets_its_own_answer(transaction_url: str) -> None:
    engines = [PostgresDatabase(transaction_url) for _ in range(3)]

    rows = await asyncio.gather(
        *(engine.read("SELECT $1::bigint", number) for number in range(60) for engine in engines)
    )

    assert rows == [[(number,)] for number in range(60) for _ in engines]
    for engine in engines:
        await engine.close()


async def test_a_read_that_fails_or_is_given_up_leaves_the_connection_usable(transaction_url: str) -> None:
    engine = PostgresDatabase(transaction_url)
    await add_people(engine)

    def renaming() -> Operation[None]:
        yield Statement("UPDATE users SET name = 'Nobody' WHERE id = $1", (ANA,))
        yield Statement("SELECT pg_sleep(5)")

    for _ in range(10):
        with pytest.raises(faults_of(transaction_url), match="no_such_column"):
            await engine.read("SELECT no_such_column FROM users")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(engine.read("SELECT pg_sleep(5)"), 0.02)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(engine.write(renaming), 0.02)

    assert await engine.read("SELECT name FROM users WHERE id = $1", ANA) == [("Ana",)]
    await engine.close()


async def test_without_the_parameter_pgbouncer_refuses_what_a_session_is_set_up_with(
    postgres: PostgresServer, database_name: str
) -> None:
    with pgbouncer_before(postgres, "transaction") as url:
        engine = PostgresDatabase(url.format(database=database_name, ours=""))

        with pytest.raises(faults_of("postgresql://"), match="unsupported startup parameter"):
            await engine.read("SELECT 1")

        await engine.close()


async def test_session_mode_needs_no_parameter_once_pgbouncer_ignores_ours(
    postgres: PostgresServer, database_name: str
) -> None:
    with pgbouncer_before(postgres, "session", ignore_startup_parameters=IGNORED) as url:
        direct = url.format(database=database_name, ours="&pool=2")
        require_current(direct)
        engine = PostgresDatabase(direct)

        rows = await asyncio.gather(*(engine.read("SELECT $1::bigint", number) for number in range(20)))

        assert rows == [[(number,)] for number in range(20)]
        await engine.close()


def test_the_schema_is_looked_at_and_migrated_through_pgbouncer(postgres: PostgresServer) -> None:
    with postgres.new_database("template0") as empty, pgbouncer_before(postgres, "transaction") as url:
        through = url.format(database=urlsplit(empty).path[1:], ours=OURS)
        for _ in range(3):
            # Each in a process of its own, as an operator would: a driver numbers its statements from one in each.
            subprocess.run([sys.executable, "-c", MIGRATING, through], check=True)

        assert find_version(through) == CURRENT
