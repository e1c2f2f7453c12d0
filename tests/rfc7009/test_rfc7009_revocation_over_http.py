"""The revocation endpoint over real HTTP. RFC 7009."""

import httpx
import pytest

from live_server import RegisteredClient, Site
from user_agent import UserAgent, connect, form_to, is_active, refresh, revoke


@pytest.fixture(scope="module")
def app(site: Site) -> RegisteredClient:
    return site.add_app()


@pytest.mark.shows("RFC 7009 §2.1 at-once")
def test_rv_01_a_revoked_token_is_dead_before_the_answer(site: Site, app: RegisteredClient) -> None:
    tokens = connect(site, app, site.ana)
    assert is_active(site, tokens["access_token"])

    answer = revoke(site, app, tokens["access_token"])

    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["cache-control"] == "no-store"
    assert not is_active(site, tokens["access_token"])


@pytest.mark.shows("RFC 7009 §2.1 authenticated")
def test_rv_02_another_app_revokes_nothing(site: Site, app: RegisteredClient) -> None:
    tokens, stranger = connect(site, app, site.ana), site.add_app()

    for token in (tokens["access_token"], tokens["refresh_token"]):
        assert revoke(site, stranger, token).status_code == 200

    assert is_active(site, tokens["access_token"])
    assert refresh(site, app, tokens["refresh_token"]).status_code == 200


@pytest.mark.shows("RFC 7009 §2.1 public")
def test_rv_03_a_public_app_revokes_with_its_client_id_alone(site: Site) -> None:
    app = site.add_app(public=True)
    tokens = connect(site, app, site.ana)

    assert revoke(site, app, tokens["refresh_token"]).status_code == 200
    assert not is_active(site, tokens["access_token"])


@pytest.mark.shows("RFC 7009 §2.2 unknown-is-fine")
@pytest.mark.parametrize("token", ["xyz", "cst_at_x", "cst_rt_" + "0" * 71, "é" * 500, "' OR 1=1 --"])
def test_rv_04_a_token_that_is_none_is_as_good_as_revoked(site: Site, app: RegisteredClient, token: str) -> None:
    answer = revoke(site, app, token)

    assert (answer.status_code, answer.content) == (200, b"")


@pytest.mark.shows("RFC 7009 §2.1 refresh-token", "RFC 7009 §2.1 cascade")
@pytest.mark.parametrize("hint", ["refresh_token", "access_token", "something_else"])
def test_rv_05_with_the_refresh_token_go_the_access_tokens(site: Site, app: RegisteredClient, hint: str) -> None:
    tokens = connect(site, app, site.ana)

    revoke(site, app, tokens["refresh_token"], token_type_hint=hint)

    assert not is_active(site, tokens["access_token"])
    assert refresh(site, app, tokens["refresh_token"]).status_code == 400


def test_rv_06_other_connections_are_left_alone(site: Site, app: RegisteredClient) -> None:
    bo, other_app = site.add_person("bookkeeper"), site.add_app()
    ours = connect(site, app, site.ana)
    of_bo, of_other_app = connect(site, app, bo), connect(site, other_app, site.ana)

    with UserAgent(site) as agent:
        agent.sign_in(site.ana)
        page = agent.get("/settings/connections")
        connection = site.run(site.deeds.check_bearer.check(ours["access_token"], address=None)).connection_id
        form = form_to(page.text, "/settings/connections")
        ended = agent.submit(form, form.filled(connection=str(connection), action="disconnect"))

    assert ended.status_code == 200
    assert not is_active(site, ours["access_token"])
    assert refresh(site, app, ours["refresh_token"]).status_code == 400
    assert is_active(site, of_bo["access_token"])
    assert is_active(site, of_other_app["access_token"])


@pytest.mark.shows("RFC 7009 §2.1 authenticated", "RFC 7009 §2.2.1 errors")
def test_a_wrong_secret_revokes_nothing(site: Site, app: RegisteredClient) -> None:
    tokens = connect(site, app, site.ana)

    answer = httpx.post(
        f"{site.issuer}/oauth/revoke", data={"token": tokens["access_token"]}, auth=(app.client_id, "wrong")
    )

    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    assert is_active(site, tokens["access_token"])


@pytest.mark.shows("RFC 7009 §2.2.1 errors")
def test_a_token_must_be_named(site: Site, app: RegisteredClient) -> None:
    answer = httpx.post(f"{site.issuer}/oauth/revoke", data={"token": ""}, auth=app.basic)

    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


@pytest.mark.shows("RFC 7009 §2.1 hint")
@pytest.mark.parametrize("hint", ["access_token", "refresh_token", "anything"])
def test_a_hint_that_is_wrong_hides_no_token(site: Site, app: RegisteredClient, hint: str) -> None:
    for kind in ("access_token", "refresh_token"):
        tokens = connect(site, app, site.ana)

        assert revoke(site, app, tokens[kind], token_type_hint=hint).status_code == 200

        assert not is_active(site, tokens["access_token"])


@pytest.mark.shows("RFC 7009 §3 cors")
def test_a_page_of_another_origin_may_revoke(site: Site) -> None:
    app = site.add_app(public=True)
    token = connect(site, app, site.ana)["access_token"]
    origin = {"Origin": "https://spa.test"}
    asked = origin | {"Access-Control-Request-Method": "POST"}

    before = httpx.options(f"{site.issuer}/oauth/revoke", headers=asked)
    answer = httpx.post(f"{site.issuer}/oauth/revoke", data={**app.post, "token": token}, headers=origin)

    assert "POST" in before.headers["access-control-allow-methods"]
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, "*")
    assert not is_active(site, token)
