"""An authorization request may be posted. OpenID Connect Core 1.0 §3.1.2.1."""

from collections.abc import Iterator
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import pytest

from live_server import RegisteredClient, Site
from user_agent import UserAgent, authorize_url, query_of


@pytest.fixture(scope="module")
def app(site: Site) -> RegisteredClient:
    return site.add_app()


@pytest.fixture
def ana(site: Site, app: RegisteredClient) -> Iterator[UserAgent]:
    with UserAgent(site) as agent:
        agent.sign_in(site.ana)
        agent.approve(app)
        yield agent


def posted(agent: UserAgent, pairs: list[tuple[str, str]]) -> httpx.Response:
    """Send the form as the app's own page does: without our cookies, which a form of another site does not bring."""
    with httpx.Client(base_url=agent.site.issuer) as http:
        headers = {"Origin": "https://client.test", "Content-Type": "application/x-www-form-urlencoded"}
        return http.post("/oauth/authorize", content=urlencode(pairs), headers=headers)


def request_of(site: Site, app: RegisteredClient) -> list[tuple[str, str]]:
    return parse_qsl(urlsplit(authorize_url(site.issuer, app)).query)


@pytest.mark.shows("OIDC Core §3.1.2.1 get-post", "RFC 9700 §4.12 no-307")
def test_a_posted_request_is_answered_as_the_same_by_get(site: Site, app: RegisteredClient, ana: UserAgent) -> None:
    pairs = request_of(site, app)

    sent_on = posted(ana, pairs)

    assert sent_on.status_code == 303
    assert parse_qsl(urlsplit(sent_on.headers["location"]).query) == pairs
    answer = query_of(ana.get(sent_on.headers["location"]).headers["location"])
    assert answer["code"]
    assert answer["state"] == dict(pairs)["state"]


def test_it_may_ask_for_a_parameter_twice_no_more_than_by_get(
    site: Site, app: RegisteredClient, ana: UserAgent
) -> None:
    sent_on = posted(ana, [*request_of(site, app), ("scope", "contacts:read")])

    answer = query_of(ana.get(sent_on.headers["location"]).headers["location"])
    assert answer["error"] == "invalid_request"


def test_ru_01_nobody_is_sent_to_an_address_that_is_not_registered(
    site: Site, app: RegisteredClient, ana: UserAgent
) -> None:
    pairs = dict(request_of(site, app)) | {"redirect_uri": "https://evil.test/cb"}

    sent_on = posted(ana, list(pairs.items()))

    answer = ana.get(sent_on.headers["location"])
    assert (answer.status_code, "location" in answer.headers) == (400, False)


def test_tk_06_what_proves_a_client_does_not_come_into_an_address(
    site: Site, app: RegisteredClient, ana: UserAgent
) -> None:
    sent_on = posted(ana, [*request_of(site, app), ("client_secret", app.secret or "")])

    assert (app.secret or "-") not in sent_on.headers["location"]


def test_another_body_than_a_form_is_refused(site: Site) -> None:
    assert httpx.post(f"{site.issuer}/oauth/authorize", json={}).status_code == 415
