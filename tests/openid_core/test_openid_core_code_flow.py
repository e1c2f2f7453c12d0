"""Signing in over real HTTP: ID tokens from codes and refreshes. OpenID Connect Core 1.0 §2, §3.1, §12."""

import time
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import httpx
import pytest

from consentry.model.access import Reason, Refused
from consentry.model.acting import member
from consentry.model.api_key import KeyDraft
from consentry.storage.database import Operation, Statement
from id_token_reader import read_id_token
from live_server import CALLBACK, Person, RegisteredClient, Site
from user_agent import UserAgent, connect, exchange, introspect, is_active, refresh

IDENTITY = ("openid", "profile", "email", "address", "phone", "offline_access")


@pytest.fixture(scope="module")
def app(site: Site) -> RegisteredClient:
    return site.add_app(required=("openid", "invoicing:read"), optional=IDENTITY[1:])


@pytest.mark.shows(
    "OpenID Connect Core §2 iss",
    "OpenID Connect Core §2 sub",
    "OpenID Connect Core §2 aud",
    "OpenID Connect Core §3.1.3.3 id-token",
)
def test_the_token_response_has_an_id_token_of_the_user_and_the_app(site: Site, app: RegisteredClient) -> None:
    """OpenID Connect Core §2 and §3.1.3.3."""
    before = int(time.time())
    tokens = connect(site, app, site.ana, scope="openid", nonce="n-0S6_WzA2Mj")

    header, claims = read_id_token(site, tokens["id_token"])

    assert header["typ"] == "JWT"
    assert claims["iss"] == site.issuer
    assert claims["sub"] == site.ana.id
    assert claims["aud"] == app.client_id
    assert before <= claims["auth_time"] <= claims["iat"] <= int(time.time())
    assert claims["exp"] == claims["iat"] + 3600
    assert claims["nonce"] == "n-0S6_WzA2Mj"
    assert claims["amr"] == ["pwd"]
    assert claims["acr"] == "urn:consentry:acr:password"
    assert claims["sid"]
    assert tokens["scope"] == "openid"
    assert not {"name", "email", "azp"} & claims.keys()


@pytest.mark.shows("OpenID Connect Core §3.1.2.1 openid")
def test_without_openid_there_is_no_id_token(site: Site, app: RegisteredClient) -> None:
    """OpenID Connect Core §3.1.2.1: a request without the scope openid is none of OpenID Connect."""
    assert "id_token" not in connect(site, app, site.ana, scope="invoicing:read")


def test_a_request_without_a_nonce_gets_none(site: Site, app: RegisteredClient) -> None:
    tokens = connect(site, app, site.ana, scope="openid")

    assert "nonce" not in read_id_token(site, tokens["id_token"])[1]


@pytest.mark.shows(
    "OpenID Connect Core §12.2 iss-sub", "OpenID Connect Core §12.2 auth-time", "OpenID Connect Core §12.2 nonce"
)
def test_a_refresh_tells_of_the_same_sign_in_and_has_no_nonce(site: Site, app: RegisteredClient) -> None:
    """OpenID Connect Core §12.2."""
    tokens = connect(site, app, site.ana, scope="openid offline_access", nonce="once")
    first = read_id_token(site, tokens["id_token"])[1]

    answer = refresh(site, app, tokens["refresh_token"])

    second = read_id_token(site, answer.json()["id_token"])[1]
    same = ("iss", "sub", "aud", "auth_time", "sid", "acr", "amr")
    assert {name: second[name] for name in same} == {name: first[name] for name in same}
    assert second["iat"] >= first["iat"]
    assert "nonce" not in second
    assert second["at_hash"] != first["at_hash"]


def test_a_refresh_that_is_narrowed_below_openid_has_no_id_token(site: Site, app: RegisteredClient) -> None:
    tokens = connect(site, app, site.ana, scope="openid invoicing:read offline_access")

    answer = refresh(site, app, tokens["refresh_token"], scope="invoicing:read")

    assert answer.status_code == 200
    assert "id_token" not in answer.json()


@pytest.mark.shows("OpenID Connect Core §11 offline-access")
def test_an_app_that_knows_of_offline_access_refreshes_only_where_it_was_granted(
    site: Site, app: RegisteredClient
) -> None:
    """OpenID Connect Core §11."""
    assert "refresh_token" not in connect(site, app, site.ana, scope="openid")
    assert "refresh_token" in connect(site, app, site.ana, scope="openid offline_access")


def test_an_app_that_does_not_know_of_offline_access_can_refresh(site: Site) -> None:
    plain = site.add_app(required=("openid",), optional=())

    tokens = connect(site, plain, site.ana, scope="openid")

    assert "id_token" in refresh(site, plain, tokens["refresh_token"]).json()


@pytest.mark.shows("OpenID Connect Core §5.3.2 sub", "OpenID Connect Core §5.4 scopes")
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_user_info_tells_what_the_scopes_open(site: Site, app: RegisteredClient, method: str) -> None:
    """OpenID Connect Core §5.3.1 and §5.4."""
    tokens = connect(site, app, site.ana, scope="openid profile email")

    answer = user_info(site, tokens, method)

    assert answer.status_code == 200
    assert answer.json() == {
        "sub": site.ana.id,
        "name": "Ana Oliveira",
        "email": site.ana.email,
        "email_verified": False,
    }
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["access-control-allow-origin"] == "*"


@pytest.mark.shows("OpenID Connect Core §16.11 token-lifetime")
def test_a_code_that_is_used_twice_ends_what_it_gave(site: Site, app: RegisteredClient) -> None:
    """RFC 6749 §4.1.2, as the basic plan's module of that name asks."""
    with UserAgent(site) as agent:
        agent.sign_in(site.ana)
        code = agent.approve(app, scope="openid", redirect_uri=CALLBACK)["code"]
    tokens = exchange(site, app, code).json()
    assert user_info(site, tokens).status_code == 200

    assert exchange(site, app, code).json()["error"] == "invalid_grant"

    assert user_info(site, tokens).status_code == 401


def test_rt_09_refresh_tokens_stop_when_the_user_withdraws_offline_access(site: Site, app: RegisteredClient) -> None:
    """Threat RT-09: the connection without it lives on, and its access tokens with it."""
    person = site.add_person()
    tokens = connect(site, app, person, scope="openid invoicing:read offline_access")
    assert refresh(site, app, tokens["refresh_token"]).status_code == 200

    withdraw(site, person, "offline_access")

    answer = refresh(site, app, tokens["refresh_token"])
    assert answer.status_code == 400
    assert answer.json()["error"] == "invalid_grant"
    assert user_info(site, tokens).status_code == 200


def test_jw_07_an_id_token_opens_nothing(site: Site, app: RegisteredClient) -> None:
    """Threat JW-07: an ID token is no access token, at UserInfo, at introspection and at the guard."""
    tokens = connect(site, app, site.ana, scope="openid invoicing:read")
    id_token = tokens["id_token"]

    assert user_info(site, {"access_token": id_token}).status_code == 401
    assert not is_active(site, id_token)
    answer = site.run(site.deeds.check_bearer.check(id_token))
    assert isinstance(answer, Refused)
    assert answer.reason is Reason.MALFORMED_CREDENTIAL


@pytest.mark.shows("OpenID Connect Core §5.3.3 errors", "OpenID Connect Core §5.3 bearer")
def test_errors_of_user_info_are_those_of_bearer_tokens(site: Site, app: RegisteredClient) -> None:
    """OpenID Connect Core §5.3.3, RFC 6750 §3."""
    without = connect(site, app, site.ana, scope="invoicing:read")

    missing = httpx.get(f"{site.issuer}/oauth/userinfo")
    wrong = user_info(site, {"access_token": "cst_at_nothing"})
    narrow = user_info(site, without)

    assert missing.status_code == 401
    assert missing.headers["www-authenticate"].startswith('Bearer realm="consentry"')
    assert "error" not in missing.headers["www-authenticate"]
    assert wrong.status_code == 401
    assert 'error="invalid_token"' in wrong.headers["www-authenticate"]
    assert narrow.status_code == 403
    assert 'error="insufficient_scope"' in narrow.headers["www-authenticate"]
    assert 'scope="openid"' in narrow.headers["www-authenticate"]
    assert narrow.headers["access-control-expose-headers"].startswith("WWW-Authenticate")


def test_user_info_takes_the_token_in_a_form_but_in_one_place_only_and_never_in_the_address(
    site: Site, app: RegisteredClient
) -> None:
    """RFC 6750 §2, §2.2 and §5.3."""
    tokens = connect(site, app, site.ana, scope="openid")
    url, token = f"{site.issuer}/oauth/userinfo", tokens["access_token"]
    header = {"Authorization": f"Bearer {token}"}

    assert httpx.post(url, data={"access_token": token}).json()["sub"] == site.ana.id
    assert httpx.post(url, data={"access_token": token}, headers=header).json()["error"] == "invalid_request"
    assert httpx.get(url, params={"access_token": token}).status_code == 400
    assert httpx.post(url, json={"access_token": token}).status_code == 401
    assert httpx.post(url, content=b"x" * 9000, headers=header).status_code == 413
    assert httpx.put(url, headers=header).status_code == 405
    assert httpx.options(url).status_code == 204


def test_an_api_key_is_nobodys_sign_in(site: Site) -> None:
    acting = member(site.ana.id, site.home, frozenset({"api_key.create", "invoice.read"}))
    draft = KeyDraft("Script", ("invoice.read",), site.deeds.clock.now() + timedelta(days=1))
    key = site.run(site.deeds.api_keys.create(acting, draft)).text.reveal()

    assert user_info(site, {"access_token": key}).json()["error"] == "invalid_token"


def test_a_token_for_one_of_the_products_apis_serves_at_user_info_too(site: Site, app: RegisteredClient) -> None:
    """RFC 8707 §2.2: the server that issued it is no stranger to it."""
    tokens = connect(site, app, site.ana, scope="openid", resource="https://api.books.test")

    assert user_info(site, tokens).json()["sub"] == site.ana.id


def test_a_scope_of_openid_connect_stays_covered_at_introspection(site: Site, app: RegisteredClient) -> None:
    tokens = connect(site, app, site.ana, scope="openid email invoicing:read")

    told = introspect(site, site.resource, tokens["access_token"]).json()

    assert told["scope"] == "email invoicing:read openid"
    assert told["permissions"] == ["invoice.read"]


def withdraw(site: Site, person: Person, scope: str) -> None:
    """Take a scope off the person's connections."""

    def operation() -> Operation[None]:
        sql = "UPDATE connections SET scopes = trim(replace(' ' || scopes || ' ', $2, ' ')) WHERE user_id = $1"
        yield Statement(sql, (person.id, f" {scope} "))

    site.run(site.deeds.database.write(operation))


def user_info(site: Site, tokens: Mapping[str, Any], method: str = "GET") -> httpx.Response:
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    return httpx.request(method, f"{site.issuer}/oauth/userinfo", headers=headers)
