"""The books of one organisation: what the tools of the server read and write in the sample product's database."""

import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

_INVOICES = """
SELECT i.id, i.number, c.name AS contact, i.issued_on, i.due_on, i.description, i.amount, i.status
FROM invoices AS i JOIN contacts AS c ON c.id = i.contact_id
WHERE i.organisation_id = :organisation AND (:status IS NULL OR i.status = :status) ORDER BY i.number DESC
"""
_NEXT_NUMBER = """
SELECT 'INV-' || (COALESCE(MAX(CAST(SUBSTR(number, 5) AS INTEGER)), 1000) + 1) FROM invoices WHERE organisation_id = ?
"""


class NotPossibleError(Exception):
    """What was asked cannot be done with these books; the text says why."""


class Books:
    """Reads and writes for whole organisations; each method touches the one that it is given, and no other."""

    def __init__(self, database: Path) -> None:
        self._database = database

    def invoices(self, organisation: str, status: str | None) -> list[dict[str, Any]]:
        """Return the invoices, the newest first. Sums are in pence."""
        with self._open() as db:
            return [dict(row) for row in db.execute(_INVOICES, {"organisation": organisation, "status": status})]

    def contacts(self, organisation: str) -> list[dict[str, Any]]:
        """Return the customers, by name."""
        with self._open() as db:
            return [
                dict(row)
                for row in db.execute(
                    "SELECT id, name, email, city FROM contacts WHERE organisation_id = ? ORDER BY name, id",
                    (organisation,),
                )
            ]

    def draft_invoice(self, organisation: str, user: str, contact_id: str, what: str, pence: int) -> str:
        """Write a draft for a customer of the organisation; return its number."""
        today = datetime.now(tz=UTC).date()
        with self._open() as db:
            db.execute("BEGIN IMMEDIATE")
            if not db.execute(
                "SELECT 1 FROM contacts WHERE organisation_id = ? AND id = ?", (organisation, contact_id)
            ).fetchone():
                raise NotPossibleError("There is no such contact. Call list_contacts for those that there are.")
            (number,) = db.execute(_NEXT_NUMBER, (organisation,)).fetchone()
            db.execute(
                "INSERT INTO invoices (id, organisation_id, contact_id, number, issued_on, due_on, description, amount,"
                " status, created_by) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'draft', ?)",
                (
                    *(f"inv_{secrets.token_hex(8)}", organisation, contact_id, number, today.isoformat()),
                    *((today + timedelta(days=30)).isoformat(), what, pence, user),
                ),
            )
            return str(number)

    def void_invoice(self, organisation: str, number: str) -> None:
        """Void a sent invoice."""
        with self._open() as db:
            done = db.execute(
                "UPDATE invoices SET status = 'void' WHERE organisation_id = ? AND number = ? AND status = 'sent'",
                (organisation, number),
            )
            if not done.rowcount:
                raise NotPossibleError(f"There is no sent invoice {number}. Only a sent one can be voided.")

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        db = sqlite3.connect(self._database, timeout=10)
        db.row_factory = sqlite3.Row
        try:
            db.execute("PRAGMA foreign_keys = ON")
            with db:
                yield db
        finally:
            db.close()
