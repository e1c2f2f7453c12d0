"""The pages of apps show what is there, as text, and say what is wrong where it is wrong."""

from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentry.flows.app_registry import RegisteredApp
from consentry.model.app import App, AppSecret, AppStatus, AppType
from consentry.model.app_draft import find_draft_faults, try_redirect_uri
from consentry.model.catalog import Catalog
from consentry.model.client import AppDetails, RedirectRefusal
from consentry.model.faults import Fault
from consentry.model.ids import AppId, ClientId, OrganisationId, SecretId
from consentry.model.secret import Secret
from consentry.oauth.parameters import Parameters
from consentry.oauth.redirect_uri import MismatchPart
from consentry.oauth.scope import Scope
from consentry.web.pages import render
from consentry.web.settings import app_pages
from consentry.web.settings.app_form import empty_form, form_again, form_of, read_app_form
from consentry.web.views.apps import AppListPage, AppNewPage
from consentry.web.views.form import FieldError
from consentry.web.views.frame import Frame

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
ISSUER = "https://connect.test"
FRAME = Frame("Ledgerly", "An app", NOW, csrf="c" * 64)
APP = App(
    AppId("app_1"),
    ClientId("app_1"),
    OrganisationId("org_1"),
    "Papertrail",
    AppType.CONFIDENTIAL,
    ("https://client.test/cb",),
    Scope.of("invoicing:read"),
    Scope.of("contacts:read"),
    require_pkce=True,
    status=AppStatus.ACTIVE,
    created_by=None,
    created_at=NOW,
    updated_at=NOW,
)
SECRET = AppSecret(SecretId("sec_0123456789ABCDEFGHIJKL"), APP.id, b"d" * 32, "wXyZ", NOW, None, None, None)
REFUSAL = RedirectRefusal("https://client.test/CB", MismatchPart.CASE, "https://client.test/cb", 3, NOW, NOW)
DETAILS = AppDetails(APP, (SECRET,), "Ana", 2, has_more_connections=False, last_used_at=None, refusals=(REFUSAL,))


def page_text(details: AppDetails, catalog: Catalog) -> str:
    page = app_pages.page_of(details, catalog, issuer=ISSUER, secrets_most=2)
    return bytes(render("app", frame=FRAME, view=page).body).decode()


def typed(**fields: str) -> Parameters:
    return Parameters.from_form(urlencode(fields).encode())


HOSTILE = [
    "<img src=x onerror=alert(1)>",
    '"><script>alert(1)</script>',
    "' onmouseover='alert(1)",
    "{{7*7}}",
    "${7*7}",
    "<%= 7*7 %>",
    "{% raw %}",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_cs_06_cs_07_a_hostile_name_is_shown_as_text(name: str, catalog: Catalog) -> None:
    app = replace(APP, name=name)
    pages = [
        page_text(replace(DETAILS, app=app), catalog),
        bytes(render("apps", frame=FRAME, view=AppListPage((app_pages.row_of(app),))).body).decode(),
        bytes(
            render(
                "app_registered",
                frame=FRAME,
                view=app_pages.registered_page(RegisteredApp(app, Secret("s")), issuer=ISSUER),
            ).body
        ).decode(),
    ]

    for page in pages:
        assert "<img src=x" not in page
        assert "<script>alert" not in page
        assert "' onmouseover='" not in page
        assert "49" not in page.replace("&#34;", "").replace("&#39;", "")


def test_cs_06_a_refused_address_is_text_with_the_difference_marked(catalog: Catalog) -> None:
    hostile = replace(REFUSAL, redirect_uri="https://client.test/<script>alert(1)</script>")

    page = page_text(replace(DETAILS, refusals=(hostile, REFUSAL)), catalog)

    assert "<script>alert" not in page
    assert "https://client.test/<mark>CB</mark>" in page
    assert "https://client.test/<mark>cb</mark>" in page
    assert 'href="https://client.test' not in page


def test_tn_03_the_apps_own_page_shows_of_a_secret_only_how_it_begins_and_ends(catalog: Catalog) -> None:
    page = page_text(DETAILS, catalog)

    assert "cst_sk_01234567…wXyZ" in page
    assert "dddd" not in page


def test_a_deactivated_app_says_so_and_offers_to_reactivate(catalog: Catalog) -> None:
    page = page_text(replace(DETAILS, app=replace(APP, status=AppStatus.DEACTIVATED)), catalog)

    assert "This app is deactivated" in page
    assert 'value="reactivate"' in page
    assert 'value="deactivate"' not in page


def test_a_public_app_has_no_secrets_and_no_question_about_pkce(catalog: Catalog) -> None:
    page = page_text(replace(DETAILS, app=replace(APP, type=AppType.PUBLIC), secrets=()), catalog)

    assert "Client secrets" not in page
    assert "require_pkce" not in page


@given(one=st.text(max_size=30), other=st.text(max_size=30))
def test_marking_a_difference_loses_nothing_and_marks_nothing_where_there_is_none(one: str, other: str) -> None:
    left, right = app_pages.mark_difference(one, other)

    assert left.before + left.marked + left.after == one
    assert right.before + right.marked + right.after == other
    assert (left.before, left.after) == (right.before, right.after)
    assert (left.marked == right.marked == "") == (one == other)


def test_each_bad_line_gets_its_own_message_with_its_number(catalog: Catalog) -> None:
    form = read_app_form(
        typed(name="Papertrail", redirect_uris="https://client.test/cb\r\n\r\nnonsense\r\n http://client.test/cb ")
    )

    again = form_again(form, catalog, find_draft_faults(form.to_draft(AppType.PUBLIC), catalog))

    assert [(error.field, error.line, error.value) for error in again.errors] == [
        ("redirect_uris", 3, "nonsense"),
        ("redirect_uris", 4, "http://client.test/cb"),
        ("scopes", None, ""),
    ]
    page = bytes(render("app_new", frame=FRAME, view=AppNewPage(again)).body).decode()
    assert "Line 3" in page
    assert "Plain http:// is allowed on localhost" in page


def test_scopes_are_read_as_required_optional_or_not_asked(catalog: Catalog) -> None:
    fields = {"scope.invoicing:read": "required", "scope.contacts:read": "optional", "scope.contacts:write": "no"}

    draft = read_app_form(typed(name="P", redirect_uris="https://client.test/cb", **fields)).to_draft(AppType.PUBLIC)

    assert draft.required_scopes == ("invoicing:read",)
    assert draft.optional_scopes == ("contacts:read",)
    assert find_draft_faults(draft, catalog) == ()


def test_tn_05_fields_that_the_form_does_not_have_are_never_looked_at() -> None:
    sent = typed(name="P", redirect_uris="https://client.test/cb", trusted="1", status="active", organisation="org_2")

    assert read_app_form(sent) == read_app_form(typed(name="P", redirect_uris="https://client.test/cb"))


def test_the_form_of_an_app_says_what_the_app_is(catalog: Catalog) -> None:
    form = form_of(APP, catalog)

    chosen = {choice.name: choice.chosen for group in form.scope_groups for choice in group.scopes}
    assert chosen == {
        "invoicing:read": "required",
        "invoicing:write": "no",
        "contacts:read": "optional",
        "contacts:write": "no",
    }
    assert (form.name, form.redirect_uris, form.require_pkce) == ("Papertrail", "https://client.test/cb", True)
    assert not any(choice.chosen != "no" for group in empty_form(catalog).scope_groups for choice in group.scopes)


def test_a_fault_of_an_optional_scope_stands_beside_the_scopes(catalog: Catalog) -> None:
    again = form_again(read_app_form(typed(name="P")), catalog, [Fault("optional_scopes", "No.")])

    assert again.errors == (FieldError("scopes", "No."),)


def test_the_trial_of_an_address_is_told_in_words(catalog: Catalog) -> None:
    page = app_pages.page_of(DETAILS, catalog, issuer=ISSUER, secrets_most=2)
    trial = app_pages.redirect_test_of(try_redirect_uri(APP.redirect_uris, "https://client.test/cb/"))

    shown = bytes(render("app", frame=FRAME, view=replace(page, redirect_test=trial)).body).decode()

    assert "It does not match." in shown
    assert "ends in a slash" in shown
