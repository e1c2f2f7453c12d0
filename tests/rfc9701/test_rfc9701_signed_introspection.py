"""Introspection answers as signed JWTs. RFC 9701."""

import json
from typing import Any

import httpx
import pytest
from joserfc import jws
from joserfc.errors import BadSignatureError
from joserfc.jwk import KeySet

from consentry.oauth.signed_introspection import MEDIA_TYPE, prefers_signed
from live_server import RegisteredClient, Site
from user_agent import connect, revoke


@pytest.fixture(scope="module")
def app(site: Site) -> RegisteredClient:
    return site.add_app()


def ask(site: Site, caller: RegisteredClient, token: str, accept: str = MEDIA_TYPE, **form: str) -> httpx.Response:
    return httpx.post(
        f"{site.issuer}/oauth/introspect",
        data={"token": token, **form},
        auth=caller.basic,
        headers={"Accept": accept},
    )


def opened(site: Site, answer: httpx.Response) -> tuple[dict[str, Any], dict[str, Any]]:
    """The header and the claims of an answer, its signature checked with the keys that the metadata leads to."""
    metadata = httpx.get(f"{site.issuer}/.well-known/oauth-authorization-server").json()
    keys = KeySet.import_key_set(httpx.get(metadata["jwks_uri"]).json())
    [algorithm] = metadata["introspection_signing_alg_values_supported"]
    found = jws.deserialize_compact(answer.text, keys, algorithms=[algorithm])
    return dict(found.protected), json.loads(found.payload)


@pytest.mark.shows("RFC 9701 §7 metadata")
@pytest.mark.shows("RFC 9701 §5 type", "RFC 9701 §5 claims", "RFC 9701 §5 no-exp", "RFC 9701 §5 signed")
def test_an_answer_is_signed_where_it_is_asked_for(site: Site, app: RegisteredClient) -> None:
    token = connect(site, app, site.ana)["access_token"]

    plain, signed = ask(site, site.resource, token, "application/json").json(), ask(site, site.resource, token)

    assert (signed.status_code, signed.headers["content-type"]) == (200, MEDIA_TYPE)
    assert signed.headers["cache-control"] == "no-store"
    header, claims = opened(site, signed)
    assert header["typ"] == "token-introspection+jwt"
    assert claims["iat"] > 0
    assert claims == {
        "iss": site.issuer,
        "aud": "https://api.books.test",
        "iat": claims["iat"],
        "token_introspection": plain,
    }
    assert plain["active"] is True


@pytest.mark.shows("RFC 9701 §5 signed")
def test_a_changed_answer_is_noticed(site: Site, app: RegisteredClient) -> None:
    header, payload, signature = ask(site, site.resource, connect(site, app, site.ana)["access_token"]).text.split(".")
    other = ask(site, site.resource, "x").text.split(".")[1]
    keys = KeySet.import_key_set(httpx.get(f"{site.issuer}/oauth/jwks").json())

    assert other != payload
    with pytest.raises(BadSignatureError):
        jws.deserialize_compact(f"{header}.{other}.{signature}", keys, algorithms=["ES256"])


@pytest.mark.shows("RFC 9701 §5 inactive")
def test_of_an_inactive_token_a_signed_answer_says_nothing_else_even_to_a_guard(
    site: Site, app: RegisteredClient
) -> None:
    token = connect(site, app, site.ana)["access_token"]
    revoke(site, app, token)

    for text in (token, "x"):
        _, claims = opened(site, ask(site, site.resource, text, detail="guard"))
        assert claims["token_introspection"] == {"active": False}


@pytest.mark.shows("RFC 9701 §5 aud")
def test_an_apps_answer_is_addressed_to_the_app(site: Site, app: RegisteredClient) -> None:
    token = connect(site, app, site.ana)["access_token"]

    _, claims = opened(site, ask(site, app, token))

    assert (claims["aud"], claims["token_introspection"]["active"]) == (app.client_id, True)


@pytest.mark.shows("RFC 9701 §5 authenticated")
def test_nobody_gets_a_signed_answer_without_authentication(site: Site) -> None:
    answer = httpx.post(f"{site.issuer}/oauth/introspect", data={"token": "x"}, headers={"Accept": MEDIA_TYPE})

    assert (answer.status_code, answer.headers["content-type"]) == (401, "application/json")


@pytest.mark.shows("RFC 9701 §4 accept")
@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (MEDIA_TYPE, True),
        ("Application/Token-Introspection+JWT", True),
        (f"{MEDIA_TYPE}, application/json", True),
        (f"{MEDIA_TYPE};q=0.9, application/json;q=0.5", True),
        (f"text/html, {MEDIA_TYPE} ; q=0.1", True),
        (f"{MEDIA_TYPE};q=0.5, application/json", False),
        (f"{MEDIA_TYPE};q=0", False),
        (f"{MEDIA_TYPE};q=x", False),
        (f"{MEDIA_TYPE};q=nan", False),
        ("application/jwt", False),
        ("application/json", False),
        ("application/*", False),
        ("*/*", False),
        ("", False),
    ],
)
def test_a_signed_answer_must_be_named_in_what_is_accepted(accept: str, expected: bool) -> None:  # noqa: FBT001 - a table
    assert prefers_signed(accept) is expected
