"""The sample books: plausible rows for any organisation, the same at each start."""

import sqlite3
import zlib
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import TypeVar

from consentry.demo.product.database import create_tables, transaction

_CONTACTS = (
    ("Alder & Finch Architects", "accounts@alderfinch.example", "Bristol"),
    ("Brightwater Cycles", "office@brightwater.example", "Leeds"),
    ("Calloway Print Works", "billing@callowayprint.example", "Glasgow"),
    ("Dovecote Nursery School", "bursar@dovecote.example", "York"),
    ("Elmstead Bakery", "hello@elmstead.example", "Norwich"),
    ("Fennimore Legal", "finance@fennimore.example", "London"),
    ("Greenhithe Allotments", "treasurer@greenhithe.example", "Dartford"),
    ("Hollins Physiotherapy", "desk@hollins.example", "Sheffield"),
)
_WORK = (
    ("Quarterly bookkeeping", 48_000),
    ("Delivery van hire, two weeks", 61_250),
    ("Website care plan", 19_900),
    ("Payroll set-up", 32_500),
    ("Office furniture, reclaimed oak", 184_000),
    ("Training day for six people", 96_000),
    ("Stationery and packaging", 14_375),
    ("Consulting, four hours", 38_000),
    ("Annual accounts", 125_000),
    ("Shop fitting, first instalment", 260_000),
)
_STATUSES = ("paid", "paid", "sent", "paid", "sent", "void", "paid", "sent", "draft", "draft")
_EXPENSES = (
    ("Train to Manchester", 8_740, "approved"),
    ("Team lunch", 6_320, "submitted"),
    ("Printer ink", 4_199, "draft"),
    ("Parking, client visit", 1_250, "approved"),
    ("Hotel, trade fair", 14_900, "submitted"),
)
_Row = TypeVar("_Row")
_FIRST_DAY = date(2026, 7, 6)


def seed(database: Path, organisations: Mapping[str, str]) -> None:
    """Fill the product's tables for each organisation, given as Consentry organisation ID → name.

    An organisation that has its books already is left alone, so that a restart changes nothing.
    """
    create_tables(database)
    with transaction(database) as db:
        for organisation_id, name in organisations.items():
            made = db.execute(
                "INSERT INTO companies (organisation_id, name, currency) VALUES (?, ?, 'GBP') ON CONFLICT DO NOTHING",
                (organisation_id, name),
            )
            if made.rowcount:
                _fill(db, organisation_id)


def _fill(db: sqlite3.Connection, organisation_id: str) -> None:
    start = zlib.crc32(organisation_id.encode()) % len(_WORK)
    contacts = [
        (f"contact_{organisation_id}_{place}", *who) for place, who in enumerate(_rotated(_CONTACTS, start)[:6])
    ]
    db.executemany(
        "INSERT INTO contacts (id, organisation_id, name, email, city) VALUES (?, ?, ?, ?, ?)",
        [(identifier, organisation_id, *who) for identifier, *who in contacts],
    )
    for place, (description, amount) in enumerate(_rotated(_WORK, start)):
        issued = _FIRST_DAY + timedelta(days=12 * place)
        invoice = f"inv_{organisation_id}_{place}"
        contact = contacts[place % len(contacts)][0]
        status = _STATUSES[place]
        db.execute(
            "INSERT INTO invoices (id, organisation_id, contact_id, number, issued_on, due_on, description, amount,"
            " status) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *(invoice, organisation_id, contact, f"INV-{1001 + place}", issued.isoformat()),
                *((issued + timedelta(days=30)).isoformat(), description, amount, status),
            ),
        )
        if status == "paid":
            db.execute(
                "INSERT INTO payments (id, organisation_id, invoice_id, amount, paid_on, method)"
                " VALUES (?, ?, ?, ?, ?, 'bank transfer')",
                (
                    *(f"pay_{organisation_id}_{place}", organisation_id, invoice, amount),
                    (issued + timedelta(days=21)).isoformat(),
                ),
            )
    for place, (description, amount) in enumerate(_rotated(_WORK, start + 3)[:3]):
        db.execute(
            "INSERT INTO quotes (id, organisation_id, contact_id, description, amount, valid_until, status)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                *(f"quote_{organisation_id}_{place}", organisation_id, contacts[place][0], description, amount),
                *((_FIRST_DAY + timedelta(days=150 + 10 * place)).isoformat(), ("accepted", "sent", "draft")[place]),
            ),
        )
    for place, (description, amount, status) in enumerate(_EXPENSES):
        db.execute(
            "INSERT INTO expenses (id, organisation_id, description, amount, spent_on, status)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (
                *(f"exp_{organisation_id}_{place}", organisation_id, description, amount + 100 * start),
                *((_FIRST_DAY + timedelta(days=9 * place)).isoformat(), status),
            ),
        )


def _rotated(rows: Sequence[_Row], start: int) -> list[_Row]:
    turn = start % len(rows)
    return [*rows[turn:], *rows[:turn]]
