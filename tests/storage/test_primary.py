"""A check is answered by the server that takes writes, and never by one that follows it."""

import asyncio
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from pgbouncer_server import pgbouncer_before
from standby_server import Standby, two_standbys

from app_builders import ANA, add_people, writing
from consentry.storage.database import Statement
from consentry.storage.opening import faults_of
from consentry.storage.postgres import PostgresDatabase
from consentry.storage.schema import require_current
from postgres_server import PostgresServer

SUSPEND = Statement("UPDATE users SET standing = 'suspended' WHERE id = $1", (ANA,))
STANDING = "SELECT standing FROM users WHERE id = $1"


@pytest.fixture
def database_name(postgres: PostgresServer) -> Iterator[str]:
    with postgres.new_database() as url:
        yield urlsplit(url).path[1:]


@pytest.fixture
def standbys(postgres: PostgresServer, database_name: str) -> Iterator[tuple[Standby, Standby]]:
    assert database_name
    with two_standbys(postgres) as both:
        yield both


def address(database: str, *hosts: object, ours: str = "") -> str:
    return f"postgresql://consentry@/{database}?host={','.join(map(str, hosts))}{ours}"


async def test_only_the_server_that_takes_writes_answers_before_and_after_a_failover(
    standbys: tuple[Standby, Standby], database_name: str
) -> None:
    first, second = standbys
    await first.promote()
    # The standby is named first, and a driver that took any server would stay with it.
    url = address(database_name, second.folder, first.folder)
    engine = PostgresDatabase(url)
    await add_people(engine)
    require_current(url)
    assert await engine.read(STANDING, ANA) == [("active",)]
    assert await engine.read("SELECT pg_is_in_recovery()") == [(False,)]

    # The one that took writes is lost, the other takes over, and the lost one comes back with the rows that it had.
    first.stop()
    await second.promote()
    second_engine = PostgresDatabase(address(database_name, second.folder))
    await add_people(second_engine)
    await second_engine.write(writing, SUSPEND)
    first.go_back_into_recovery()

    reads = PostgresDatabase(address(database_name, first.folder, second.folder))
    assert await reads.read(STANDING, ANA) == [("suspended",)]
    assert await engine.read(STANDING, ANA) == [("suspended",)]
    for one in (engine, second_engine, reads):
        await one.close()


async def test_a_standby_alone_is_refused_whatever_the_url_asks_for(
    standbys: tuple[Standby, Standby], database_name: str
) -> None:
    for ours in ("", "&target_session_attrs=any", "&target_session_attrs=standby", "&pgbouncer=true"):
        url = address(database_name, standbys[0].folder, ours=ours)
        engine = PostgresDatabase(url)

        with pytest.raises(faults_of(url)):
            await engine.read(STANDING, ANA)
        with pytest.raises(faults_of(url)):
            require_current(url)

        await engine.close()


async def test_a_pooler_that_leads_to_a_standby_all_of_a_sudden_is_refused(
    standbys: tuple[Standby, Standby], database_name: str
) -> None:
    first, _ = standbys
    await first.promote()
    server = PostgresServer(f"postgresql://consentry@/postgres?host={first.folder}")
    with pgbouncer_before(server, "transaction") as url:
        engine = PostgresDatabase(url.format(database=database_name, ours="&pgbouncer=true"))
        await add_people(engine)
        assert await engine.read(STANDING, ANA) == [("active",)]

        await asyncio.to_thread(first.go_back_into_recovery)

        for _ in range(3):
            with pytest.raises(faults_of(url)):
                await engine.read(STANDING, ANA)
        await engine.close()
