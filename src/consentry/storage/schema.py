"""The schema's version, whom it serves, and bringing it up to date, on either engine."""

import asyncio
import time
from collections.abc import Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import apsw

from consentry.postgres_url import parse_postgres_url
from consentry.settings_values import shown_database, sqlite_path
from consentry.storage.opening import faults_of
from consentry.storage.sqlite_connection import BUSY_TIMEOUT_MILLISECONDS
from consentry.storage.view_source import ViewSource

T = TypeVar("T")

CURRENT = "0008"
"""The schema version that this Consentry reads and writes. Versions sort as text."""

_SWITCH_SECONDS = 60.0
_BETWEEN_TRIES = 0.02

_TABLES = "SELECT name FROM sqlite_schema WHERE type = 'table'"
_SEEN_TABLES = """
SELECT relname::text FROM pg_class
WHERE oid IN (to_regclass('alembic_version')::oid, to_regclass('schema_floor')::oid)
"""
_STATE = (
    ("alembic_version", "SELECT version_num FROM alembic_version"),
    ("schema_floor", "SELECT oldest_served FROM schema_floor"),
)


class SchemaOutdatedError(Exception):
    """The database's schema is not the one that this version of Consentry reads and writes."""


class SchemaTooNewError(SchemaOutdatedError):
    """A newer Consentry has taken something away that this one needs."""


class ViewUnusableError(SchemaOutdatedError):
    """The view that `directory_view_members` names is not there, or lacks what is needed of it."""


@dataclass(frozen=True, slots=True)
class SchemaState:
    """The schema's version, None where there is none, and the oldest version whose processes may serve from it.

    A migration that only adds leaves the older ones working (expand); one that takes away raises that floor (contract).
    """

    version: str | None
    oldest_served: str | None = None

    @property
    def is_newer(self) -> bool:
        """Whether a newer Consentry migrated it."""
        return self.version is not None and self.version > CURRENT

    @property
    def serves_this(self) -> bool:
        """Whether this Consentry may serve from it."""
        if not self.is_newer:
            return self.version == CURRENT
        return self.oldest_served is not None and self.oldest_served <= CURRENT


def migrate(url: str) -> None:
    """Bring the database up to date. Safe to run again, by several at once, and while others serve from it.

    One migrates, the others wait for it. A database that a newer Consentry migrated is left as it is. An SQLite file is
    created where it does not exist; a PostgreSQL database must exist. What the engine raises is passed on.
    """
    path = sqlite_path(url)
    if path is None:
        # Loaded here because only a migration needs it, and it would slow every start.
        from consentry.storage.migrating import migrate_postgres  # noqa: PLC0415 - see above

        _wait_for(migrate_postgres(lambda: _connect_postgres(url)))
    else:
        migrate_sqlite(path)


def migrate_sqlite(path: Path) -> None:
    """Bring the SQLite file up to date, creating it where it does not exist. Safe to run again.

    A new file can be read by its owner only; SQLite gives its companions (`-wal`, `-shm`) the same mode.
    """
    from consentry.storage.migrating import migrate_file  # noqa: PLC0415 - see migrate

    path.touch(mode=0o600)
    migrate_file(path)
    _use_write_ahead_log(path)


def find_version(url: str) -> str | None:
    """Return the schema's version in the database, or None where there is no schema yet."""
    return find_state(url).version


def find_state(url: str) -> SchemaState:
    """Return the schema's version in the database and whom it still serves."""
    path = sqlite_path(url)
    return _wait_for(_find_postgres_state(url)) if path is None else find_sqlite_state(path)


def find_sqlite_version(path: Path) -> str | None:
    """Return the schema's version in the file, or None where there is no schema yet."""
    return find_sqlite_state(path).version


def find_sqlite_state(path: Path) -> SchemaState:
    """Return the schema's version in the file and whom it still serves."""
    if not path.exists():
        return SchemaState(None)
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
    # Before the write-ahead log is used, whoever commits keeps readers out for a moment.
    connection.set_busy_timeout(BUSY_TIMEOUT_MILLISECONDS)
    try:
        tables = {name for (name,) in connection.execute(_TABLES)}
        found = [connection.execute(read).fetchall() if name in tables else [] for name, read in _STATE]
        return _state(*found)
    finally:
        connection.close()


def _state(versions: Sequence[Any], floors: Sequence[Any]) -> SchemaState:
    return SchemaState(
        str(versions[0][0]) if versions else None,
        str(floors[0][0]) if floors else None,
    )


def require_current(url: str, view: str | None = None) -> None:
    """Raise SchemaOutdatedError, saying what to do, unless the schema serves this Consentry and the view can be read.

    A newer schema does, as long as nothing was taken away that this Consentry needs.
    """
    state = find_state(url)
    if state.is_newer and not state.serves_this:
        raise SchemaTooNewError(
            f"The database {shown_database(url)} has schema version {state.version}, which serves Consentry from "
            f"schema version {state.oldest_served or state.version} on, and this one is of {CURRENT}. "
            "Update Consentry, then start it again."
        )
    if not state.serves_this:
        raise SchemaOutdatedError(
            f"The database {shown_database(url)} has schema version {state.version or 'none'}, and this Consentry "
            f"needs {CURRENT}. Run: consentry migrate"
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


def _use_write_ahead_log(path: Path) -> None:
    # Here once, and kept in the file. SQLite does not wait for the lock that the switch takes, which another process
    # that migrates may have: so we do.
    until = time.monotonic() + _SWITCH_SECONDS
    connection = apsw.Connection(str(path))
    try:
        while True:
            try:
                connection.pragma("journal_mode", "wal")
            except apsw.BusyError:
                if time.monotonic() > until:
                    raise
            else:
                return
            time.sleep(_BETWEEN_TRIES)
    finally:
        connection.close()


async def _find_postgres_state(url: str) -> SchemaState:
    connection = await _connect_postgres(url)
    try:
        there = {row[0] for row in await connection.fetch(_SEEN_TABLES)}
        found = [await connection.fetch(read) if name in there else [] for name, read in _STATE]
        return _state(*found)
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
