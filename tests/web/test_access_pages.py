"""`/settings/access` over HTTP: explain, who-can, what-if; who may look, and what is never shown again."""

from datetime import timedelta

import httpx
import pytest

from app_builders import ACME, BO, OTHER, a_draft, add_connection
from consentry.model.acting import member
from consentry.model.api_key import KeyDraft
from consentry.wiring import Deeds
from people_builders import OPERATOR
from site_client import send_form

CONNECTION = "con_00000000000000000000a1"
PAGE = "/settings/access"


async def key_of_bo(deeds: Deeds, *permissions: str) -> tuple[str, str]:
    acting = member(BO, ACME, frozenset({"api_key.create", *permissions}))
    shown = await deeds.api_keys.create(acting, KeyDraft("Export", permissions, deeds.clock.now() + timedelta(days=1)))
    return shown.details.key.id, shown.text.reveal()


@pytest.fixture
async def connected(deeds: Deeds) -> Deeds:
    """Ana, an owner of Acme, has connected Ledgerly with the scope to read invoices."""
    registered = await deeds.app_registry.register(OPERATOR, a_draft(), organisation_id=OTHER)
    await add_connection(deeds.database, registered.app.id, CONNECTION)
    return deeds


async def test_a_connection_is_explained_by_its_address(connected: Deeds, ana: httpx.AsyncClient) -> None:
    page = await ana.get(PAGE, params={"credential": CONNECTION})

    assert page.status_code == 200
    assert "The connection of Ana with Ledgerly" in page.text
    assert "invoicing:read" in page.text
    assert "The app may ask for no scope that covers it" in page.text
    assert f'value="{CONNECTION}" selected' in page.text
    assert len(connected.catalog.permissions) == page.text.count('role="rowheader"')


async def test_a_key_that_is_pasted_is_explained_and_not_shown_again(deeds: Deeds, ana: httpx.AsyncClient) -> None:
    _, text = await key_of_bo(deeds, "invoice.read")

    page = await send_form(ana, PAGE, {"credential": f" {text} ", "permission": "invoice.write"})

    assert page.status_code == 200
    assert "The API key Export of Bo" in page.text
    assert "Not in the key" in page.text
    assert "permission_<wbr>not_<wbr>in_<wbr>key" in page.text
    assert "This API key was not given invoice.write" in page.text
    assert text not in page.text
    assert text[30:60] not in page.text


async def test_a_secret_in_the_address_is_refused_and_not_shown(deeds: Deeds, ana: httpx.AsyncClient) -> None:
    _, text = await key_of_bo(deeds, "invoice.read")

    page = await ana.get(PAGE, params={"credential": text})

    assert page.status_code == 400
    assert "does not belong in an address" in page.text
    assert text not in page.text


@pytest.mark.parametrize(
    ("fields", "status", "words"),
    [
        ({}, 400, "Paste a credential or its ID"),
        ({"credential": "con_nobody"}, 404, "There is no such credential"),
        ({"credential": CONNECTION, "permission": "invoice.fly"}, 400, "The catalog has no such permission"),
        ({"credential": "hello"}, 200, "malformed_credential"),
    ],
)
async def test_what_cannot_be_explained_says_why(
    connected: Deeds, ana: httpx.AsyncClient, fields: dict[str, str], status: int, words: str
) -> None:
    page = await send_form(ana, PAGE, fields)

    assert connected
    assert (page.status_code, words in page.text) == (status, True)


async def test_a_user_without_a_permission_to_manage_explains_only_their_own(
    connected: Deeds, bo: httpx.AsyncClient
) -> None:
    key_id, _ = await key_of_bo(connected, "invoice.read")

    own, foreign = [await bo.get(PAGE, params={"credential": named}) for named in (key_id, CONNECTION)]

    assert (own.status_code, foreign.status_code) == (200, 404)
    assert "Ledgerly" not in foreign.text
    assert f'href="{PAGE}"' not in (await bo.get("/settings/connections")).text
    for path in ("who-can?permission=invoice.read", "what-if", "who-can"):
        assert (await bo.get(f"{PAGE}/{path}")).status_code == 403, path


async def test_an_explaining_form_needs_its_token(ana: httpx.AsyncClient) -> None:
    assert (await ana.post(PAGE, data={"credential": "key_1"})).status_code == 403


async def test_who_can_lists_everybody_and_everything_with_a_way_to_the_explanation(
    connected: Deeds, ana: httpx.AsyncClient
) -> None:
    key_id, _ = await key_of_bo(connected, "invoice.read")

    page = await ana.get(f"{PAGE}/who-can", params={"permission": "invoice.read"})

    for words in ("ana@acme.test", "bo@acme.test", "Bookkeeper", "Ledgerly", "Export"):
        assert words in page.text, words
    assert f"/settings/access?credential={key_id}&amp;permission=invoice.read" in page.text


async def test_what_if_a_role_loses_a_permission(connected: Deeds, ana: httpx.AsyncClient) -> None:
    await key_of_bo(connected, "invoice.read")
    before = await connected.database.read("SELECT count(*) FROM roles")

    page = await ana.get(
        f"{PAGE}/what-if",
        params={"about": "role", "role": "bookkeeper", "how": "loses", "permission": "invoice.read"},
    )

    assert "If the role Bookkeeper loses invoice.read" in page.text
    assert "bo@acme.test" in page.text
    assert "ana@acme.test" not in page.text.partition("<main")[2]
    assert "Export" in page.text
    assert await connected.database.read("SELECT count(*) FROM roles") == before


async def test_what_if_a_member_is_suspended(connected: Deeds, ana: httpx.AsyncClient) -> None:
    page = await ana.get(
        f"{PAGE}/what-if", params={"about": "member", "member": "Bo@acme.test", "becomes": "suspended"}
    )

    assert connected
    assert "is suspended</strong>, this would change" in page.text
    assert "oauth_app.install" in page.text


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"about": "member", "member": "nobody@acme.test", "becomes": "suspended"}, "No member of the organisation"),
        ({"about": "role", "role": "nobody", "how": "loses", "permission": "invoice.read"}, "no such role"),
        ({"about": "role"}, "Name one change"),
    ],
)
async def test_a_change_of_what_there_is_not_is_a_mistake(
    ana: httpx.AsyncClient, query: dict[str, str], words: str
) -> None:
    page = await ana.get(f"{PAGE}/what-if", params=query)

    assert (page.status_code, words in page.text) == (400, True)


@pytest.mark.parametrize("query", ["only=apps", "only=members&after=%27+OR+1%3D1", "permission=invoice.fly"])
async def test_in_16_a_forged_question_is_refused(ana: httpx.AsyncClient, query: str) -> None:
    query = query if query.startswith("permission") else f"permission=invoice.read&{query}"
    assert (await ana.get(f"{PAGE}/who-can?{query}")).status_code == 400
