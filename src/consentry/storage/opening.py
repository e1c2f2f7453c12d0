"""Opening the engine that a database's URL names."""

import apsw

from consentry.settings_values import sqlite_path
from consentry.storage.database import Database
from consentry.storage.sqlite import SqliteDatabase


def open_database(url: str) -> Database:
    """Return the database that a checked `sqlite:///` or `postgresql://` URL names; its schema is not looked at."""
    path = sqlite_path(url)
    if path is not None:
        return SqliteDatabase(path)
    # Loaded here, because an installation on SQLite has no use for it.
    from consentry.storage.postgres import PostgresDatabase  # noqa: PLC0415 - see above

    return PostgresDatabase(url)


def faults_of(url: str) -> tuple[type[Exception], ...]:
    """Return what may be raised where the engine of this URL cannot be reached or refuses."""
    if sqlite_path(url) is not None:
        return (apsw.Error,)
    import asyncpg  # noqa: PLC0415 - see above

    return (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError)
