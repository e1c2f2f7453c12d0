"""The sample accounting API: each route behind its permission, each organisation with its own books."""

from collections.abc import Callable
from dataclasses import dataclass
from json import dumps
from pathlib import Path
from typing import Annotated, Any

import httpx
import pytest
from fastapi import FastAPI, Header, HTTPException

from consentry.demo.product import build_product, seed

HARBOUR, NORTHMOOR = "org_harbour", "org_northmoor"
NEW_INVOICE = {"description": "Audit", "amount": 5_000, "issued_on": "2026-11-02", "due_on": "2026-12-02"}
ALL_OF_INVOICES = "invoice.read invoice.write invoice.send invoice.void invoice.delete client.read payment.write"


@dataclass(frozen=True)
class Caller:
    organisation_id: str
    user_id: str


def require(permission: str) -> Callable[[str, str], Caller]:
    """A guard that believes what the caller says it may do."""

    def check(x_organisation: Annotated[str, Header()], x_may: Annotated[str, Header()]) -> Caller:
        if permission not in x_may.split():
            raise HTTPException(403, f"needs {permission}")
        return Caller(x_organisation, "usr_ana")

    return check


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "product.db"


@pytest.fixture
def product(database: Path) -> FastAPI:
    api = build_product(require, database)
    seed(database, {HARBOUR: "Harbour Books Ltd", NORTHMOOR: "Northmoor Traders"})
    return api


async def call(
    product: FastAPI, method: str, path: str, *, may: str, organisation: str = HARBOUR, json: Any = None
) -> httpx.Response:
    headers = {"X-Organisation": organisation, "X-May": may, "Content-Type": "application/json"}
    content = None if json is None else dumps(json)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(product), base_url="http://product.example") as client:
        return await client.request(method, path, headers=headers, content=content)


async def draft(product: FastAPI, organisation: str = HARBOUR) -> dict[str, Any]:
    contacts = (await call(product, "GET", "/contacts", may="client.read", organisation=organisation)).json()[
        "contacts"
    ]
    body = {**NEW_INVOICE, "contact_id": contacts[0]["id"]}
    answer = await call(product, "POST", "/invoices", may="invoice.write", organisation=organisation, json=body)
    assert answer.status_code == 201
    invoice: dict[str, Any] = answer.json()
    return invoice


@pytest.mark.parametrize(
    ("method", "path", "permission"),
    [
        ("GET", "/contacts", "client.read"),
        ("GET", "/contacts/x", "client.read"),
        ("POST", "/contacts", "client.write"),
        ("PUT", "/contacts/x", "client.write"),
        ("DELETE", "/contacts/x", "client.delete"),
        ("GET", "/invoices", "invoice.read"),
        ("GET", "/invoices/x", "invoice.read"),
        ("POST", "/invoices", "invoice.write"),
        ("PATCH", "/invoices/x", "invoice.write"),
        ("POST", "/invoices/x/send", "invoice.send"),
        ("POST", "/invoices/x/void", "invoice.void"),
        ("DELETE", "/invoices/x", "invoice.delete"),
        ("GET", "/quotes", "quote.read"),
        ("POST", "/quotes", "quote.write"),
        ("POST", "/quotes/x/send", "quote.send"),
        ("GET", "/expenses", "expense.read"),
        ("POST", "/expenses", "expense.write"),
        ("POST", "/expenses/x/submit", "expense.submit"),
        ("POST", "/expenses/x/approve", "expense.approve"),
        ("GET", "/payments", "payment.read"),
        ("POST", "/payments", "payment.write"),
        ("GET", "/company", "company.read"),
        ("GET", "/reports/summary", "report.read"),
        ("GET", "/reports/summary.csv", "report.export"),
    ],
)
async def test_each_route_asks_for_its_own_permission_and_no_other(
    product: FastAPI, method: str, path: str, permission: str
) -> None:
    refused = await call(product, method, path, may="tax.read", json={} if method != "GET" else None)
    let_through = await call(product, method, path, may=permission, json={} if method != "GET" else None)

    assert (refused.status_code, refused.json()["detail"]) == (403, f"needs {permission}")
    assert let_through.status_code in {200, 404, 422}


@pytest.mark.parametrize("resource", ["contacts", "invoices", "quotes", "expenses", "payments"])
async def test_each_organisation_sees_its_own_books_only(product: FastAPI, resource: str) -> None:
    may = "client.read invoice.read quote.read expense.read payment.read"

    ours = (await call(product, "GET", f"/{resource}", may=may)).json()[resource]
    theirs = (await call(product, "GET", f"/{resource}", may=may, organisation=NORTHMOOR)).json()[resource]

    assert len(ours) >= 3
    assert len(theirs) >= 3
    assert not {row["id"] for row in ours} & {row["id"] for row in theirs}


async def test_another_organisations_invoice_is_not_found_by_any_route(product: FastAPI) -> None:
    theirs = await draft(product, NORTHMOOR)

    answers = [
        await call(product, method, f"/invoices/{theirs['id']}{rest}", may=ALL_OF_INVOICES, json=body)
        for method, rest, body in [
            ("GET", "", None),
            ("PATCH", "", {"amount": 1}),
            ("POST", "/send", None),
            ("POST", "/void", None),
            ("DELETE", "", None),
        ]
    ]

    assert {answer.status_code for answer in answers} == {404}


async def test_an_invoice_cannot_be_made_out_to_another_organisations_contact(product: FastAPI) -> None:
    theirs = await draft(product, NORTHMOOR)
    body = {**NEW_INVOICE, "contact_id": theirs["contact_id"]}

    answer = await call(product, "POST", "/invoices", may="invoice.write", json=body)

    assert answer.status_code == 404


async def test_a_draft_invoice_can_be_changed_sent_and_voided_in_that_order(product: FastAPI) -> None:
    invoice = await draft(product)
    path = f"/invoices/{invoice['id']}"

    changed = await call(product, "PATCH", path, may="invoice.write", json={"amount": 6_000})
    sent = await call(product, "POST", f"{path}/send", may="invoice.send")
    too_late = await call(product, "PATCH", path, may="invoice.write", json={"amount": 7_000})
    voided = await call(product, "POST", f"{path}/void", may="invoice.void")

    assert (changed.json()["amount"], changed.json()["status"]) == (6_000, "draft")
    assert (sent.json()["status"], voided.json()["status"]) == ("sent", "void")
    assert too_late.status_code == 409
    assert "only a draft one can be edited" in too_late.json()["detail"]


async def test_invoice_numbers_go_on_after_a_draft_was_deleted(product: FastAPI) -> None:
    first = await draft(product)
    second = await draft(product)
    await call(product, "DELETE", f"/invoices/{first['id']}", may="invoice.delete")

    third = await draft(product)

    assert third["number"] not in {first["number"], second["number"]}


async def test_an_invoice_is_paid_when_all_of_it_was_received(product: FastAPI) -> None:
    invoice = await draft(product)
    await call(product, "POST", f"/invoices/{invoice['id']}/send", may="invoice.send")
    part = {"invoice_id": invoice["id"], "amount": 2_500, "paid_on": "2026-11-20"}

    await call(product, "POST", "/payments", may="payment.write", json=part)
    too_much = await call(product, "POST", "/payments", may="payment.write", json={**part, "amount": 2_501})
    await call(product, "POST", "/payments", may="payment.write", json=part)
    paid = await call(product, "GET", f"/invoices/{invoice['id']}", may="invoice.read")

    assert too_much.status_code == 409
    assert paid.json()["status"] == "paid"


async def test_an_expense_is_submitted_and_then_approved(product: FastAPI) -> None:
    body = {"description": "Bus", "amount": 240, "spent_on": "2026-11-20"}
    expense = (await call(product, "POST", "/expenses", may="expense.write", json=body)).json()
    path = f"/expenses/{expense['id']}"

    too_early = await call(product, "POST", f"{path}/approve", may="expense.approve")
    await call(product, "POST", f"{path}/submit", may="expense.submit")
    approved = await call(product, "POST", f"{path}/approve", may="expense.approve")

    assert too_early.status_code == 409
    assert approved.json()["status"] == "approved"


async def test_a_quote_is_sent_once(product: FastAPI) -> None:
    contact = (await call(product, "GET", "/contacts", may="client.read")).json()["contacts"][0]["id"]
    body = {"contact_id": contact, "description": "Shelves", "amount": 100, "valid_until": "2027-01-31"}
    quote = (await call(product, "POST", "/quotes", may="quote.write", json=body)).json()

    sent = await call(product, "POST", f"/quotes/{quote['id']}/send", may="quote.send")
    again = await call(product, "POST", f"/quotes/{quote['id']}/send", may="quote.send")

    assert (sent.json()["status"], again.status_code) == ("sent", 409)


async def test_a_contact_can_be_kept_up_to_date_and_deleted_while_unused(product: FastAPI) -> None:
    may = "client.read client.write client.delete"
    contact = (await call(product, "POST", "/contacts", may=may, json={"name": " Ivy House "})).json()
    path = f"/contacts/{contact['id']}"
    used = (await draft(product))["contact_id"]

    replaced = await call(product, "PUT", path, may=may, json={"name": "Ivy House", "city": "Bath"})
    deleted = await call(product, "DELETE", path, may=may)
    in_use = await call(product, "DELETE", f"/contacts/{used}", may=may)

    assert contact["name"] == "Ivy House"
    assert replaced.json()["city"] == "Bath"
    assert (deleted.status_code, in_use.status_code) == (204, 409)


async def test_the_reports_add_up(product: FastAPI) -> None:
    invoices = (await call(product, "GET", "/invoices?status=sent", may="invoice.read")).json()["invoices"]

    summary = (await call(product, "GET", "/reports/summary", may="report.read")).json()
    exported = await call(product, "GET", "/reports/summary.csv", may="report.export")

    assert summary["open_invoices"] == len(invoices)
    assert summary["invoiced"] == sum(invoice["amount"] for invoice in invoices)
    assert f"invoiced,{summary['invoiced']}" in exported.text


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": ""},
        {"name": "x" * 201},
        {"name": "Ann", "colour": "red"},
        {"name": "\ud800"},
        [],
    ],
)
async def test_bad_input_is_explained_and_nothing_is_written(product: FastAPI, body: Any) -> None:
    before = (await call(product, "GET", "/contacts", may="client.read")).json()

    answer = await call(product, "POST", "/contacts", may="client.write", json=body)

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["message"]
    assert (await call(product, "GET", "/contacts", may="client.read")).json() == before


async def test_seeding_twice_changes_nothing(product: FastAPI, database: Path) -> None:
    await draft(product)
    before = (await call(product, "GET", "/invoices", may="invoice.read")).json()

    seed(database, {HARBOUR: "Harbour Books Ltd"})

    assert (await call(product, "GET", "/invoices", may="invoice.read")).json() == before
    company = await call(product, "GET", "/company", may="company.read")
    assert company.json() == {"name": "Harbour Books Ltd", "currency": "GBP"}
