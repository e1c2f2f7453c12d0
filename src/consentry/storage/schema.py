"""The schema's version, and bringing it up to date with Alembic."""

from pathlib import Path

import apsw

CURRENT = "0001"
_SCRIPTS = Path(__file__).parent / "migrations"


class SchemaOutdatedError(Exception):
    """The database's schema is not the one that this version of Consentry reads and writes."""


def migrate_sqlite(path: Path) -> None:
    """Bring the SQLite file up to date, creating it where it does not exist. Safe to run again.

    A new file can be read by its owner only; SQLite gives its companions (`-wal`, `-shm`) the same mode.
    """
    # Loaded here because only a migration needs them, and they would slow every start.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415
    from sqlalchemy import create_engine  # noqa: PLC0415

    path.touch(mode=0o600)
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    engine = create_engine(f"sqlite:///{path}")
    try:
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    finally:
        engine.dispose()
    _use_write_ahead_log(path)


def _use_write_ahead_log(path: Path) -> None:
    # Here once, and kept in the file: servers that switch a file over at the same moment would find it locked, as
    # SQLite does not wait for that lock.
    connection = apsw.Connection(str(path))
    try:
        connection.pragma("journal_mode", "wal")
    finally:
        connection.close()


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


def require_current(path: Path) -> None:
    """Raise SchemaOutdatedError, saying what to run, unless the file's schema is the current one."""
    version = find_sqlite_version(path)
    if version != CURRENT:
        raise SchemaOutdatedError(
            f"The database {path.name} has schema version {version or 'none'}, and this Consentry needs {CURRENT}. "
            "Run: consentry migrate"
        )
