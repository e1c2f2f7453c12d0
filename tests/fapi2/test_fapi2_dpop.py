"""FAPI 2.0: the modules of the suite about DPoP, at the token endpoint, with pushed requests and at UserInfo."""

import socket
import ssl
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest

from client_keys import ClientKey, encoded
from fapi2_suite import Fapi2Client, thumbprint
from openid_suite import Browser

OTHER = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"
"""The thumbprint of a key that nobody here has. RFC 9449 §6.1."""


def test_check_dpop_proof_nbf_exp(client: Fapi2Client, browser: Browser) -> None:
    """RFC 9449 §4.2 has neither, and does not forbid them."""
    now = int(time.time())
    limits = {"nbf": now, "exp": now + 300}
    url = client.metadata["token_endpoint"]

    answer = client.redeem(client.approved(browser), proofs=[client.proves(url, **limits)])

    token = answer.json()["access_token"]
    assert client.call(token, client.proof_of_call(token, **limits)).status_code == 200


@pytest.mark.shows("FAPI 2.0 §5.3.2.1 skew")
@pytest.mark.parametrize("seconds", [-10, 8], ids=["10seconds_before", "10seconds_after"])
def test_ensure_dpopproof_with_iat_succeeds(client: Fapi2Client, browser: Browser, seconds: int) -> None:
    at = int(time.time()) + seconds
    par, token_endpoint = (
        client.metadata[name] for name in ("pushed_authorization_request_endpoint", "token_endpoint")
    )
    code = client.approved(browser, proofs=[client.proves(par, iat=at)])

    token = client.redeem(code, proofs=[client.proves(token_endpoint, iat=at)]).json()["access_token"]

    assert client.call(token, client.proof_of_call(token, iat=at)).status_code == 200


@pytest.mark.shows("FAPI 2.0 §5.3.2.1 code-binding", "RFC 9449 §10 dpop-jkt", "RFC 9449 §10.1 par")
def test_ensure_dpop_auth_code_binding(client: Fapi2Client, browser: Browser) -> None:
    """The modules on the binding of codes, those that succeed and those that fail."""
    par = client.metadata["pushed_authorization_request_endpoint"]
    own, foreign = client.asks(dpop_jkt=thumbprint(client.dpop_key)), client.asks(dpop_jkt=OTHER)
    stranger = client.proves(client.metadata["token_endpoint"], key=ClientKey("ES256"))

    mismatched = client.push(foreign, proofs=[client.proves(par)])
    assert (mismatched.status_code, mismatched.json()["error"]) == (400, "invalid_dpop_proof")
    assert client.redeem(client.approved(browser, foreign)).json()["error"] == "invalid_grant"
    by_proof = client.approved(browser, proofs=[client.proves(par)])
    assert client.redeem(by_proof, proofs=[stranger]).json()["error"] == "invalid_grant"
    assert client.redeem(by_proof).status_code == 200
    assert client.redeem(client.approved(browser, own, proofs=[client.proves(par)])).status_code == 200


@pytest.mark.shows("FAPI 2.0 §5.3.2.1 sender-constrained")
def test_ensure_holder_of_key_required(client: Fapi2Client, browser: Browser) -> None:
    answer = client.redeem(client.approved(browser), proofs=())

    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


def test_access_token_type_header_case_sensitivity(client: Fapi2Client, browser: Browser) -> None:
    """RFC 9110 §11.1."""
    token = client.connected(browser)["access_token"]

    assert client.call(token, scheme="dpOp").status_code == 200


def with_header(client: Fapi2Client, token: str, **header: Any) -> str:
    return client.proof_of_call(token, header=header)


def without_alg(client: Fapi2Client, token: str) -> str:
    _, claims, signature = client.proof_of_call(token).split(".")
    return f"{encoded({'typ': 'dpop+jwt', 'jwk': client.dpop_key.public})}.{claims}.{signature}"


def unsigned(client: Fapi2Client, token: str) -> str:
    _, claims, _ = client.proof_of_call(token).split(".")
    return f"{encoded({'typ': 'dpop+jwt', 'alg': 'none', 'jwk': client.dpop_key.public})}.{claims}."


def badly_signed(client: Fapi2Client, token: str) -> str:
    signed, _, signature = client.proof_of_call(token).rpartition(".")
    return f"{signed}.{'AAAA' if signature[:4] != 'AAAA' else 'BBBB'}{signature[4:]}"


BAD_PROOFS: dict[str, Callable[[Fapi2Client, str], str]] = {
    "not well-formed": lambda one, token: one.proof_of_call(token).replace(".", ""),
    "without typ": lambda one, token: with_header(one, token, typ=None),
    "another typ": lambda one, token: with_header(one, token, typ="jwt"),
    "without alg": without_alg,
    "alg none": unsigned,
    "without jwk": lambda one, token: with_header(one, token, jwk=None),
    "private jwk": lambda one, token: with_header(one, token, jwk=one.dpop_key.key.as_dict(private=True)),
    "bad signature": badly_signed,
    "another key": lambda one, token: one.proof_of_call(token, key=ClientKey("ES256")),
    "without jti": lambda one, token: one.proof_of_call(token, jti=None),
    "without htm": lambda one, token: one.proof_of_call(token, htm=None),
    "another htm": lambda one, token: one.proof_of_call(token, htm="PUT"),
    "without htu": lambda one, token: one.proof_of_call(token, htu=None),
    "another htu": lambda one, token: one.proof_of_call(token, htu=one.metadata["token_endpoint"]),
    "without iat": lambda one, token: one.proof_of_call(token, iat=None),
    "iat an hour ago": lambda one, token: one.proof_of_call(token, iat=int(time.time()) - 3600),
    "iat in an hour": lambda one, token: one.proof_of_call(token, iat=int(time.time()) + 3600),
    "without ath": lambda one, token: one.proof_of_call(token, ath=None),
    "another ath": lambda one, token: one.proof_of_call(token, ath="x" * 43),
}


@pytest.mark.shows("FAPI 2.0 §5.3.4 constraint", "FAPI 2.0 §5.4.1 algorithms")
def test_dpop_negative_tests(client: Fapi2Client, browser: Browser) -> None:
    token = client.connected(browser)["access_token"]

    for name, make in BAD_PROOFS.items():
        refused = client.call(token, make(client, token))
        assert refused.status_code == 401, name
        assert 'error="invalid' in refused.headers["www-authenticate"], name
    two = client.call(token, client.proof_of_call(token), client.proof_of_call(token))
    once = client.proof_of_call(token)
    assert (two.status_code, client.call(token, once).status_code, client.call(token, once).status_code) == (
        401,
        200,
        401,
    )
    with client.server.http() as http:
        for scheme in ("DPoP", "Bearer"):
            bare = http.get(client.metadata["userinfo_endpoint"], headers={"authorization": f"{scheme} {token}"})
            assert bare.status_code == 401, scheme
    assert client.call(token).status_code == 200


def test_dpop_negative_tests_that_succeed(client: Fapi2Client, browser: Browser) -> None:
    """RFC 9449 §4.3: addresses are normalised, query and fragment ignored, and what is not known as well."""
    token = client.connected(browser)["access_token"]
    url = client.metadata["userinfo_endpoint"]
    parts = urlsplit(url)
    shouted = f"{parts.scheme.upper()}://{parts.netloc.upper()}{parts.path}"

    for changes in ({"htu": f"{url}?a=1#b"}, {"htu": shouted}, {"extra": "claim"}, {"header": {"extra": "header"}}):
        assert client.call(token, client.proof_of_call(token, **changes)).status_code == 200, changes


@pytest.mark.shows("FAPI 2.0 §5.2.1 tls", "FAPI 2.0 §5.2.2 ciphers")
def test_tls_12_is_spoken_with_recommended_ciphers_only(client: Fapi2Client) -> None:
    assert tls_12(client, "ECDHE+AESGCM") == "TLSv1.2"
    for ciphers in ("ECDHE+CHACHA20", "ECDHE+AES256+SHA384:!AESGCM", "ECDHE+AES128+SHA256:!AESGCM", "kRSA", "DHE"):
        with pytest.raises(ssl.SSLError):
            tls_12(client, ciphers)


def tls_12(client: Fapi2Client, ciphers: str) -> str | None:
    address = urlsplit(client.server.issuer)
    context = ssl.create_default_context(cafile=str(client.server.folder / "tls.pem"))
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(ciphers)
    with (
        socket.create_connection((str(address.hostname), address.port or 443)) as raw,
        context.wrap_socket(raw, server_hostname=address.hostname) as spoken,
    ):
        return spoken.version()
