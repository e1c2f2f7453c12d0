"""From a sign-in at an app to the word of its end, over real HTTP. Back-Channel Logout 1.0, RP-Initiated Logout 1.0."""

import json
from base64 import urlsafe_b64decode
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest

from consentry.storage.database import Row
from consentry.web.main import app_over
from live_server import OPERATOR, RegisteredClient, Site
from protocol_world import ISSUER, build_protocol_world
from user_agent import UserAgent, exchange, form_to

AFTER = "https://client.test/bye"


@pytest.fixture(scope="module")
def app(site: Site) -> RegisteredClient:
    return add_app(site, {"backchannel_logout_uri": "https://client.test/logout"})


def add_app(site: Site, metadata: dict[str, object]) -> RegisteredClient:
    given = {"post_logout_redirect_uris": [AFTER], **metadata}
    return site.add_app(required=("openid",), optional=("invoicing:read",), metadata=given)


@pytest.fixture
def ana(site: Site) -> Iterator[UserAgent]:
    with UserAgent(site) as agent:
        agent.sign_in(site.ana)
        yield agent


def sign_in_at(agent: UserAgent, app: RegisteredClient) -> tuple[str, dict[str, Any]]:
    """Return the ID token that the app gets, and its claims."""
    code = agent.approve(app, scope="openid", nonce="n")["code"]
    token: str = exchange(agent.site, app, code).json()["id_token"]
    payload = token.split(".")[1]
    return token, json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


def rows(site: Site, sql: str, *args: str) -> Sequence[Row]:
    return site.run(site.deeds.database.read(sql, *args))


@pytest.mark.shows("Back-Channel Logout §2.1 sid", "Back-Channel Logout §2.3 all")
def test_signing_out_here_tells_the_app_of_the_session_that_its_id_token_names(
    site: Site, ana: UserAgent, app: RegisteredClient
) -> None:
    _, claims = sign_in_at(ana, app)

    page = ana.get("/settings/connections")
    form = form_to(page.text, "/sign-out")
    ana.submit(form, form.fields)

    told = rows(site, "SELECT app_id, uri, subject FROM logout_deliveries WHERE session_id = $1", claims["sid"])
    assert told == [(app.client_id, "https://client.test/logout", site.ana.id)]
    assert rows(site, "SELECT app_id FROM session_apps WHERE session_id = $1", claims["sid"]) == []


@pytest.mark.shows("RP-Initiated Logout §2 hint", "Back-Channel Logout §2.3 all")
@pytest.mark.parametrize("subject_type", ["public", "pairwise"])
@pytest.mark.parametrize("algorithm", ["ES256", "RS256", "EdDSA"])
def test_an_app_brings_its_id_token_back_and_the_others_are_told(
    site: Site, ana: UserAgent, app: RegisteredClient, subject_type: str, algorithm: str
) -> None:
    one = add_app(site, {"subject_type": subject_type, "id_token_signed_response_alg": algorithm})
    hint, _ = sign_in_at(ana, one)
    _, of_the_other = sign_in_at(ana, app)

    answer = ana.get(str(httpx.URL("/oauth/logout", params={"id_token_hint": hint, "post_logout_redirect_uri": AFTER})))

    assert answer.headers["location"] == AFTER
    told = rows(site, "SELECT app_id FROM logout_deliveries WHERE session_id = $1", of_the_other["sid"])
    assert told == [(app.client_id,)]


def test_no_app_signs_in_under_a_session_that_ended_while_its_code_was_on_the_way(
    site: Site, ana: UserAgent, app: RegisteredClient
) -> None:
    code = ana.approve(app, scope="openid")["code"]
    site.run(site.deeds.people.users.sign_out_everywhere(OPERATOR, site.ana.id))

    answer = exchange(site, app, code)

    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


@pytest.mark.shows("Back-Channel Logout §2.7 refresh-tokens")
def test_the_tokens_of_the_sign_in_end_with_it(site: Site, ana: UserAgent) -> None:
    app = add_app(site, {})
    answer = exchange(site, app, ana.approve(app, scope="openid invoicing:read")["code"]).json()
    refresh = {"grant_type": "refresh_token", "refresh_token": answer["refresh_token"]}
    assert httpx.post(f"{site.issuer}/oauth/token", data=refresh, auth=app.basic).status_code == 200

    ana.get(str(httpx.URL("/oauth/logout", params={"id_token_hint": answer["id_token"]})))

    ended = httpx.post(f"{site.issuer}/oauth/token", data=refresh, auth=app.basic)
    assert (ended.status_code, ended.json()["error"]) == (400, "invalid_grant")


@pytest.mark.shows("RP-Initiated Logout §2.1 metadata", "Back-Channel Logout §2.1 metadata")
def test_metadata_tells_of_both(site: Site) -> None:
    metadata = httpx.get(f"{site.issuer}/.well-known/openid-configuration").json()

    assert metadata["end_session_endpoint"] == f"{site.issuer}/oauth/logout"
    assert metadata["backchannel_logout_supported"] is True
    assert metadata["backchannel_logout_session_supported"] is True


@pytest.mark.shows("RP-Initiated Logout §2.1 metadata")
async def test_without_openid_connect_there_is_neither(database_path: Path) -> None:
    world = await build_protocol_world(database_path, openid_connect=False)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app_over(world.deeds)), base_url=ISSUER) as browser:
        pages = [await browser.get("/oauth/logout"), await browser.post("/oauth/logout")]
        metadata = (await browser.get("/.well-known/oauth-authorization-server")).json()
    await world.deeds.database.close()

    assert [page.status_code for page in pages] == [404, 404]
    assert not [name for name in metadata if "logout" in name or "end_session" in name]
