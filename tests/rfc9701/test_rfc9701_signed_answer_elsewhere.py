"""A signed answer about a token is nothing but that, wherever it is sent. RFC 9701 §8.1."""

import httpx
import pytest

from live_server import RegisteredClient, Site
from user_agent import UserAgent, authorize_url, connect, exchange, introspect, query_of


@pytest.fixture(scope="module")
def app(site: Site) -> RegisteredClient:
    return site.add_app(required=("openid",), optional=())


def userinfo(site: Site, token: str) -> httpx.Response:
    return httpx.get(f"{site.issuer}/oauth/userinfo", headers={"Authorization": f"Bearer {token}"})


@pytest.mark.shows("RFC 9701 §8.1 no-confusion")
def test_jw_07_a_signed_answer_about_a_token_opens_nothing(site: Site, app: RegisteredClient) -> None:
    token = connect(site, app, site.ana, scope="openid")["access_token"]
    accept = {"Accept": "application/token-introspection+jwt"}
    data = {"token": token}
    signed = httpx.post(f"{site.issuer}/oauth/introspect", data=data, auth=app.basic, headers=accept).text
    assert signed.count(".") == 2

    assert userinfo(site, signed).status_code == 401
    assert introspect(site, site.resource, signed).json() == {"active": False}
    assert exchange(site, app, signed).json()["error"] == "invalid_grant"
    with UserAgent(site) as agent:
        agent.sign_in(site.ana)
        answer = agent.get(authorize_url(site.issuer, app, scope="openid", prompt="none", id_token_hint=signed))
    assert "code" not in query_of(answer.headers["location"])
