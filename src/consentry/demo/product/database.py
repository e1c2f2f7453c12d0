"""The product's own SQLite file: its tables, and one connection per call."""

import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fastapi import HTTPException

_SCHEMA = """
CREATE TABLE IF NOT EXISTS companies (
    organisation_id TEXT PRIMARY KEY, name TEXT NOT NULL, currency TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS contacts (
    id TEXT PRIMARY KEY, organisation_id TEXT NOT NULL, name TEXT NOT NULL, email TEXT, city TEXT
) STRICT;
CREATE INDEX IF NOT EXISTS contacts_of ON contacts (organisation_id, name);
CREATE TABLE IF NOT EXISTS invoices (
    id TEXT PRIMARY KEY, organisation_id TEXT NOT NULL, contact_id TEXT NOT NULL REFERENCES contacts (id),
    number TEXT NOT NULL, issued_on TEXT NOT NULL, due_on TEXT NOT NULL, description TEXT NOT NULL,
    amount INTEGER NOT NULL, status TEXT NOT NULL, created_by TEXT,
    UNIQUE (organisation_id, number)
) STRICT;
CREATE TABLE IF NOT EXISTS quotes (
    id TEXT PRIMARY KEY, organisation_id TEXT NOT NULL, contact_id TEXT NOT NULL REFERENCES contacts (id),
    description TEXT NOT NULL, amount INTEGER NOT NULL, valid_until TEXT NOT NULL, status TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS quotes_of ON quotes (organisation_id, valid_until);
CREATE TABLE IF NOT EXISTS expenses (
    id TEXT PRIMARY KEY, organisation_id TEXT NOT NULL, description TEXT NOT NULL, amount INTEGER NOT NULL,
    spent_on TEXT NOT NULL, status TEXT NOT NULL, created_by TEXT
) STRICT;
CREATE INDEX IF NOT EXISTS expenses_of ON expenses (organisation_id, spent_on);
CREATE TABLE IF NOT EXISTS payments (
    id TEXT PRIMARY KEY, organisation_id TEXT NOT NULL, invoice_id TEXT NOT NULL REFERENCES invoices (id),
    amount INTEGER NOT NULL, paid_on TEXT NOT NULL, method TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS payments_of ON payments (organisation_id, paid_on);
"""


def create_tables(database: Path) -> None:
    """Create the product's tables where they are missing."""
    with transaction(database) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(_SCHEMA)


@contextmanager
def transaction(database: Path) -> Iterator[sqlite3.Connection]:
    """Open the file for one call: committed at the end, rolled back when an exception passes through."""
    connection = sqlite3.connect(database, timeout=10)
    connection.row_factory = sqlite3.Row
    try:
        connection.execute("PRAGMA foreign_keys = ON")
        with connection:
            yield connection
    finally:
        connection.close()


def new_id(prefix: str) -> str:
    """Return a fresh identifier such as `inv_9f86d081884c7d65`."""
    return f"{prefix}_{secrets.token_hex(8)}"


def found(row: sqlite3.Row | None, what: str) -> sqlite3.Row:
    """Return the row.

    Raises:
        HTTPException: 404, where there is none in the caller's organisation.
    """
    if row is None:
        raise HTTPException(404, f"There is no such {what} in this organisation.")
    return row
