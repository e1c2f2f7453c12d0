"""What an ID token claims, and with what it is signed, against the examples of the specification.

OpenID Connect Core 1.0 §2, §3.1.3.6, Appendix A.
"""

import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from hmac import digest
from typing import Any

import pytest
from joserfc import jws
from joserfc.jwk import KeySet, RSAKey

from consentry.flows.signing_keys import MAX_LENGTH, SigningKeys
from consentry.oauth.client_metadata import SIGNING_ALGORITHMS
from consentry.oauth.id_token import IdToken, half_hash
from consentry.secret_source import SystemSecretSource
from consentry.storage.database import Database
from consentry.storage.signing_keys import SqlSigningKeyStore
from id_token_reader import at_hash, read_id_token
from live_server import Site
from small_world import FixedClock
from user_agent import connect

AT = datetime.fromtimestamp(1311280970, UTC)
# The example of §2, but for acr and exp, which are ours.
TOKEN = IdToken(
    issuer="https://server.example.com",
    subject="24400320",
    client_id="s6BhdRkqt3",
    issued_at=AT,
    authenticated_at=datetime.fromtimestamp(1311280969, UTC),
    session="08a5019c-17e1-4977-8f42-65a12843ea02",
    access_token="jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y",
    algorithm="RS256",
    nonce="n-0S6_WzA2Mj",
)


@pytest.mark.shows(
    "OpenID Connect Core §2 iss",
    "OpenID Connect Core §2 sub",
    "OpenID Connect Core §2 aud",
    "OpenID Connect Core §2 exp-iat",
    "OpenID Connect Core §2 auth-time",
    "OpenID Connect Core §2 nonce",
)
def test_the_claims_are_those_of_the_example() -> None:
    """OpenID Connect Core §2."""
    assert TOKEN.to_claims() == {
        "iss": "https://server.example.com",
        "sub": "24400320",
        "aud": "s6BhdRkqt3",
        "nonce": "n-0S6_WzA2Mj",
        "exp": 1311284570,
        "iat": 1311280970,
        "auth_time": 1311280969,
        "acr": "urn:consentry:acr:password",
        "amr": ["pwd"],
        "sid": "08a5019c-17e1-4977-8f42-65a12843ea02",
        "at_hash": "77QmUPtjPfzWtF2AnpK9RQ",
    }


@pytest.mark.shows("OpenID Connect Core §3.1.3.6 at-hash")
def test_at_hash_is_that_of_the_examples() -> None:
    """OpenID Connect Core Appendix A.3: its access token and its at_hash."""
    assert half_hash("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y", "RS256") == "77QmUPtjPfzWtF2AnpK9RQ"


def test_no_claim_of_the_user_takes_the_place_of_the_servers_own() -> None:
    told = replace(TOKEN, claims={"sub": "other", "aud": "other", "email": "ana@acme.test"}).to_claims()

    assert (told["sub"], told["aud"], told["email"]) == ("24400320", "s6BhdRkqt3", "ana@acme.test")


def test_the_access_token_is_not_in_the_representation() -> None:
    assert "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y" not in repr(TOKEN)


@pytest.mark.shows("OpenID Connect Core §2 signed", "OpenID Connect Core §10.1 kid", "OpenID Connect Core §15.1 rs256")
@pytest.mark.parametrize("algorithm", SIGNING_ALGORITHMS)
def test_an_id_token_is_signed_as_the_app_is_registered(site: Site, algorithm: str) -> None:
    """OpenID Connect Core §2, §10.1 and §15.1."""
    app = site.add_app(required=("openid",), optional=(), metadata={"id_token_signed_response_alg": algorithm})
    tokens = connect(site, app, site.ana, scope="openid")

    header, claims = read_id_token(site, tokens["id_token"])

    assert header["alg"] == algorithm
    assert header["kid"]
    assert claims["at_hash"] == at_hash(tokens["access_token"], algorithm)


def test_an_app_that_names_no_algorithm_gets_the_one_that_every_client_knows(site: Site) -> None:
    """OpenID Connect Dynamic Client Registration §2: the default of id_token_signed_response_alg."""
    app = site.add_app(required=("openid",), optional=())

    header, _ = read_id_token(site, connect(site, app, site.ana, scope="openid")["id_token"])

    assert header["alg"] == "RS256"


def keys_over(database: Database, clock: FixedClock) -> SigningKeys:
    return SigningKeys(SqlSigningKeyStore(database), clock, SystemSecretSource(clock), bytes(32), SIGNING_ALGORITHMS)


@pytest.mark.parametrize("algorithm", SIGNING_ALGORITHMS)
async def test_what_was_signed_here_is_known_again(database: Database, clock: FixedClock, algorithm: str) -> None:
    keys = keys_over(database, clock)
    text = await keys.sign({"sub": "usr_1", "exp": 1}, typ="JWT", algorithm=algorithm)

    assert await keys.read_signed(text, typ="JWT") == {"sub": "usr_1", "exp": 1}
    assert await keys.read_signed(text, typ="logout+jwt") is None


async def test_jw_02_to_05_nothing_but_our_own_key_and_its_own_algorithm_opens_anything(
    database: Database, clock: FixedClock
) -> None:
    keys = keys_over(database, clock)
    text = await keys.sign({"sub": "usr_1"}, typ="JWT", algorithm="RS256")
    theirs = forgeries(text, await keys.jwks())
    head, body, signature = text.split(".")

    for forged in (
        *theirs,
        f"{head}.{body}.{signature[:-4]}AAAA",
        f"{head}.e30.{signature}",
        f"{head}.{body}.",
        f"{head}.{body}",
        f"{text}.{signature}",
        "",
        "...",
        "é.é.é",
        text + "=" * MAX_LENGTH,
    ):
        assert await keys.read_signed(forged, typ="JWT") is None


def forgeries(ours: str, jwks: Mapping[str, Any]) -> list[str]:
    """Return the same claims by others: with `none`, with our public key as a secret, with a key that is brought."""
    [public] = [key for key in jwks["keys"] if key["alg"] == "RS256"]
    kid, body = public["kid"], ours.split(".")[1]
    none, confused = (part(json.dumps({"alg": name, "typ": "JWT", "kid": kid}).encode()) for name in ("none", "HS256"))
    pem = RSAKey.import_key(public).as_pem(private=False)
    own = RSAKey.generate_key(2048)
    brought = {"alg": "RS256", "typ": "JWT", "jwk": own.as_dict(private=False)}
    return [
        f"{none}.{body}.",
        f"{confused}.{body}.{part(digest(pem, f'{confused}.{body}'.encode(), 'sha256'))}",
        jws.serialize_compact({**brought, "kid": kid}, b'{"sub":"usr_1"}', own, algorithms=["RS256"]),
        jws.serialize_compact({**brought, "kid": "../../etc/passwd"}, b'{"sub":"usr_1"}', own, algorithms=["RS256"]),
    ]


def part(text: bytes) -> str:
    return urlsafe_b64encode(text).rstrip(b"=").decode()


def test_the_published_keys_check_every_algorithm(site: Site) -> None:
    keys = KeySet.import_key_set(site.run(site.deeds.signing_keys.jwks()))

    assert {key.alg for key in keys.keys} == set(SIGNING_ALGORITHMS)
