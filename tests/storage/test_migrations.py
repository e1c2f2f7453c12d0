"""Migrations on both engines: while old processes serve, by two at once, after a crash, and by an older Consentry."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

from consentry.settings_values import sqlite_path
from consentry.storage import migrating, schema
from consentry.storage.opening import open_database
from consentry.storage.schema import (
    SchemaOutdatedError,
    SchemaState,
    SchemaTooNewError,
    find_state,
    migrate,
    require_current,
)
from consentry.storage.sqlite_connection import BUSY_TIMEOUT_MILLISECONDS
from postgres_server import PostgresServer, in_thread

MIGRATE = "import sys; from consentry.storage.schema import migrate; migrate(sys.argv[1])"


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database without a table, once on each engine."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.sqlite3'}"
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    with server.new_database("template0") as url:
        yield url


@pytest.fixture
def old_url(empty_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    return make_the_first_schema(empty_url, monkeypatch)


@pytest.fixture
def old_postgres_url(postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with postgres.new_database("template0") as url:
        yield make_the_first_schema(url, monkeypatch)


def make_the_first_schema(url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Leave the database as the first version did: its schema, and no floor."""
    with monkeypatch.context() as patched:
        patched.setattr(migrating, "_upgrade", upgrade_to_the_first)
        migrate(url)
    run(url, "DROP TABLE schema_floor")
    return url


def upgrade_to_the_first(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(schema.__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, "0001")


def run(url: str, *statements: str) -> list[Any]:
    """Run statements as a process of another version would; return the rows of the last one."""
    path = sqlite_path(url)
    if path is None:
        return in_thread(_run_postgres(url, statements))
    import apsw  # noqa: PLC0415 - one engine's

    connection = apsw.Connection(str(path))
    connection.set_busy_timeout(BUSY_TIMEOUT_MILLISECONDS)
    rows = [connection.execute(statement).fetchall() for statement in statements]
    connection.close()
    return rows[-1]


async def _run_postgres(url: str, statements: Sequence[str]) -> list[Any]:
    connection = await asyncpg.connect(url)
    try:
        return [await _fetch(connection, statement) for statement in statements][-1]
    finally:
        await connection.close()


async def _fetch(connection: Any, statement: str) -> list[Any]:
    # As our engine does, and did in the first version: what PostgreSQL gives up for the sake of another runs again.
    while True:
        with suppress(asyncpg.DeadlockDetectedError):
            return [tuple(row) for row in await connection.fetch(statement)]


def migrating_process(url: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, "-c", MIGRATE, url])


def test_a_new_database_says_its_version_and_whom_it_serves(empty_url: str) -> None:
    assert find_state(empty_url) == SchemaState(None)

    migrate(empty_url)

    assert find_state(empty_url) == SchemaState(schema.CURRENT, "0001")
    require_current(empty_url)


def test_an_old_database_is_refused_until_it_is_migrated(old_url: str) -> None:
    assert find_state(old_url) == SchemaState("0001")
    with pytest.raises(SchemaOutdatedError, match="consentry migrate"):
        require_current(old_url)

    migrate(old_url)

    require_current(old_url)


def test_old_processes_go_on_while_two_migrate_at_once(old_url: str) -> None:
    """What a process of the first version runs goes on without a fault, before, meanwhile and afterwards."""
    processes = [migrating_process(old_url) for _ in range(2)]
    served = 0
    while any(process.poll() is None for process in processes) or served == 0:
        served += 1
        assert run(old_url, *(statement.format(number=served) for statement in OLD_STATEMENTS)) == [("Acme",)]

    assert [process.wait() for process in processes] == [0, 0]
    assert find_state(old_url) == SchemaState(schema.CURRENT, "0001")
    assert run(old_url, *(statement.format(number=0) for statement in OLD_STATEMENTS)) == [("Acme",)]


OLD_STATEMENTS = (
    "INSERT INTO organisations (id, name, standing, created_at) VALUES ('org_{number}', 'Acme', 'active', 1)",
    "INSERT INTO users (id, email, name, standing, created_at) VALUES ('usr_{number}', '{number}@a', 'A', 'on', 1)",
    (
        "INSERT INTO apps (id, client_id, organisation_id, name, type, redirect_uris, required_scopes, "
        "optional_scopes, require_pkce, status, created_at, updated_at) "
        "VALUES ('app_{number}', 'cli_{number}', 'org_{number}', 'L', 'public', '[]', '', '', 1, 'active', 1, 1)"
    ),
    (
        "INSERT INTO connections (id, organisation_id, user_id, app_id, scopes, declined_scopes, created_at, "
        "updated_at) VALUES ('con_{number}', 'org_{number}', 'usr_{number}', 'app_{number}', '', '', 1, 1)"
    ),
    "UPDATE connections SET last_used_at = 2 WHERE id = 'con_{number}'",
    (
        "SELECT o.name FROM connections c JOIN organisations o ON o.id = c.organisation_id "
        "JOIN apps a ON a.id = c.app_id WHERE c.id = 'con_{number}' AND c.ended_at IS NULL"
    ),
)


def test_two_may_make_the_first_schema_at_once(empty_url: str) -> None:
    processes = [migrating_process(empty_url) for _ in range(3)]

    assert [process.wait() for process in processes] == [0, 0, 0]
    assert find_state(empty_url) == SchemaState(schema.CURRENT, "0001")


@pytest.mark.parametrize("after", [0.45, 0.6, 0.75, 0.9])
def test_a_migration_that_is_killed_can_be_run_again(empty_url: str, after: float) -> None:
    process = migrating_process(empty_url)
    time.sleep(after)
    process.kill()
    process.wait()

    migrate(empty_url)

    assert find_state(empty_url) == SchemaState(schema.CURRENT, "0001")
    names = {row[0] for row in run(empty_url, _INDEXES[sqlite_path(empty_url) is None])}
    assert {"connections_by_organisation_app", "connections_live_by_app", "organisations_by_name"} <= names


_INDEXES = {
    False: "SELECT name FROM sqlite_schema WHERE type = 'index'",
    True: "SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indisvalid",
}


async def test_an_index_that_was_left_half_made_is_made_anew(old_postgres_url: str) -> None:
    connection = await asyncpg.connect(old_postgres_url)
    await connection.execute("CREATE INDEX organisations_by_name ON organisations (name, id)")
    await connection.execute(
        "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'organisations_by_name'::regclass"
    )

    migrate(old_postgres_url)

    valid = await connection.fetchval(
        "SELECT indisvalid FROM pg_index WHERE indexrelid = 'organisations_by_name'::regclass"
    )
    await connection.close()
    assert valid


async def test_a_migration_waits_for_a_long_reader_without_making_others_wait(old_postgres_url: str) -> None:
    reader, other = await asyncpg.connect(old_postgres_url), await asyncpg.connect(old_postgres_url)
    reading = reader.transaction(isolation="repeatable_read")
    await reading.start()
    await reader.fetch("SELECT * FROM connections")
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", MIGRATE, old_postgres_url)
    until = asyncio.get_running_loop().time() + 30
    while not await other.fetch("SELECT 1 FROM pg_class WHERE relname = 'connections_by_organisation_app'"):
        assert asyncio.get_running_loop().time() < until
        await asyncio.sleep(0.05)

    await other.execute("INSERT INTO organisations VALUES ('org_1', 'Acme', 'active', 1)", timeout=10)
    await other.execute("UPDATE connections SET last_used_at = 2", timeout=10)
    waiting = process.returncode is None
    await reading.rollback()

    assert waiting
    assert await process.wait() == 0
    await reader.close()
    await other.close()


@pytest.mark.parametrize(
    ("version", "floor", "serves"),
    [("9999", schema.CURRENT, True), ("9999", "0001", True), ("9999", "9999", False), ("9999", None, False)],
)
def test_a_newer_database_serves_whom_its_floor_allows(
    database_url: str, version: str, floor: str | None, *, serves: bool
) -> None:
    run(
        database_url,
        f"UPDATE alembic_version SET version_num = '{version}'",  # noqa: S608 - a sample's
        "DELETE FROM schema_floor" if floor is None else f"UPDATE schema_floor SET oldest_served = '{floor}'",  # noqa: S608 - a sample's
    )
    try:
        if serves:
            require_current(database_url)
        else:
            with pytest.raises(SchemaTooNewError, match="Update Consentry"):
                require_current(database_url)

        migrate(database_url)

        assert find_state(database_url) == SchemaState(version, floor)
    finally:
        run(
            database_url,
            f"UPDATE alembic_version SET version_num = '{schema.CURRENT}'",  # noqa: S608 - a constant
            "INSERT INTO schema_floor VALUES (1, '0001') ON CONFLICT (one) DO UPDATE SET oldest_served = '0001'",
        )


async def test_what_an_old_schema_holds_is_there_afterwards(old_url: str) -> None:
    run(old_url, "INSERT INTO organisations VALUES ('org_1', 'Acme', 'active', 1)")

    await asyncio.to_thread(migrate, old_url)

    database = open_database(old_url)
    assert list(await database.read("SELECT id, name FROM organisations")) == [("org_1", "Acme")]
    await database.close()
