"""How introspection is asked for, over real HTTP. RFC 7662 §2.1."""

import httpx
import pytest

from live_server import RegisteredClient, Site
from user_agent import connect, introspect


@pytest.fixture(scope="module")
def app(site: Site) -> RegisteredClient:
    return site.add_app()


@pytest.mark.shows("RFC 7662 §2.1 post")
def test_a_question_is_a_form_that_is_posted(site: Site, app: RegisteredClient) -> None:
    token = connect(site, app, site.ana)["access_token"]
    url, auth = f"{site.issuer}/oauth/introspect", site.resource.basic

    assert httpx.get(url, params={"token": token}, auth=auth).status_code == 405
    assert httpx.post(url, json={"token": token}, auth=auth).status_code == 415
    assert httpx.post(url, data={"token": token}, auth=auth).json()["active"] is True


@pytest.mark.shows("RFC 7662 §2.1 hint")
@pytest.mark.parametrize("hint", ["access_token", "refresh_token", "anything"])
def test_a_hint_hides_nothing(site: Site, app: RegisteredClient, hint: str) -> None:
    token = connect(site, app, site.ana)["access_token"]

    assert introspect(site, site.resource, token, token_type_hint=hint).json()["active"] is True


@pytest.mark.shows("RFC 7662 §2.1 token-missing")
def test_a_question_about_no_token_is_an_invalid_request(site: Site) -> None:
    answer = httpx.post(
        f"{site.issuer}/oauth/introspect", data={"token_type_hint": "access_token"}, auth=site.resource.basic
    )

    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
