"""The pages of connections say what works today, why the rest does not, and since when it has been off."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest

from consentry.model.access import Reason
from consentry.model.catalog import Catalog
from consentry.model.connection import Connection, ConnectionDetails, EndedBy
from consentry.model.connection_today import ConnectionToday, connection_today
from consentry.model.ids import AppId, ClientId, ConnectionId, OrganisationId, UserId
from consentry.model.membership import Holder, RoleBook
from consentry.model.organisation import Standing
from consentry.oauth.scope import Scope
from consentry.web.pages import render
from consentry.web.settings import connection_pages
from consentry.web.views.connections import AllConnectionsPage, ConnectionPage, FilterOption
from consentry.web.views.frame import Frame

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
FRAME = Frame("Ledgerly", "My connections", NOW, csrf="c" * 64)
CONNECTION = Connection(
    id=ConnectionId("con_1"),
    organisation_id=OrganisationId("org_1"),
    user_id=UserId("usr_1"),
    app_id=AppId("app_1"),
    scopes=Scope.of("contacts:write", "gone:read", "invoicing:read", "invoicing:write"),
    declined_scopes=Scope(),
    created_at=NOW - timedelta(days=3),
    updated_at=NOW,
    first_used_at=None,
    last_used_at=None,
    ended_at=None,
    ended_by=None,
)
DETAILS = ConnectionDetails(
    connection=CONNECTION,
    app_name="Paper <trail>",
    registered_by="Papertrail Ltd",
    client_id=ClientId("app_1"),
    app_scopes=Scope.of("gone:read", "invoicing:read", "invoicing:write"),
    app_standing="active",
    organisation_name="Acme",
    user_email="bo@acme.test",
    user_name="Bo",
    app_created_at=NOW,
)


def today(catalog: Catalog, details: ConnectionDetails = DETAILS) -> ConnectionToday:
    holder = Holder(
        OrganisationId("org_1"), Standing.ACTIVE, UserId("usr_1"), Standing.ACTIVE, Standing.ACTIVE, "bookkeeper", None
    )
    return connection_today(details, holder, RoleBook(catalog))


def page_text(shown: ConnectionToday) -> str:
    view = ConnectionPage(connection_pages.card_of(shown, product="Ledgerly"))
    return bytes(render("connection", frame=FRAME, view=view).body).decode()


def test_each_scope_says_what_works_and_why_the_rest_does_not(catalog: Catalog) -> None:
    card = connection_pages.card_of(today(catalog), product="Ledgerly")

    assert [(scope.name, scope.works, scope.reason) for scope in card.scopes] == [
        ("contacts:write", "nothing", "The app no longer asks for this."),
        ("gone:read", "nothing", "The product no longer offers this."),
        ("invoicing:read", "fully", None),
        (
            "invoicing:write",
            "partly",
            "Your role Bookkeeper does not include sending invoices; an administrator can change that.",
        ),
    ]


def test_the_page_names_app_maker_and_organisation_as_text(catalog: Catalog) -> None:
    text = page_text(today(catalog))

    assert "Paper &lt;trail&gt;" in text
    assert "Papertrail Ltd" in text
    assert "Acme" in text
    assert 'name="connection" value="con_1"' in text


@pytest.mark.parametrize(
    "reason",
    [
        Reason.APP_SUSPENDED,
        Reason.ORGANISATION_SUSPENDED,
        Reason.USER_SUSPENDED,
        Reason.MEMBER_REMOVED,
        Reason.MEMBER_SUSPENDED,
    ],
)
def test_a_connection_that_is_held_up_says_so(catalog: Catalog, reason: Reason) -> None:
    text = page_text(replace(today(catalog), paused=reason))

    assert "Nothing works u" in text
    assert "Disconnect" in text


@pytest.mark.parametrize(
    ("ended_by", "words"),
    [
        (EndedBy.USER, "you"),
        (EndedBy.ADMINISTRATOR, "an administrator of the organisation"),
        (EndedBy.OPERATOR, "Ledgerly"),
        (EndedBy.APP_DELETED, "the app&#39;s owner, who deleted the app"),
    ],
)
def test_an_ended_connection_says_since_when_and_by_whom(catalog: Catalog, ended_by: EndedBy, words: str) -> None:
    ended = replace(DETAILS, connection=replace(CONNECTION, ended_at=NOW, ended_by=ended_by))

    text = page_text(today(catalog, ended))

    assert "Off since" in text
    assert f"disconnected by <bdi>{words}</bdi>" in text
    assert 'value="disconnect"' not in text


def test_administrators_see_user_scopes_and_a_button_for_each(catalog: Catalog) -> None:
    row = connection_pages.row_of(today(catalog))
    view = AllConnectionsPage((row,), (FilterOption("", "Every app", chosen=True),), (FilterOption("", "Every user"),))

    text = bytes(render("all_connections", frame=FRAME, view=view).body).decode()

    assert "bo@acme.test" in text
    assert 'href="/settings/connections/all?app=app_1"' in text
    assert 'value="disconnect"' in text


def test_of_an_app_that_registered_itself_the_page_says_who_vouches_for_it(catalog: Catalog) -> None:
    details = replace(DETAILS, app_registered_itself=True, app_vouched_by="assistant.example")

    page = page_text(today(catalog, details))

    assert 'Vouched for by <strong class="host">assistant.example</strong>' in page
    assert "Unverified" in page
    assert "Papertrail Ltd" not in page


def test_of_an_app_that_somebody_registered_the_page_says_who(catalog: Catalog) -> None:
    page = page_text(today(catalog))

    assert "by <bdi>Papertrail Ltd</bdi>" in page
    assert "Unverified" not in page


def test_the_connections_of_an_app_known_by_its_address_are_one_link_away(catalog: Catalog) -> None:
    details = replace(DETAILS, client_id=ClientId("https://client.test/a?b=1&c=2"))

    href = connection_pages.row_of(today(catalog, details)).app_href

    assert parse_qsl(urlsplit(href).query) == [("app", "https://client.test/a?b=1&c=2")]
