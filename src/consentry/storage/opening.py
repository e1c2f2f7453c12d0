"""Opening the engine that a database's URL names."""

import apsw

from consentry.settings_values import sqlite_path
from consentry.storage.database import Database
from consentry.storage.sqlite import SqliteDatabase
from consentry.storage.sqlite_gathered_reads import GatheringSqliteDatabase
from consentry.storage.view_source import ViewDatabase, ViewSource


def open_database(url: str, view: str | None = None, *, gathers: bool = False) -> Database:
    """Return the database that a checked `sqlite:///` or `postgresql://` URL names; its schema is not looked at.

    Where `view` names one, members are read from it: see storage/view_source.py. One that `gathers` answers reads by
    key of one turn of the event loop together, for a guard: on PostgreSQL, each does.
    """
    return through_view(_open(url, gathers=gathers), url, view)


def through_view(database: Database, url: str, view: str | None) -> Database:
    """Return the database itself, or, where `view` names one, the database with members read from that view."""
    return database if view is None else ViewDatabase(database, ViewSource(url, view))


def _open(url: str, *, gathers: bool) -> Database:
    path = sqlite_path(url)
    if path is not None:
        return GatheringSqliteDatabase(path) if gathers else SqliteDatabase(path)
    # Loaded here, because an installation on SQLite has no use for it.
    from consentry.storage.postgres import PostgresDatabase  # noqa: PLC0415 - see above

    return PostgresDatabase(url)


def faults_of(url: str) -> tuple[type[Exception], ...]:
    """Return what may be raised where the engine of this URL cannot be reached or refuses."""
    if sqlite_path(url) is not None:
        return (apsw.Error,)
    import asyncpg  # noqa: PLC0415 - see above

    # No host of the URL takes writes: see storage/postgres_session.py.
    unfit = asyncpg.exceptions.TargetServerAttributeNotMatched
    return (asyncpg.PostgresError, asyncpg.InterfaceError, unfit, OSError, TimeoutError)
