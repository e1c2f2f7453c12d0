"""Where OpenID Connect begins and ends, over real HTTP on either engine."""

import httpx
import pytest

from live_server import RegisteredClient, Site
from user_agent import STATE, UserAgent, authorize_url, connect, query_of, revoke


@pytest.fixture(scope="module")
def app(site: Site) -> RegisteredClient:
    return site.add_app(required=("openid", "email", "invoicing:read"), optional=())


def userinfo(site: Site, token: str | None) -> httpx.Response:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    return httpx.get(f"{site.issuer}/oauth/userinfo", headers=headers)


@pytest.mark.shows("OIDC Core §3.1.2.1 openid")
def test_without_the_scope_openid_it_is_plain_oauth(site: Site, app: RegisteredClient) -> None:
    tokens = connect(site, app, site.ana, scope="invoicing:read")

    assert "id_token" not in tokens
    assert userinfo(site, tokens["access_token"]).status_code == 403


@pytest.mark.shows("OIDC Core §3.1.2.4 consent")
def test_nothing_is_told_of_who_declines(site: Site) -> None:
    app = site.add_app(required=("openid", "email"), optional=())
    with UserAgent(site) as agent:
        page = agent.sign_in(site.ana, authorize_url(site.issuer, app, scope="openid email"))
        answer = query_of(agent.answer(page, "decline").headers["location"])

    assert answer.keys() == {"error", "error_description", "state", "iss"}
    assert (answer["error"], answer["state"]) == ("access_denied", STATE)
    assert site.ana.email not in str(answer)


@pytest.mark.shows("OIDC Core §5.3.3 errors", "RFC 6750 §3.1 nothing-sent", "RFC 6750 §3.1 insufficient-scope")
def test_userinfo_refuses_as_every_guarded_api_does(site: Site, app: RegisteredClient) -> None:
    tokens = connect(site, app, site.ana, scope="openid")
    revoke(site, app, tokens["access_token"])

    nothing, revoked = userinfo(site, None), userinfo(site, tokens["access_token"])
    narrow = userinfo(site, connect(site, app, site.ana, scope="invoicing:read")["access_token"])

    assert (nothing.status_code, "error" in nothing.headers["www-authenticate"]) == (401, False)
    assert (revoked.status_code, 'error="invalid_token"' in revoked.headers["www-authenticate"]) == (401, True)
    assert (narrow.status_code, 'error="insufficient_scope"' in narrow.headers["www-authenticate"]) == (403, True)


@pytest.mark.shows("OIDC Discovery §3 no-none-key", "OIDC Discovery §4.1 get", "RFC 8414 §2 signing-algs")
def test_none_is_no_algorithm_of_any_document(site: Site) -> None:
    documents = [
        httpx.get(f"{site.issuer}/.well-known/{name}").json()
        for name in ("openid-configuration", "oauth-authorization-server")
    ]

    for document in documents:
        algorithms = [value for name, value in document.items() if "_alg" in name]
        assert document["token_endpoint_auth_signing_alg_values_supported"]
        assert all("none" not in one for one in algorithms)


@pytest.mark.shows("OIDC Core §5.7 stable")
def test_sub_stays_when_name_and_role_change(site: Site, app: RegisteredClient) -> None:
    person = site.add_person("reader", name="Bo Berg")
    site.set_role(person, "owner")
    before = userinfo(site, connect(site, app, person, scope="openid")["access_token"]).json()["sub"]

    site.set_role(person, "bookkeeper")

    assert userinfo(site, connect(site, app, person, scope="openid")["access_token"]).json()["sub"] == before


@pytest.mark.shows("OIDC Core §9 not-shared-jwt", "OIDC Core §9 methods")
def test_a_client_authenticates_as_it_registered(site: Site) -> None:
    app = site.add_app(metadata={"token_endpoint_auth_method": "client_secret_post"})
    form = {"grant_type": "refresh_token", "refresh_token": "none"}
    shared = {
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": "eyJhbGciOiJIUzI1NiJ9.e30.c2ln",
    }
    url = f"{site.issuer}/oauth/token"

    assert httpx.post(url, data=form, auth=app.basic).json()["error"] == "invalid_client"
    assert httpx.post(url, data=form | shared | {"client_id": app.client_id}).json()["error"] == "invalid_client"
    assert httpx.post(url, data=form | {"client_id": app.client_id}).json()["error"] == "invalid_client"
    assert httpx.post(url, data=form | app.post).json()["error"] == "invalid_grant"
