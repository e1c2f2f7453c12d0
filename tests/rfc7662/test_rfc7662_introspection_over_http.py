"""The introspection endpoint over real HTTP. RFC 7662."""

import httpx
import pytest

from live_server import RegisteredClient, Site
from user_agent import connect, introspect, revoke


@pytest.fixture(scope="module")
def app(site: Site) -> RegisteredClient:
    return site.add_app()


@pytest.mark.shows("RFC 7662 §2.2 types")
def test_an_active_token_says_what_it_may_do_now(site: Site, app: RegisteredClient) -> None:
    bo = site.add_person("bookkeeper")
    tokens = connect(site, app, bo)

    body = introspect(site, site.resource, tokens["access_token"]).json()

    assert body["active"] is True
    assert body["scope"] == "contacts:read invoicing:read"
    assert body["permissions"] == ["client.read", "invoice.read"]
    assert (body["sub"], body["organisation"], body["client_id"]) == (bo.id, site.home, app.client_id)
    assert body["connection"].startswith("con_")
    assert body["iss"] == site.issuer
    assert body["exp"] - body["iat"] == 3600


@pytest.mark.shows("RFC 7662 §2.2 inactive-alone")
def test_rv_07_a_revoked_token_says_nothing_but_that(site: Site, app: RegisteredClient) -> None:
    tokens = connect(site, app, site.ana)
    revoke(site, app, tokens["access_token"])

    answer = introspect(site, site.resource, tokens["access_token"])

    assert (answer.status_code, answer.json()) == (200, {"active": False})
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("token", ["x", "cst_at_" + "0" * 71, "é", "' OR '1'='1", "a" * 9000])
def test_a_token_that_is_none_is_inactive(site: Site, token: str) -> None:
    answer = introspect(site, site.resource, token)

    assert (answer.status_code, answer.json()) == (200, {"active": False})


@pytest.mark.shows("RFC 7662 §4 no-scanning")
def test_rv_08_an_app_learns_of_its_own_tokens_only(site: Site, app: RegisteredClient) -> None:
    tokens, stranger = connect(site, app, site.ana), site.add_app()

    assert introspect(site, stranger, tokens["access_token"]).json() == {"active": False}
    assert introspect(site, app, tokens["access_token"]).json()["active"] is True


@pytest.mark.shows("RFC 7662 §2.1 authenticated", "RFC 7662 §2.3 errors")
def test_rv_08_nobody_asks_without_a_secret(site: Site, app: RegisteredClient) -> None:
    tokens, public = connect(site, app, site.ana), site.add_app(public=True)
    address, form = f"{site.issuer}/oauth/introspect", {"token": tokens["access_token"]}

    for request in (
        {"data": form},
        {"data": {**form, "client_id": public.client_id}},
        {"data": {**form, "client_id": app.client_id}},
        {"data": {**form, "client_id": site.resource.client_id}},
        {"data": form, "auth": (app.client_id, "wrong")},
        {"data": form, "auth": (site.resource.client_id, app.secret or "")},
        {"data": form, "headers": {"Authorization": f"Bearer {tokens['access_token']}"}},
        {"data": form, "headers": {"Authorization": "Bearer cst_op_x"}},
    ):
        answer = httpx.post(address, **request)  # type: ignore[arg-type] # as httpx.post itself
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
        assert "active" not in answer.json()


@pytest.mark.shows("RFC 7662 §4 no-scanning", "RFC 7662 §4 checks")
def test_rv_08_an_api_learns_nothing_of_tokens_for_another_api(site: Site) -> None:
    other = site.add_resource("Payroll API", "https://payroll.test")
    app = site.add_app()
    tokens = connect(site, app, site.ana, resource="https://payroll.test")

    assert introspect(site, site.resource, tokens["access_token"]).json() == {"active": False}
    body = introspect(site, other, tokens["access_token"]).json()
    assert (body["active"], body["aud"]) == (True, "https://payroll.test")


@pytest.mark.parametrize(("role", "permissions"), [("reader", ["client.read", "invoice.read"]), ("owner", None)])
def test_rv_09_a_changed_role_holds_at_the_next_question(site: Site, role: str, permissions: list[str] | None) -> None:
    wide = site.add_app(required=("invoicing:write",), optional=("contacts:read",))
    bo = site.add_person("bookkeeper")
    tokens = connect(site, wide, bo, scope="invoicing:write contacts:read")
    before = introspect(site, site.resource, tokens["access_token"]).json()
    assert before["permissions"] == ["client.read", "invoice.read", "invoice.write"]

    site.set_role(bo, role)

    after = introspect(site, site.resource, tokens["access_token"]).json()
    assert after["permissions"] == (permissions or ["client.read", "invoice.read", "invoice.send", "invoice.write"])
