"""A disk that is full fails the writes that it cannot take, tells why, loses nothing and recovers."""

import subprocess
import sys
from pathlib import Path

PROGRAM = """
import asyncio, resource, sys
from pathlib import Path
from consentry.storage.database import Statement
from consentry.storage.sqlite import SqliteDatabase

SQL = "INSERT INTO throttles (key, failures, last_at, blocked_until) VALUES ($1, 1, 1, 1)"

def writing(key, length):
    yield Statement(SQL, (key + "x" * length,))

async def main(path):
    database = SqliteDatabase(path)
    await database.write(writing, "before", 1)
    resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, resource.RLIM_INFINITY))
    jobs = [database.write(writing, f"{number}", length) for number, length in enumerate((1, 3_000_000, 1))]
    failed = await asyncio.gather(*jobs, return_exceptions=True)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    await database.write(writing, "later", 1)
    rows = await database.read("SELECT key FROM throttles ORDER BY key")
    print([type(one).__name__ for one in failed], [row[0] for row in rows])
    await database.close()

asyncio.run(main(Path(sys.argv[1])))
"""


def test_a_full_disk_is_told_and_what_was_acknowledged_stays(database_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(database_path)], capture_output=True, text=True, timeout=60, check=True
    )

    failed, rows = done.stdout.split("] [")
    assert "SQLError" not in failed
    assert "FullError" in failed or "IOError" in failed
    assert "beforex" in rows
    assert "laterx" in rows
