"""Paperlark, the sample web app, against a small authorization server and API over real HTTP."""

import re
from collections.abc import AsyncIterator
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from sample_provider import Provider

from consentry.demo.web_app import WebAppConfig, build_web_app

OWN_URL = "http://127.0.0.1:8499"


@pytest.fixture
async def browser(provider: Provider) -> AsyncIterator[httpx.AsyncClient]:
    config = WebAppConfig(
        issuer=provider.url,
        api_url=provider.url,
        client_id="app 1",
        client_secret="s:cret%",
        own_url=OWN_URL,
        scopes=("contacts:read", "invoicing:read"),
    )
    async with httpx.AsyncClient(timeout=5) as http:
        app = build_web_app(config, http)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=OWN_URL) as browser:
            yield browser


async def connect(browser: httpx.AsyncClient, provider: Provider) -> str:
    sent_to = (await browser.get("/connect")).headers["Location"]
    await browser.get(provider.approve(sent_to))
    return (await browser.get("/")).text


async def press(browser: httpx.AsyncClient, deed: str) -> str:
    page = (await browser.get("/")).text
    match = re.search(r'name="form_token" value="([^"]+)"', page)
    assert match
    answer = await browser.post(deed, data={"form_token": match.group(1)})
    assert answer.status_code == 303
    return (await browser.get("/")).text


async def test_connecting_asks_with_state_and_pkce_for_its_scopes(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/connect")

    query = {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["Location"]).query).items()}
    assert answer.status_code == 303
    assert query["response_type"] == "code"
    assert query["client_id"] == "app 1"
    assert query["redirect_uri"] == f"{OWN_URL}/callback"
    assert query["scope"] == "contacts:read invoicing:read"
    assert query["code_challenge_method"] == "S256"
    assert len(query["code_challenge"]) == 43
    assert len(query["state"]) >= 32


async def test_after_approval_the_users_invoices_and_contacts_are_shown(
    browser: httpx.AsyncClient, provider: Provider
) -> None:
    page = await connect(browser, provider)

    assert "INV-1001" in page
    assert "£1,250.00" in page
    assert "Alder &amp; Finch &lt;Architects&gt;" in page
    assert "Bristol" in page


async def test_the_secret_goes_into_the_basic_scheme_form_encoded(
    browser: httpx.AsyncClient, provider: Provider
) -> None:
    """RFC 6749 §2.3.1."""
    await connect(browser, provider)

    assert provider.authorizations == ["app+1:s%3Acret%25"]
    assert "client_secret" not in provider.token_requests[0]


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"state": "another"}, "the state is not the one that we sent"),
        ({"state": "ä"}, "the state is not the one that we sent"),
        ({"iss": "https://elsewhere.example"}, "the answer names another issuer"),
        ({"code": ""}, "the answer has no code"),
    ],
)
async def test_an_answer_that_is_not_the_one_asked_for_is_thrown_away(
    browser: httpx.AsyncClient, provider: Provider, changed: dict[str, str], reason: str
) -> None:
    """RFC 6749 §10.12, RFC 9207 §2.4."""
    sent_to = (await browser.get("/connect")).headers["Location"]

    await browser.get(provider.approve(sent_to, **changed))

    assert reason in (await browser.get("/")).text
    assert provider.token_requests == []


async def test_an_answer_is_taken_once(browser: httpx.AsyncClient, provider: Provider) -> None:
    sent_to = (await browser.get("/connect")).headers["Location"]
    back = provider.approve(sent_to)
    await browser.get(back)

    await browser.get(back)

    assert len(provider.token_requests) == 1


async def test_a_user_who_declines_is_told_that_nothing_was_connected(
    browser: httpx.AsyncClient, provider: Provider
) -> None:
    sent_to = (await browser.get("/connect")).headers["Location"]

    await browser.get(provider.decline(sent_to))

    assert "You declined, so nothing was connected." in (await browser.get("/")).text


async def test_a_refused_call_is_shown_with_its_status_and_every_fact_of_the_answer(
    browser: httpx.AsyncClient, provider: Provider
) -> None:
    provider.refused["/invoices"] = (
        403,
        {"error": "insufficient_scope", "reason": "user_lacks_permission", "permission": "invoice.read"},
    )

    page = await connect(browser, provider)

    assert "The token is good, but this is not allowed." in page
    assert "HTTP 403" in page
    assert "user_lacks_permission" in page
    assert "Bristol" in page


async def test_a_call_after_the_connection_ended_shows_the_401(browser: httpx.AsyncClient, provider: Provider) -> None:
    await connect(browser, provider)
    provider.access_tokens.clear()

    page = await press(browser, "/call")

    assert "The server does not accept our token." in page
    assert "Bearer error=&#34;invalid_token&#34;" in page
    assert "INV-1001" not in page


async def test_refreshing_replaces_both_tokens(browser: httpx.AsyncClient, provider: Provider) -> None:
    await connect(browser, provider)

    first = await press(browser, "/refresh")
    second = await press(browser, "/refresh")

    assert "The token was refreshed." in first
    assert "The token was refreshed." in second
    assert [form.get("refresh_token") for form in provider.token_requests] == [None, "rt1", "rt2"]


async def test_a_refused_refresh_says_why(browser: httpx.AsyncClient, provider: Provider) -> None:
    await connect(browser, provider)
    provider.refresh_tokens.clear()

    assert "The connection was ended." in await press(browser, "/refresh")


async def test_revoking_tells_the_server_and_forgets_the_tokens(browser: httpx.AsyncClient, provider: Provider) -> None:
    await connect(browser, provider)

    page = await press(browser, "/revoke")

    assert provider.revoked == ["rt1"]
    assert "Connect your accounts" in page
    assert "INV-1001" not in page


async def test_tokens_are_kept_where_the_server_could_not_revoke_them(
    browser: httpx.AsyncClient, provider: Provider
) -> None:
    await connect(browser, provider)
    provider.refused["/oauth/revoke"] = (503, {"error": "temporarily_unavailable"})

    page = await press(browser, "/revoke")

    assert "temporarily_unavailable" in page
    assert "Your accounts are connected" in page


@pytest.mark.parametrize("deed", ["/call", "/refresh", "/revoke"])
async def test_a_form_of_another_site_does_nothing(browser: httpx.AsyncClient, provider: Provider, deed: str) -> None:
    await connect(browser, provider)

    answer = await browser.post(deed, data={"form_token": "guessed"})

    assert answer.status_code == 403
    assert len(provider.token_requests) == 1
    assert provider.revoked == []


async def test_every_page_is_safe_to_show(browser: httpx.AsyncClient, provider: Provider) -> None:
    page = await connect(browser, provider)
    answer = await browser.get("/")

    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert "HttpOnly" in answer.headers["Set-Cookie"]
    assert not any(secret in page for secret in ("at1", "rt1", "s:cret"))
    assert (await browser.get("/style.css")).headers["Content-Type"].startswith("text/css")


async def test_an_unreachable_server_is_said_to_be_so() -> None:
    config = WebAppConfig("http://127.0.0.1:1", "http://127.0.0.1:1", "app_1", "secret", OWN_URL, ("a:read",))
    async with httpx.AsyncClient() as http:
        app = build_web_app(config, http)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=OWN_URL) as browser:
            sent_to = (await browser.get("/connect")).headers["Location"]
            await browser.get(Provider(url="http://127.0.0.1:1").approve(sent_to))
            page = (await browser.get("/")).text

    assert "The server could not be reached." in page
