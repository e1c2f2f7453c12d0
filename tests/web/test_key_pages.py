"""The pages of API keys: the grid, the expiry, the lines with a fault, and the text that is shown once."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentry.model.api_key import ApiKeyDetails, ApiKeyPolicy, ShownKey
from consentry.model.catalog import Catalog
from consentry.model.credential import ApiKey
from consentry.model.faults import Fault
from consentry.model.ids import ApiKeyId, OrganisationId, UserId
from consentry.model.secret import Secret
from consentry.oauth.parameters import Parameters
from consentry.web.pages import render
from consentry.web.settings import key_pages
from consentry.web.settings.key_form import field_errors, find_read_permissions, new_page, read_key_form
from consentry.web.views.api_keys import KeyListPage
from consentry.web.views.frame import Frame

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
FRAME = Frame("Ledgerly", "API keys", NOW, csrf="c" * 64)
HELD = frozenset({"invoice.read", "client.read", "api_key.create"})
TITLES = ("Bookkeeper",)
KEY = ApiKey(
    id=ApiKeyId("key_0123456789ABCDEFGHIJKL"),
    organisation_id=OrganisationId("org_1"),
    user_id=UserId("usr_1"),
    name="Nightly <export>",
    permissions=frozenset({"invoice.read", "invoice.write"}),
    digest=b"d" * 32,
    hint="wXyZ",
    previous_digest=None,
    previous_expires_at=None,
    allowed_networks=("192.0.2.7/32", "2001:db8::/32"),
    created_at=NOW,
    updated_at=NOW,
    expires_at=NOW + timedelta(days=30),
    last_used_at=None,
    last_used_from=None,
    revoked_at=None,
    revoked_by=None,
)
DETAILS = ApiKeyDetails(KEY, "Acme", "ana@acme.test", "Ana", None)


def typed(*pairs: tuple[str, str]) -> Parameters:
    return Parameters.from_form(urlencode(pairs).encode())


def text_of(template: str, view: object) -> str:
    return bytes(render(template, frame=FRAME, view=view).body).decode()


def test_the_grid_shows_every_permission_and_opens_those_that_are_held(catalog: Catalog) -> None:
    page = new_page(read_key_form(typed()), HELD, TITLES, catalog, ApiKeyPolicy())

    choices = {choice.name: choice for group in page.groups for choice in group.permissions}
    assert set(choices) == set(catalog.permissions)
    assert {name for name, choice in choices.items() if choice.held} == HELD
    assert choices["invoice.send"].reason == "Not in your role Bookkeeper."
    assert choices["payment_instruction.write"].sensitive
    text = text_of("api_key_new", page)
    assert "Not in your role Bookkeeper." in text
    assert text.count("disabled") == len(catalog.permissions) - len(HELD)


def test_a_permission_that_is_not_held_is_never_ticked(catalog: Catalog) -> None:
    form = read_key_form(typed(("permission", "invoice.send"), ("permission", "invoice.read")))

    page = new_page(form, HELD, TITLES, catalog, ApiKeyPolicy())

    chosen = {choice.name for group in page.groups for choice in group.permissions if choice.chosen}
    assert chosen == {"invoice.read"}


def test_the_shortcut_ticks_all_that_is_held_and_only_reads(catalog: Catalog) -> None:
    assert set(find_read_permissions(HELD | {"invoice.write"}, catalog)) == {"invoice.read", "client.read"}


def test_never_is_not_offered_where_the_operator_forbids_it(catalog: Catalog) -> None:
    page = new_page(read_key_form(typed()), HELD, TITLES, catalog, ApiKeyPolicy(may_never_expire=False))

    assert 'value="never"' not in text_of("api_key_new", page)


@pytest.mark.parametrize(
    ("fields", "expires_at"),
    [
        ({}, NOW + timedelta(days=365)),
        ({"expires": "30d"}, NOW + timedelta(days=30)),
        ({"expires": "90d"}, NOW + timedelta(days=90)),
        ({"expires": "1y"}, NOW + timedelta(days=365)),
        ({"expires": "never"}, None),
        ({"expires": "on", "expires_on": "2026-12-31"}, datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ({"expires": "30d", "expires_on": "2026-12-31"}, NOW + timedelta(days=30)),
    ],
)
def test_an_expiry_is_a_span_a_date_or_never(fields: dict[str, str], expires_at: datetime | None) -> None:
    assert read_key_form(typed(*fields.items())).find_expiry(NOW) == expires_at


@pytest.mark.parametrize(
    "fields",
    [
        {"expires": "on"},
        {"expires": "on", "expires_on": "31/12/2026"},
        {"expires": "on", "expires_on": "2026-02-30"},
        {"expires": "later"},
    ],
)
def test_in_11_an_expiry_that_cannot_be_read_is_a_fault_and_never_another_expiry(fields: dict[str, str]) -> None:
    assert isinstance(read_key_form(typed(*fields.items())).find_expiry(NOW), Fault)


def test_in_11_a_bad_address_is_shown_with_its_line_and_what_stood_there() -> None:
    form = read_key_form(typed(("addresses", "192.0.2.7\r\n\r\n <nowhere> ")))

    (error,) = field_errors([Fault("allowed_networks.2", "This is no address.")], form)

    assert (error.field, error.line, error.value) == ("addresses", 3, "<nowhere>")
    assert form.lines == ("192.0.2.7", "", " <nowhere> ")


TYPED = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=60)


@given(name=TYPED | st.just("<script>alert(1)</script>"), addresses=TYPED, expires=TYPED, expires_on=TYPED)
def test_whatever_is_typed_comes_back_as_text(
    catalog: Catalog, name: str, addresses: str, expires: str, expires_on: str
) -> None:
    form = read_key_form(
        typed(("name", name), ("addresses", addresses), ("expires", expires), ("expires_on", expires_on))
    )
    errors = field_errors([Fault("name", "No."), Fault("expires_at", "No."), Fault("allowed_networks", "No.")], form)

    page = replace(new_page(form, HELD, TITLES, catalog, ApiKeyPolicy()), errors=errors)

    assert "<script>alert" not in text_of("api_key_new", page)
    form.find_expiry(NOW)


def test_the_text_of_a_key_stands_on_the_page_that_answers_and_on_no_other(catalog: Catalog) -> None:
    secret = "cst_key_" + "s" * 71
    shown = text_of("api_key_shown", key_pages.shown_page(ShownKey(DETAILS, Secret(secret)), issuer="https://c.test"))
    page = key_pages.page_of(DETAILS, catalog, held=HELD, may_edit=True, now=NOW)
    listed = KeyListPage((key_pages.row_of(DETAILS, NOW),), may_create=True)

    assert secret in shown
    assert "https://c.test/api/v1/me/access" in shown
    for text in (text_of("api_key", page), text_of("api_keys", listed)):
        assert "cst_key_0123456789AB…" in text
        assert "0123456789ABC" not in text.replace(KEY.id, "")
        assert "wXyZ" not in text


def test_a_key_is_edited_down_within_what_it_has_and_says_what_does_nothing_today(catalog: Catalog) -> None:
    page = key_pages.page_of(DETAILS, catalog, held=HELD, may_edit=True, now=NOW)

    choices = [choice for group in page.groups for choice in group.permissions]
    assert [(choice.name, choice.held, choice.chosen, choice.reason is None) for choice in choices] == [
        ("invoice.read", True, True, True),
        ("invoice.write", True, True, False),
    ]
    text = text_of("api_key", page)
    assert "Nightly &lt;export&gt;" in text
    assert "192.0.2.7/32\n2001:db8::/32" in text
    assert "disabled" not in text


@pytest.mark.parametrize(
    ("changes", "status", "words"),
    [
        ({}, "active", "Revoke this key"),
        ({"expires_at": NOW}, "expired", "Expired"),
        ({"revoked_at": NOW, "revoked_by": UserId("usr_2")}, "revoked", "by <bdi>Bo</bdi>"),
    ],
)
def test_the_page_says_where_the_key_stands(catalog: Catalog, changes: dict[str, Any], status: str, words: str) -> None:
    details = ApiKeyDetails(
        replace(KEY, **changes), "Acme", "ana@acme.test", "Ana", "Bo" if "revoked_by" in changes else None
    )
    page = key_pages.page_of(details, catalog, held=HELD, may_edit=False, now=NOW)

    assert page.key.status == status
    assert words in text_of("api_key", page)


def test_a_long_list_leads_on_to_older_keys() -> None:
    page = KeyListPage((key_pages.row_of(DETAILS, NOW),), may_create=False, next_href="/settings/api-keys?after=key_1")

    assert 'href="/settings/api-keys?after=key_1"' in text_of("api_keys", page)
