"""The schema's version, and bringing it up to date with Alembic, on either engine."""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import apsw

from consentry.postgres_url import parse_postgres_url
from consentry.settings_values import shown_database, sqlite_path
from consentry.storage.opening import faults_of
from consentry.storage.view_source import ViewSource

if TYPE_CHECKING:
    from alembic.config import Config
    from sqlalchemy import Connection

T = TypeVar("T")

CURRENT = "0001"
_SCRIPTS = Path(__file__).parent / "migrations"

# Any number, so long as nobody else who locks in this database uses it: whoever migrates holds it until they commit.
_LOCK_MIGRATIONS = "SELECT pg_advisory_xact_lock(7165066974071780466)"


class SchemaOutdatedError(Exception):
    """The database's schema is not the one that this version of Consentry reads and writes."""


class ViewUnusableError(SchemaOutdatedError):
    """The view that `directory_view_members` names is not there, or lacks what is needed of it."""


def migrate(url: str) -> None:
    """Bring the database up to date. Safe to run again, and by several at once: one migrates, the others wait for it.

    An SQLite file is created where it does not exist; a PostgreSQL database must exist. What the engine raises is
    passed on.
    """
    path = sqlite_path(url)
    if path is None:
        _wait_for(_migrate_postgres(url))
    else:
        migrate_sqlite(path)


def migrate_sqlite(path: Path) -> None:
    """Bring the SQLite file up to date, creating it where it does not exist. Safe to run again.

    A new file can be read by its owner only; SQLite gives its companions (`-wal`, `-shm`) the same mode.
    """
    # Loaded here because only a migration needs it, and it would slow every start.
    from sqlalchemy import create_engine  # noqa: PLC0415 - see above

    path.touch(mode=0o600)
    engine = create_engine(f"sqlite:///{path}")
    try:
        with engine.begin() as connection:
            _upgrade(connection)
    finally:
        engine.dispose()
    _use_write_ahead_log(path)


def find_version(url: str) -> str | None:
    """Return the schema's version in the database, or None where there is no schema yet."""
    path = sqlite_path(url)
    return _wait_for(_find_postgres_version(url)) if path is None else find_sqlite_version(path)


def find_sqlite_version(path: Path) -> str | None:
    """Return the schema's version in the file, or None where there is no schema yet."""
    if not path.exists():
        return None
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
    try:
        tables = connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'alembic_version'").fetchall()
        if not tables:
            return None
        rows = connection.execute("SELECT version_num FROM alembic_version").fetchall()
        return str(rows[0][0]) if rows else None
    finally:
        connection.close()


def require_current(url: str, view: str | None = None) -> None:
    """Raise SchemaOutdatedError, saying what to do, unless the schema is the current one and the view can be read."""
    version = find_version(url)
    if version != CURRENT:
        raise SchemaOutdatedError(
            f"The database {shown_database(url)} has schema version {version or 'none'}, and this Consentry needs "
            f"{CURRENT}. Run: consentry migrate"
        )
    if view is not None:
        _require_view(url, view)


def _require_view(url: str, view: str) -> None:
    path, probe = sqlite_path(url), ViewSource(url, view).probe
    try:
        if path is None:
            _wait_for(_probe_postgres(url, probe))
        else:
            _probe_sqlite(path, probe)
    except faults_of(url) as fault:
        raise ViewUnusableError(
            f"The view {view}, which directory_view_members names, cannot be used: {fault}. "
            "docs/users-and-permissions.md says which columns it needs; each must be text."
        ) from None


def _probe_sqlite(path: Path, probe: str) -> None:
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
    try:
        connection.execute(probe).fetchall()
    finally:
        connection.close()


async def _probe_postgres(url: str, probe: str) -> None:
    connection = await _connect_postgres(url)
    try:
        await connection.fetch(probe)
    finally:
        await connection.close()


def _upgrade(connection: "Connection") -> None:
    from alembic import command  # noqa: PLC0415 - see migrate_sqlite

    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _config() -> "Config":
    from alembic.config import Config  # noqa: PLC0415 - see migrate_sqlite

    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    return config


def _use_write_ahead_log(path: Path) -> None:
    # Here once, and kept in the file: servers that switch a file over at the same moment would find it locked, as
    # SQLite does not wait for that lock.
    connection = apsw.Connection(str(path))
    try:
        connection.pragma("journal_mode", "wal")
    finally:
        connection.close()


async def _migrate_postgres(url: str) -> None:
    from sqlalchemy import text  # noqa: PLC0415 - see migrate_sqlite
    from sqlalchemy.ext.asyncio import create_async_engine  # noqa: PLC0415 - see migrate_sqlite
    from sqlalchemy.pool import NullPool  # noqa: PLC0415 - see migrate_sqlite

    async def connect() -> Any:
        # asyncpg reads the URL here as it does for the server, whatever SQLAlchemy would make of it.
        return await _connect_postgres(url)

    engine = create_async_engine("postgresql+asyncpg://", async_creator=connect, poolclass=NullPool)
    try:
        async with engine.begin() as connection:
            await connection.execute(text(_LOCK_MIGRATIONS))
            await connection.run_sync(_upgrade)
    finally:
        await engine.dispose()


async def _find_postgres_version(url: str) -> str | None:
    connection = await _connect_postgres(url)
    try:
        if await connection.fetch("SELECT 1 WHERE to_regclass('alembic_version') IS NULL"):
            return None
        versions = await connection.fetch("SELECT version_num FROM alembic_version")
        return str(versions[0][0]) if versions else None
    finally:
        await connection.close()


async def _connect_postgres(url: str) -> Any:
    # Loaded here, because an installation on SQLite has no use for it.
    import asyncpg  # noqa: PLC0415 - see above

    from consentry.storage.postgres_session import connecting  # noqa: PLC0415 - see above

    # A migration takes as long as it takes.
    return await asyncpg.connect(**connecting(parse_postgres_url(url)) | {"command_timeout": None})


def _wait_for(work: Coroutine[Any, Any, T]) -> T:
    """Return the result of `work`, run in a thread's own loop, so that it can be waited for inside a loop as well."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()
