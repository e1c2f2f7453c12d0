"""The SQLite file: who may read it, and what is said where its schema is not the one that is needed."""

import stat
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import apsw
import pytest

from consentry.storage.schema import (
    CURRENT,
    SchemaOutdatedError,
    find_sqlite_version,
    migrate_sqlite,
    require_current,
)
from consentry.storage.sqlite import SqliteDatabase, open_reader


def modes_in(folder: Path) -> dict[str, int]:
    return {file.name: stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()}


async def test_only_the_owner_may_read_a_new_database_and_its_companions(tmp_path: Path) -> None:
    path = tmp_path / "new.sqlite3"

    migrate_sqlite(path)
    database = SqliteDatabase(path)
    await database.read("SELECT count(*) FROM users")

    assert modes_in(tmp_path) == {
        "new.sqlite3": 0o600,
        "new.sqlite3-wal": 0o600,
        "new.sqlite3-shm": 0o600,
    }
    await database.close()


def test_migrating_again_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "twice.sqlite3"
    migrate_sqlite(path)

    migrate_sqlite(path)

    assert find_sqlite_version(path) == CURRENT


def journal_mode_of(path: Path) -> str:
    connection = apsw.Connection(str(path))
    try:
        return str(connection.pragma("journal_mode"))
    finally:
        connection.close()


def test_who_migrates_a_file_that_others_have_open_waits_until_the_log_can_be_used(tmp_path: Path) -> None:
    path = tmp_path / "new.sqlite3"
    migrate_sqlite(path)
    other = apsw.Connection(str(path))
    other.pragma("journal_mode", "delete")
    other.execute("BEGIN; SELECT count(*) FROM users").fetchall()

    with ThreadPoolExecutor(1) as thread:
        migrating = thread.submit(migrate_sqlite, path)
        time.sleep(0.3)
        was_waiting = not migrating.done()
        other.execute("COMMIT")
        migrating.result(20)

    assert was_waiting
    assert journal_mode_of(path) == "wal"
    other.close()


def test_whoever_asks_for_the_version_while_another_commits_waits(tmp_path: Path) -> None:
    path = tmp_path / "new.sqlite3"
    migrate_sqlite(path)
    other = apsw.Connection(str(path))
    other.pragma("journal_mode", "delete")
    other.execute("BEGIN EXCLUSIVE")

    with ThreadPoolExecutor(1) as thread:
        asking = thread.submit(find_sqlite_version, path)
        time.sleep(0.1)
        other.execute("COMMIT")

        assert asking.result(20) == CURRENT
    other.close()


def test_a_file_of_another_version_is_refused_with_the_command_to_run(tmp_path: Path) -> None:
    path = tmp_path / "old.sqlite3"
    migrate_sqlite(path)
    connection = apsw.Connection(str(path))
    connection.execute("UPDATE alembic_version SET version_num = '0000'")
    connection.close()

    with pytest.raises(SchemaOutdatedError, match="consentry migrate"):
        require_current(f"sqlite:///{path}")


async def test_a_reader_cannot_write(database_path: Path) -> None:
    database = SqliteDatabase(database_path)

    with pytest.raises(apsw.ReadOnlyError):
        await database.read("DELETE FROM users")

    await database.close()


def test_a_reader_maps_the_file_and_so_needs_no_cache_of_its_own_for_a_big_one(database_path: Path) -> None:
    reader = open_reader(database_path)

    assert reader.pragma("mmap_size") >= 1 << 30
    reader.close()
