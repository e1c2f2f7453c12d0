"""Payments: money received against sent invoices."""

from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, HTTPException

from consentry.demo.product.access import Access, Require
from consentry.demo.product.database import found, new_id, transaction
from consentry.demo.product.fields import Pence, Record

_ALL = """
SELECT id, invoice_id, amount, paid_on, method FROM payments WHERE organisation_id = ? ORDER BY paid_on DESC, id
"""


class PaymentInput(Record):
    """A payment to record, as a caller describes it."""

    invoice_id: str
    amount: Pence
    paid_on: date
    method: Literal["bank transfer", "card", "cash"] = "bank transfer"


class Payment(PaymentInput):
    """A payment."""

    id: str


class Payments(Record):
    """An organisation's payments, the newest first."""

    payments: list[Payment]


def payment_routes(require: Require, database: Path) -> APIRouter:
    """Return the routes under `/payments`."""
    router = APIRouter(prefix="/payments", tags=["Payments"])

    @router.get("", summary="List payments")
    def list_payments(access: Annotated[Access, Depends(require("payment.read"))]) -> Payments:
        with transaction(database) as db:
            rows = db.execute(_ALL, (access.organisation_id,)).fetchall()
        return Payments(payments=[Payment(**dict(row)) for row in rows])

    @router.post("", status_code=201, summary="Record a payment")
    def record_payment(given: PaymentInput, access: Annotated[Access, Depends(require("payment.write"))]) -> Payment:
        payment = Payment(id=new_id("pay"), **given.model_dump())
        with transaction(database) as db:
            db.execute("BEGIN IMMEDIATE")
            invoice = db.execute(
                "SELECT number, amount, status,"
                " (SELECT COALESCE(SUM(amount), 0) FROM payments WHERE invoice_id = i.id) AS paid"
                " FROM invoices AS i WHERE organisation_id = ? AND id = ?",
                (access.organisation_id, given.invoice_id),
            ).fetchone()
            if found(invoice, "invoice")["status"] != "sent":
                raise HTTPException(
                    409, f"Invoice {invoice['number']} is {invoice['status']}; only a sent one can be paid."
                )
            paid = invoice["paid"] + given.amount
            if paid > invoice["amount"]:
                raise HTTPException(409, f"That is more than what is left to pay on invoice {invoice['number']}.")
            db.execute(
                "INSERT INTO payments (id, organisation_id, invoice_id, amount, paid_on, method)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (
                    *(payment.id, access.organisation_id, given.invoice_id, given.amount),
                    *(given.paid_on.isoformat(), given.method),
                ),
            )
            if paid == invoice["amount"]:
                db.execute("UPDATE invoices SET status = 'paid' WHERE id = ?", (given.invoice_id,))
        return payment

    return router
