"""The sample accounting product's catalog: its size, and the words that people will read."""

from pathlib import Path

import pytest

import consentry.demo
from consentry.model.catalog import Catalog, parse_catalog
from consentry.model.coverage import Holding, coverage, gerund, missing_reason

RESOURCES = {
    *("client", "vendor", "billing_item", "invoice", "bill", "quote", "expense", "payment", "payment_instruction"),
    *("accounting", "bank_connection", "report", "fx_rate", "tax", "product", "inventory", "purchase_order"),
    *("goods_receipt", "brand", "integration", "user", "accountant", "company", "audit", "subscription"),
    *("api_key", "oauth_app"),
}


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return parse_catalog((Path(consentry.demo.__file__).parent / "catalog.toml").read_text(encoding="utf-8"))


def test_it_has_the_size_of_a_real_products_catalog(catalog: Catalog) -> None:
    assert set(catalog.permissions_by_resource()) == RESOURCES | {"member"}
    assert len(catalog.scopes) == 18
    assert [role.title for role in catalog.roles.values()] == [
        "Owner",
        "Admin",
        "Accountant",
        "Bookkeeper",
        "Invoice only",
        "Expense submitter",
        "Read-only",
    ]


def test_every_resource_but_reports_and_taxes_can_be_asked_for_to_view_and_to_change(
    catalog: Catalog,
) -> None:
    view_only = {key for key, scopes in catalog.scopes_by_resource().items() if len(scopes) == 1}

    assert view_only == {"reports", "taxes"}


def test_changing_invoices_covers_billing_items_invoices_and_quotes(catalog: Catalog) -> None:
    reading = catalog.scopes["invoicing:read"].permissions

    assert catalog.scopes["invoicing:write"].permissions - reading == {
        "billing_item.write",
        "billing_item.delete",
        "invoice.write",
        "invoice.send",
        "invoice.void",
        "invoice.delete",
        "quote.write",
        "quote.send",
        "quote.delete",
    }


def test_an_owner_can_do_everything_and_nobody_else_can(catalog: Catalog) -> None:
    everything = frozenset(catalog.permissions)

    assert [role.name for role in catalog.roles.values() if role.permissions == everything] == ["owner"]


def test_every_permission_that_is_not_sensitive_is_reached_by_a_scope_or_is_consentrys_own(
    catalog: Catalog,
) -> None:
    reached = catalog.expand(catalog.scopes)
    left = {name for name, entry in catalog.permissions.items() if name not in reached and not entry.sensitive}

    assert left == {"oauth_app.install", "audit.read"}


def test_every_title_fits_into_the_sentence_that_gives_a_reason(catalog: Catalog) -> None:
    quoted = [entry.title for entry in catalog.permissions.values() if gerund(entry.title).startswith("“")]

    assert quoted == []


def test_a_bookkeeper_is_told_what_the_role_does_not_include(catalog: Catalog) -> None:
    role = catalog.roles["bookkeeper"]
    covered = coverage(catalog.scopes["invoicing:write"], role.permissions)

    assert covered.holding is Holding.PARTIAL
    assert missing_reason(covered.missing[1:2], [role.title]) == (
        "Your role Bookkeeper does not include sending invoices; an administrator can change that."
    )
