"""Quotes: offers to a contact, written as drafts and then sent."""

from datetime import date
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException

from consentry.demo.product.access import Access, Require
from consentry.demo.product.database import found, new_id, transaction
from consentry.demo.product.fields import Line, Pence, QuoteStatus, Record

_ALL = """
SELECT id, contact_id, description, amount, valid_until, status FROM quotes
WHERE organisation_id = ? ORDER BY valid_until DESC, id
"""
_ONE = """
SELECT id, contact_id, description, amount, valid_until, status FROM quotes WHERE organisation_id = ? AND id = ?
"""


class QuoteInput(Record):
    """A new quote, as a caller describes it."""

    contact_id: str
    description: Line
    amount: Pence
    valid_until: date


class Quote(QuoteInput):
    """A quote."""

    id: str
    status: QuoteStatus


class Quotes(Record):
    """An organisation's quotes, those that stay valid longest first."""

    quotes: list[Quote]


def quote_routes(require: Require, database: Path) -> APIRouter:
    """Return the routes under `/quotes`."""
    router = APIRouter(prefix="/quotes", tags=["Quotes"])

    @router.get("", summary="List quotes")
    def list_quotes(access: Annotated[Access, Depends(require("quote.read"))]) -> Quotes:
        with transaction(database) as db:
            rows = db.execute(_ALL, (access.organisation_id,)).fetchall()
        return Quotes(quotes=[Quote(**dict(row)) for row in rows])

    @router.post("", status_code=201, summary="Create a quote")
    def create_quote(given: QuoteInput, access: Annotated[Access, Depends(require("quote.write"))]) -> Quote:
        quote = Quote(id=new_id("quote"), status="draft", **given.model_dump())
        with transaction(database) as db:
            contact = db.execute(
                "SELECT 1 FROM contacts WHERE organisation_id = ? AND id = ?",
                (access.organisation_id, given.contact_id),
            ).fetchone()
            found(contact, "contact")
            db.execute(
                "INSERT INTO quotes (id, organisation_id, contact_id, description, amount, valid_until, status)"
                " VALUES (?, ?, ?, ?, ?, ?, 'draft')",
                (
                    *(quote.id, access.organisation_id, quote.contact_id, quote.description, quote.amount),
                    quote.valid_until.isoformat(),
                ),
            )
        return quote

    @router.post("/{quote_id}/send", summary="Send a quote to its contact")
    def send_quote(quote_id: str, access: Annotated[Access, Depends(require("quote.send"))]) -> Quote:
        with transaction(database) as db:
            db.execute("BEGIN IMMEDIATE")
            quote = found(db.execute(_ONE, (access.organisation_id, quote_id)).fetchone(), "quote")
            if quote["status"] != "draft":
                raise HTTPException(409, f"This quote is {quote['status']}; only a draft one can be sent.")
            db.execute("UPDATE quotes SET status = 'sent' WHERE id = ?", (quote_id,))
            row = db.execute(_ONE, (access.organisation_id, quote_id)).fetchone()
        return Quote(**dict(row))

    return router
