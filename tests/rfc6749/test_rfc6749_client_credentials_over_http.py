"""An app that acts by itself, over real HTTP on either engine. RFC 6749 §4.4."""

import httpx
import pytest

from live_server import OPERATOR, RegisteredClient, Site
from user_agent import introspect, is_active, post

GRANT = {"grant_type": "client_credentials"}


@pytest.fixture(scope="module")
def robot(site: Site) -> RegisteredClient:
    app = site.add_app(name="Robot")
    site.run(site.deeds.services.members.allow(OPERATOR, app.client_id))
    return app


@pytest.mark.shows("RFC 6749 §4.4.3 no-refresh-token", "RFC 6749 §5.1 no-store")
def test_the_answer_has_an_access_token_and_no_refresh_token(site: Site, robot: RegisteredClient) -> None:
    answer = post(site, "/oauth/token", robot, GRANT)

    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json().keys() == {"access_token", "token_type", "expires_in", "scope"}
    assert answer.json()["scope"] == "contacts:read invoicing:read"


@pytest.mark.shows("RFC 9700 §4.15 impersonation")
def test_the_products_api_sees_the_app_as_its_own_user(site: Site, robot: RegisteredClient) -> None:
    token = post(site, "/oauth/token", robot, {**GRANT, "scope": "contacts:read"}).json()["access_token"]

    told = introspect(site, site.resource, token).json()

    assert told["active"] is True
    assert told["client_id"] == robot.client_id
    assert told["sub"] == f"usr_{robot.client_id.removeprefix('app_')}"
    assert told["organisation"] == site.home
    assert told["permissions"] == ["client.read"]


def test_an_app_may_give_its_token_back(site: Site, robot: RegisteredClient) -> None:
    token = post(site, "/oauth/token", robot, GRANT).json()["access_token"]
    other = post(site, "/oauth/token", robot, GRANT).json()["access_token"]

    assert post(site, "/oauth/revoke", robot, {"token": token}).status_code == 200

    assert not is_active(site, token)
    assert is_active(site, other)


@pytest.mark.shows("RFC 6749 §5.2")
def test_tk_12_an_app_that_may_not_is_told_so(site: Site) -> None:
    answer = post(site, "/oauth/token", site.add_app(), GRANT)

    assert answer.status_code == 400
    assert answer.json()["error"] == "unauthorized_client"


@pytest.mark.shows("RFC 6749 §4.4.2 authenticated", "RFC 6749 §4.4 confidential-only")
def test_a_client_id_alone_gets_nothing(site: Site, robot: RegisteredClient) -> None:
    answer = httpx.post(f"{site.issuer}/oauth/token", data={**GRANT, "client_id": robot.client_id})

    assert answer.status_code == 401
    assert answer.json()["error"] == "invalid_client"


def test_the_grant_is_told_in_the_metadata(site: Site) -> None:
    metadata = httpx.get(f"{site.issuer}/.well-known/oauth-authorization-server").json()

    assert "client_credentials" in metadata["grant_types_supported"]
