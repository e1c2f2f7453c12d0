"""Contacts: the customers that an organisation sends invoices to. Their permissions are `client.…`."""

from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException

from consentry.demo.product.access import Access, Require
from consentry.demo.product.database import found, new_id, transaction
from consentry.demo.product.fields import Line, Record

_ALL = "SELECT id, name, email, city FROM contacts WHERE organisation_id = ? ORDER BY name, id"
_ONE = "SELECT id, name, email, city FROM contacts WHERE organisation_id = ? AND id = ?"
_REPLACE = """
UPDATE contacts SET name = ?, email = ?, city = ? WHERE organisation_id = ? AND id = ?
RETURNING id, name, email, city
"""


class ContactInput(Record):
    """A customer, as a caller describes it."""

    name: Line
    email: Line | None = None
    city: Line | None = None


class Contact(ContactInput):
    """A customer."""

    id: str


class Contacts(Record):
    """An organisation's customers, by name."""

    contacts: list[Contact]


def contact_routes(require: Require, database: Path) -> APIRouter:
    """Return the routes under `/contacts`."""
    router = APIRouter(prefix="/contacts", tags=["Contacts"])

    @router.get("", summary="List contacts")
    def list_contacts(access: Annotated[Access, Depends(require("client.read"))]) -> Contacts:
        with transaction(database) as db:
            rows = db.execute(_ALL, (access.organisation_id,)).fetchall()
        return Contacts(contacts=[Contact(**dict(row)) for row in rows])

    @router.post("", status_code=201, summary="Create a contact")
    def create_contact(given: ContactInput, access: Annotated[Access, Depends(require("client.write"))]) -> Contact:
        contact = Contact(id=new_id("contact"), **given.model_dump())
        with transaction(database) as db:
            db.execute(
                "INSERT INTO contacts (id, organisation_id, name, email, city) VALUES (?, ?, ?, ?, ?)",
                (contact.id, access.organisation_id, contact.name, contact.email, contact.city),
            )
        return contact

    @router.get("/{contact_id}", summary="See a contact")
    def get_contact(contact_id: str, access: Annotated[Access, Depends(require("client.read"))]) -> Contact:
        with transaction(database) as db:
            row = db.execute(_ONE, (access.organisation_id, contact_id)).fetchone()
        return Contact(**dict(found(row, "contact")))

    @router.put("/{contact_id}", summary="Replace a contact")
    def replace_contact(
        contact_id: str, given: ContactInput, access: Annotated[Access, Depends(require("client.write"))]
    ) -> Contact:
        with transaction(database) as db:
            row = db.execute(
                _REPLACE,
                (given.name, given.email, given.city, access.organisation_id, contact_id),
            ).fetchone()
        return Contact(**dict(found(row, "contact")))

    @router.delete("/{contact_id}", status_code=204, summary="Delete a contact")
    def delete_contact(contact_id: str, access: Annotated[Access, Depends(require("client.delete"))]) -> None:
        with transaction(database) as db:
            row = db.execute(
                "SELECT id, EXISTS (SELECT 1 FROM invoices WHERE contact_id = c.id)"
                " OR EXISTS (SELECT 1 FROM quotes WHERE contact_id = c.id) AS is_used"
                " FROM contacts AS c WHERE organisation_id = ? AND id = ?",
                (access.organisation_id, contact_id),
            ).fetchone()
            if found(row, "contact")["is_used"]:
                raise HTTPException(409, "This contact has invoices or quotes, so it cannot be deleted.")
            db.execute("DELETE FROM contacts WHERE id = ?", (contact_id,))

    return router
