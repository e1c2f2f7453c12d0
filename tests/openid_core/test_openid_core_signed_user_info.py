"""UserInfo is signed for the apps that are registered for it. OpenID Connect Core 1.0 §5.3.2."""

from typing import Any

import httpx
import pytest
from joserfc import jws, jwt
from joserfc.jwk import KeySet

from consentry.flows.jws_registry import ExactAlgorithms
from consentry.oauth.client_metadata import SIGNING_ALGORITHMS
from live_server import RegisteredClient, Site
from user_agent import UserAgent, connect

AFTER = "https://client.test/bye"


def add_app(site: Site, algorithm: str | None, **metadata: object) -> RegisteredClient:
    given = {"userinfo_signed_response_alg": algorithm, "post_logout_redirect_uris": [AFTER], **metadata}
    return site.add_app(required=("openid", "email"), optional=(), metadata=given)


def user_info(site: Site, app: RegisteredClient, **headers: str) -> httpx.Response:
    token = connect(site, app, site.ana, scope="openid email")["access_token"]
    return httpx.get(f"{site.issuer}/oauth/userinfo", headers={"Authorization": f"Bearer {token}", **headers})


@pytest.mark.shows("OpenID Connect Core §5.3.2 signed", "OpenID Connect Core §5.3.2 sub")
@pytest.mark.parametrize("subject_type", ["public", "pairwise"])
@pytest.mark.parametrize("algorithm", SIGNING_ALGORITHMS)
def test_the_answer_is_a_jwt_of_this_server_for_this_app(site: Site, algorithm: str, subject_type: str) -> None:
    app = add_app(site, algorithm, subject_type=subject_type)

    answer = user_info(site, app)

    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/jwt")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["access-control-allow-origin"] == "*"
    keys: Any = httpx.get(f"{site.issuer}/oauth/jwks").json()
    read = jwt.decode(answer.text, KeySet.import_key_set(keys), registry=ExactAlgorithms((algorithm,)))
    assert read.header["alg"] == algorithm
    assert (read.claims["iss"], read.claims["aud"]) == (site.issuer, app.client_id)
    assert read.claims["email"] == site.ana.email
    assert (read.claims["sub"] == site.ana.id) == (subject_type == "public")


@pytest.mark.shows("OpenID Connect Core §5.3.2 json")
def test_nobody_else_gets_a_jwt_whatever_they_accept(site: Site) -> None:
    answer = user_info(site, add_app(site, None), Accept="application/jwt")

    assert answer.headers["content-type"].startswith("application/json")
    assert answer.json()["email"] == site.ana.email


@pytest.mark.shows("OpenID Connect Core §5.3.3 errors")
def test_an_error_stays_json(site: Site) -> None:
    answer = httpx.get(f"{site.issuer}/oauth/userinfo", headers={"Authorization": "Bearer nonsense"})

    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_token")


def test_jw_it_is_no_id_token_and_no_hint(site: Site) -> None:
    app = add_app(site, "RS256")
    token = user_info(site, app).text

    assert jws.extract_compact(token.encode()).headers()["typ"] == "userinfo+jwt"
    with UserAgent(site) as agent:
        agent.sign_in(site.ana)
        url = httpx.URL("/oauth/logout", params={"id_token_hint": token, "post_logout_redirect_uri": AFTER})
        answer = agent.get(str(url))
    assert answer.status_code == 400
    assert "location" not in answer.headers


@pytest.mark.shows("OpenID Connect Discovery §3")
def test_the_metadata_names_the_algorithms(site: Site) -> None:
    metadata = httpx.get(f"{site.issuer}/.well-known/openid-configuration").json()

    assert metadata["userinfo_signing_alg_values_supported"] == list(SIGNING_ALGORITHMS)
