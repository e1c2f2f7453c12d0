"""The key set that checks our signatures, over real HTTP. RFC 7517 §5, §9.3; RFC 7518 §6.2.1."""

import httpx
import pytest

from live_server import Site

PATH = "/oauth/jwks"
MARKS = {"kty", "kid", "use", "alg"}
PUBLIC = {"ES256": {"crv", "x", "y"}, "RS256": {"n", "e"}, "EdDSA": {"crv", "x"}}


@pytest.mark.shows("OpenID Connect Core §10.1 key-set", "OpenID Connect Discovery §3 jwks-public")
def test_jw_13_the_key_set_has_public_members_only(site: Site) -> None:
    answer = httpx.get(site.issuer + PATH)

    keys = {key["alg"]: key for key in answer.json()["keys"]}
    assert {name: set(key) - MARKS for name, key in keys.items()} == PUBLIC
    assert all(set(key) >= MARKS and key["use"] == "sig" for key in keys.values())
    assert (keys["ES256"]["kty"], keys["ES256"]["crv"]) == ("EC", "P-256")
    assert (keys["EdDSA"]["kty"], keys["EdDSA"]["crv"]) == ("OKP", "Ed25519")
    assert keys["RS256"]["kty"] == "RSA"


def test_the_key_set_is_the_same_each_time_and_may_be_kept_for_a_while_by_any_page(site: Site) -> None:
    first, second = (httpx.get(site.issuer + PATH) for _ in range(2))

    assert first.json() == second.json()
    assert first.headers["content-type"] == "application/json"
    assert first.headers["cache-control"] == "public, max-age=300"
    assert first.headers["access-control-allow-origin"] == "*"
    assert httpx.options(site.issuer + PATH).status_code == 204
    assert httpx.post(site.issuer + PATH).headers["allow"] == "GET, HEAD, OPTIONS"


def test_the_metadata_names_the_key_set(site: Site) -> None:
    metadata = httpx.get(f"{site.issuer}/.well-known/oauth-authorization-server").json()

    assert metadata["jwks_uri"] == site.issuer + PATH
