"""Pushed authorization requests over real HTTP, from the push to tokens, on either engine. RFC 9126."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import httpx
import pytest

from live_server import RegisteredClient, Site, people, serve_site
from small_world import SMALL_CATALOG
from user_agent import (
    STATE,
    UserAgent,
    authorize_url,
    connect,
    exchange,
    form_to,
    post,
    query_of,
)


@pytest.fixture(scope="module")
def app(site: Site) -> RegisteredClient:
    return site.add_app()


@pytest.fixture(scope="module")
def pushing(site: Site) -> RegisteredClient:
    """An app that must push."""
    return site.add_app(metadata={"require_pushed_authorization_requests": True})


@pytest.fixture
def agent(site: Site) -> Iterator[UserAgent]:
    with UserAgent(site) as fresh:
        yield fresh


def push(site: Site, client: RegisteredClient, **changes: str | None) -> httpx.Response:
    asked = query_of(authorize_url(site.issuer, client, **changes))
    return post(site, "/oauth/par", client, asked)


def address(site: Site, client: RegisteredClient, pushed: httpx.Response, **others: str) -> str:
    sent = {"client_id": client.client_id, "request_uri": pushed.json()["request_uri"], **others}
    return f"{site.issuer}/oauth/authorize?{urlencode(sent)}"


@pytest.mark.shows("RFC 9126 §2.2 created")
def test_the_answer_is_201_and_not_stored(site: Site, app: RegisteredClient) -> None:
    answer = push(site, app)

    assert answer.status_code == 201
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json()["request_uri"].startswith("urn:ietf:params:oauth:request_uri:")
    assert answer.json()["expires_in"] == 90
    assert answer.json().keys() == {"request_uri", "expires_in"}


@pytest.mark.shows("RFC 9126 §2.3 method", "RFC 9126 §2.1 post")
def test_only_a_posted_form_is_taken(site: Site) -> None:
    endpoint = f"{site.issuer}/oauth/par"

    assert httpx.get(endpoint).status_code == 405
    assert httpx.post(endpoint, json={}).status_code == 415


@pytest.mark.shows("RFC 9126 §2 authenticated", "RFC 9126 §2.3 errors")
def test_the_client_authenticates_as_at_the_token_endpoint(site: Site, app: RegisteredClient) -> None:
    asked = query_of(authorize_url(site.issuer, app))
    endpoint = f"{site.issuer}/oauth/par"

    by_body = httpx.post(endpoint, data={**asked, **app.post})
    wrong = httpx.post(endpoint, data=asked, auth=(app.client_id, "wrong"))
    none = httpx.post(endpoint, data=asked)

    assert by_body.status_code == 201
    for refused in (wrong, none):
        assert refused.status_code == 401
        assert refused.json()["error"] == "invalid_client"


@pytest.mark.shows("RFC 9126 §2.1 same-client")
def test_the_client_that_asks_is_the_one_that_authenticated(site: Site, app: RegisteredClient) -> None:
    other = site.add_app(name="Other")

    answer = post(site, "/oauth/par", app, {**query_of(authorize_url(site.issuer, other))})

    assert answer.status_code == 400
    assert answer.json()["error"] == "invalid_request"


@pytest.mark.shows("RFC 9126 §2.3 errors", "RFC 9126 §2.1 validated")
def test_a_bad_redirect_uri_is_told_to_the_client_alone(site: Site, app: RegisteredClient) -> None:
    answer = push(site, app, redirect_uri="https://evil.test/cb")

    assert answer.status_code == 400
    assert answer.json()["error"] == "invalid_request"
    assert "location" not in answer.headers


@pytest.mark.shows("RFC 9126 §4 used")
def test_a_person_who_is_not_signed_in_comes_back_to_what_was_pushed(
    site: Site, app: RegisteredClient, agent: UserAgent
) -> None:
    pushed = push(site, app, scope="contacts:read")

    page = agent.sign_in(site.ana, at=address(site, app, pushed))
    again = agent.get(str(page.url))
    answer = agent.answer(again)

    back = query_of(answer.headers["location"])
    assert "See your contacts" in page.text
    assert "See your invoices" not in page.text
    assert back["state"] == STATE
    tokens = exchange(site, app, back["code"]).json()
    assert tokens["scope"] == "contacts:read"


@pytest.mark.shows("RFC 9126 §4 once", "RFC 9126 §7.3 replay")
def test_pk_16_the_second_use_is_a_page_and_no_redirect(site: Site, app: RegisteredClient, agent: UserAgent) -> None:
    agent.sign_in(site.ana)
    url = address(site, app, push(site, app, prompt="consent"))
    assert agent.answer(agent.get(url)).is_redirect

    page = agent.get(url)

    assert page.status_code == 400
    assert "invalid_request_uri" in page.text
    assert "location" not in page.headers


def test_prompt_login_asks_for_the_password_once(site: Site, app: RegisteredClient, agent: UserAgent) -> None:
    agent.sign_in(site.ana)
    pushed = push(site, app, prompt="login consent")

    asked = agent.get(address(site, app, pushed))
    form = form_to(asked.text, "/sign-in")
    page = agent.submit(form, form.filled(email=site.ana.email, password=site.ana.password))

    assert urlsplit(str(page.url)).path == "/consent"
    assert agent.answer(page).is_redirect


def test_a_prompt_in_the_address_does_not_weaken_what_was_pushed(
    site: Site, app: RegisteredClient, agent: UserAgent
) -> None:
    agent.sign_in(site.ana)

    page = agent.get(address(site, app, push(site, app, prompt="login"), prompt="none", max_age="9999"))

    assert urlsplit(str(page.url)).path == "/sign-in"


def test_the_sign_in_form_may_end_at_the_app(site: Site, app: RegisteredClient, agent: UserAgent) -> None:
    connect(site, app, site.ana)

    page = agent.get(address(site, app, push(site, app)))

    assert "https:" in page.headers["content-security-policy"]
    assert app.redirect_uri.startswith("https:")


def test_switching_accounts_keeps_what_was_pushed(site: Site, app: RegisteredClient, agent: UserAgent) -> None:
    agent.sign_in(site.ana)
    page = agent.get(address(site, app, push(site, app, scope="contacts:read", prompt="consent")))
    link = page.text.split('href="/sign-in?')[1].split('"')[0].replace("&amp;", "&")
    other = site.add_person(name="Bo")

    second = agent.sign_in(other, at=f"/sign-in?{link}")

    assert "See your contacts" in second.text
    assert agent.answer(second).is_redirect


def test_declining_goes_back_with_the_state_that_was_pushed(
    site: Site, app: RegisteredClient, agent: UserAgent
) -> None:
    agent.sign_in(site.ana)
    url = address(site, app, push(site, app, prompt="consent"))

    answer = agent.answer(agent.get(url), "decline")

    back = query_of(answer.headers["location"])
    assert back["error"] == "access_denied"
    assert back["state"] == STATE
    assert agent.get(url).status_code == 400


@pytest.mark.shows("RFC 9126 §5 required")
def test_an_app_that_must_push_is_refused_otherwise(site: Site, pushing: RegisteredClient, agent: UserAgent) -> None:
    agent.sign_in(site.ana)

    plain = agent.get(authorize_url(site.issuer, pushing))
    pushed = agent.get(address(site, pushing, push(site, pushing)))

    back = query_of(plain.headers["location"])
    assert back["error"] == "invalid_request"
    assert "pushed" in back["error_description"]
    assert urlsplit(str(pushed.url)).path == "/consent"


@pytest.mark.shows("RFC 9126 §5 metadata")
def test_the_metadata_names_the_endpoint(site: Site) -> None:
    metadata = httpx.get(f"{site.issuer}/.well-known/oauth-authorization-server").json()

    assert metadata["pushed_authorization_request_endpoint"] == f"{site.issuer}/oauth/par"
    assert metadata["require_pushed_authorization_requests"] is False


@pytest.mark.shows("RFC 9126 §5 required", "RFC 9126 §5 metadata")
def test_a_server_can_ask_it_of_every_app(database_url: str, tmp_path: Path) -> None:
    settings = {"CONSENTRY_REQUIRE_PUSHED_REQUESTS": "true", "CONSENTRY_PUSHED_REQUEST_LIFETIME": "10m"}
    with serve_site(database_url, tmp_path, SMALL_CATALOG, settings=settings) as site, UserAgent(site) as agent:
        people(site)
        app = site.add_app()
        agent.sign_in(site.ana)
        metadata = httpx.get(f"{site.issuer}/.well-known/oauth-authorization-server").json()
        pushed = push(site, app)

        assert metadata["require_pushed_authorization_requests"] is True
        assert pushed.json()["expires_in"] == 600
        assert query_of(agent.get(authorize_url(site.issuer, app)).headers["location"])["error"] == "invalid_request"
        assert agent.get(address(site, app, pushed)).status_code == 200


@pytest.mark.shows("RFC 9126 §3 request-object")
def test_a_request_object_cannot_be_pushed(site: Site, app: RegisteredClient) -> None:
    form = {"response_type": "code", "redirect_uri": app.redirect_uri, "request": "eyJhbGciOiJub25lIn0.e30."}

    answer = httpx.post(f"{site.issuer}/oauth/par", data=form, auth=app.basic)

    assert (answer.status_code, answer.json()["error"]) == (400, "request_not_supported")
