"""Invoices: written as drafts, then sent, paid or voided. A sent invoice can no longer be edited."""

import sqlite3
from datetime import date
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException

from consentry.demo.product.access import Access, Require
from consentry.demo.product.database import found, new_id, transaction
from consentry.demo.product.fields import InvoiceStatus, Line, Pence, Record

_ONE = """
SELECT i.id, i.number, i.contact_id, c.name AS contact_name, i.issued_on, i.due_on, i.description, i.amount, i.status
FROM invoices AS i JOIN contacts AS c ON c.id = i.contact_id WHERE i.organisation_id = ? AND i.id = ?
"""
_ALL = """
SELECT i.id, i.number, i.contact_id, c.name AS contact_name, i.issued_on, i.due_on, i.description, i.amount, i.status
FROM invoices AS i JOIN contacts AS c ON c.id = i.contact_id
WHERE i.organisation_id = ?1 AND (?2 IS NULL OR i.status = ?2) ORDER BY i.number DESC
"""
_NEXT_NUMBER = """
SELECT 'INV-' || (COALESCE(MAX(CAST(SUBSTR(number, 5) AS INTEGER)), 1000) + 1) FROM invoices WHERE organisation_id = ?
"""
_SET_STATUS = "UPDATE invoices SET status = ? WHERE organisation_id = ? AND id = ?"


class InvoiceInput(Record):
    """A new invoice, as a caller describes it."""

    contact_id: str
    description: Line
    amount: Pence
    issued_on: date
    due_on: date


class InvoiceChange(Record):
    """What may change in a draft. What is left out stays as it is."""

    description: Line | None = None
    amount: Pence | None = None
    due_on: date | None = None


class Invoice(InvoiceInput):
    """An invoice."""

    id: str
    number: str
    contact_name: str
    status: InvoiceStatus


class Invoices(Record):
    """An organisation's invoices, the newest first."""

    invoices: list[Invoice]


def invoice_routes(require: Require, database: Path) -> APIRouter:
    """Return the routes under `/invoices`."""
    router = APIRouter(prefix="/invoices", tags=["Invoices"])

    @router.get("", summary="List invoices")
    def list_invoices(
        access: Annotated[Access, Depends(require("invoice.read"))], status: InvoiceStatus | None = None
    ) -> Invoices:
        with transaction(database) as db:
            rows = db.execute(_ALL, (access.organisation_id, status)).fetchall()
        return Invoices(invoices=[Invoice(**dict(row)) for row in rows])

    @router.post("", status_code=201, summary="Create an invoice")
    def create_invoice(given: InvoiceInput, access: Annotated[Access, Depends(require("invoice.write"))]) -> Invoice:
        organisation = access.organisation_id
        with transaction(database) as db:
            db.execute("BEGIN IMMEDIATE")
            _require_contact(db, organisation, given.contact_id)
            (number,) = db.execute(_NEXT_NUMBER, (organisation,)).fetchone()
            identifier = new_id("inv")
            db.execute(
                "INSERT INTO invoices (id, organisation_id, contact_id, number, issued_on, due_on, description,"
                " amount, status, created_by) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'draft', ?)",
                (
                    *(identifier, organisation, given.contact_id, number),
                    *(given.issued_on.isoformat(), given.due_on.isoformat(), given.description, given.amount),
                    access.user_id,
                ),
            )
            return _one(db, organisation, identifier)

    @router.get("/{invoice_id}", summary="See an invoice")
    def get_invoice(invoice_id: str, access: Annotated[Access, Depends(require("invoice.read"))]) -> Invoice:
        with transaction(database) as db:
            return _one(db, access.organisation_id, invoice_id)

    @router.patch("/{invoice_id}", summary="Change a draft invoice")
    def change_invoice(
        invoice_id: str, given: InvoiceChange, access: Annotated[Access, Depends(require("invoice.write"))]
    ) -> Invoice:
        with transaction(database) as db:
            db.execute("BEGIN IMMEDIATE")
            _require_status(_one(db, access.organisation_id, invoice_id), "draft", "edited")
            db.execute(
                "UPDATE invoices SET description = COALESCE(?, description), amount = COALESCE(?, amount),"
                " due_on = COALESCE(?, due_on) WHERE organisation_id = ? AND id = ?",
                (
                    *(given.description, given.amount, given.due_on and given.due_on.isoformat()),
                    *(access.organisation_id, invoice_id),
                ),
            )
            return _one(db, access.organisation_id, invoice_id)

    @router.post("/{invoice_id}/send", summary="Send an invoice to its contact")
    def send_invoice(invoice_id: str, access: Annotated[Access, Depends(require("invoice.send"))]) -> Invoice:
        with transaction(database) as db:
            db.execute("BEGIN IMMEDIATE")
            _require_status(_one(db, access.organisation_id, invoice_id), "draft", "sent")
            db.execute(_SET_STATUS, ("sent", access.organisation_id, invoice_id))
            return _one(db, access.organisation_id, invoice_id)

    @router.post("/{invoice_id}/void", summary="Void a sent invoice")
    def void_invoice(invoice_id: str, access: Annotated[Access, Depends(require("invoice.void"))]) -> Invoice:
        with transaction(database) as db:
            db.execute("BEGIN IMMEDIATE")
            _require_status(_one(db, access.organisation_id, invoice_id), "sent", "voided")
            db.execute(_SET_STATUS, ("void", access.organisation_id, invoice_id))
            return _one(db, access.organisation_id, invoice_id)

    @router.delete("/{invoice_id}", status_code=204, summary="Delete a draft invoice")
    def delete_invoice(invoice_id: str, access: Annotated[Access, Depends(require("invoice.delete"))]) -> None:
        with transaction(database) as db:
            db.execute("BEGIN IMMEDIATE")
            _require_status(_one(db, access.organisation_id, invoice_id), "draft", "deleted")
            db.execute(
                "DELETE FROM invoices WHERE organisation_id = ? AND id = ?", (access.organisation_id, invoice_id)
            )

    return router


def _one(db: sqlite3.Connection, organisation_id: str, invoice_id: str) -> Invoice:
    row = db.execute(_ONE, (organisation_id, invoice_id)).fetchone()
    return Invoice(**dict(found(row, "invoice")))


def _require_contact(db: sqlite3.Connection, organisation_id: str, contact_id: str) -> None:
    row = db.execute(
        "SELECT 1 FROM contacts WHERE organisation_id = ? AND id = ?", (organisation_id, contact_id)
    ).fetchone()
    found(row, "contact")


def _require_status(invoice: Invoice, status: InvoiceStatus, deed: str) -> None:
    if invoice.status != status:
        raise HTTPException(409, f"Invoice {invoice.number} is {invoice.status}; only a {status} one can be {deed}.")
