"""How every connection to a SQLite file is opened, and how a statement written for both engines is put to it."""

import re
from functools import lru_cache
from pathlib import Path

import apsw

BUSY_TIMEOUT_MILLISECONDS = 10_000
STATEMENTS = 512


def connect(path: Path, statements: int = STATEMENTS) -> apsw.Connection:
    """Return a connection that may write: WAL, foreign keys, and nothing lost that was committed.

    It keeps so many `statements` prepared.
    """
    connection = apsw.Connection(str(path), statementcachesize=statements)
    # Without the stability guarantee the planner prepares a statement again at each bind.
    connection.config(apsw.SQLITE_DBCONFIG_ENABLE_QPSG, 1)
    connection.set_busy_timeout(BUSY_TIMEOUT_MILLISECONDS)
    connection.pragma("journal_mode", "wal")
    connection.pragma("foreign_keys", 1)
    connection.pragma("synchronous", "FULL")
    return connection


@lru_cache(maxsize=1024)
def numbered(sql: str) -> str:
    """Turn `$1` into SQLite's `?1`: SQLite reads `$1` as a name, numbered by where it first appears.

    `FOR SHARE` is left out: a transaction that writes has the whole file to itself.
    """
    return re.sub(r"\s+FOR SHARE\b", "", re.sub(r"\$(\d+)", r"?\1", sql))
