"""The write-ahead log is copied into the file beside the writer, and begins anew."""

import asyncio
from pathlib import Path

import apsw
import pytest

from consentry.storage import sqlite_checkpoints
from consentry.storage.database import Operation, Statement
from consentry.storage.sqlite import SqliteDatabase


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_checkpoints, "PAGES", 20)
    monkeypatch.setattr(sqlite_checkpoints, "LONG", 80)


def event(number: int) -> Operation[None]:
    yield Statement(
        "INSERT INTO events (id, at, kind, subject, details) VALUES ($1, 1, 'x', '', $2)",
        (f"evt_{number:022d}", "x" * 2000),
    )


def pages_of_log(path: Path) -> int:
    log = path.with_name(f"{path.name}-wal")
    return log.stat().st_size // 4096


async def test_the_log_of_a_writer_that_never_pauses_stays_short(database_path: Path) -> None:
    database = SqliteDatabase(database_path)

    for number in range(2000):
        await database.write(event, number)

    assert pages_of_log(database_path) < 500
    assert (await database.read("SELECT count(*) FROM events"))[0][0] == 2000
    await database.close()


async def test_a_long_reader_hinders_no_writer_and_the_log_is_short_again_after_it(database_path: Path) -> None:
    database = SqliteDatabase(database_path)
    reader = apsw.Connection(str(database_path))
    await database.write(event, 0)
    rows = reader.execute("SELECT a.id FROM events a, sqlite_schema")
    next(rows)
    for number in range(1, 500):
        await database.write(event, number)
    held = pages_of_log(database_path)
    reader.close(True)  # noqa: FBT003 - apsw takes it by position only

    for number in range(500, 1500):
        await database.write(event, number)

    assert pages_of_log(database_path) <= held + 100
    assert (await database.read("SELECT count(*) FROM events"))[0][0] == 1500
    await database.close()


async def test_what_is_written_while_the_log_is_copied_is_there_after_a_restart(database_path: Path) -> None:
    first, second = SqliteDatabase(database_path), SqliteDatabase(database_path)
    for start in range(0, 1000, 50):
        await asyncio.gather(
            *(database.write(event, start + place) for place, database in enumerate([first, second] * 25))
        )
    await first.close()
    await second.close()

    again = SqliteDatabase(database_path)

    assert (await again.read("SELECT count(*) FROM events"))[0][0] == 1000
    assert (await again.read("PRAGMA integrity_check"))[0][0] == "ok"
    await again.close()
