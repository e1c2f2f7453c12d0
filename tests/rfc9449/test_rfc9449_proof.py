"""What a proof must be. RFC 9449 §4.2, §4.3, §8, §11.1."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from client_keys import ALGORITHMS, a_key, encoded, proof
from consentry.oauth.dpop import digest_of, normalised, parse_jkt
from consentry.oauth.dpop_nonce import STRETCH, DpopNonces
from consentry.oauth.jwt import JwtFault
from consentry.proof_checking import NonceNeeded, check_proof
from protocol_world import ISSUER
from small_world import FixedClock

URL = f"{ISSUER}/oauth/token"

# RFC 9449 §4.1 and §7.1: the proofs printed there, the token that the second is for, and the key's thumbprint (§6.1).
_KEY = (
    "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRj"
    "QyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19"
)
TOKEN_PROOF = (
    f"{_KEY}.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuI"
    "iwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg"
)
CALL_PROOF = (
    f"{_KEY}.eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9yZy9wcm90Z"
    "WN0ZWRyZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1OUlpS0NBcWtzbVFFbyJ9."
    "2oW9RP35yRqzhrtNP86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA"
)
EXAMPLE_TOKEN = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU"
EXAMPLE_JKT = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"


def check(text: str, clock: FixedClock, **changes: Any) -> str:
    asked: dict[str, Any] = {"method": "POST", "url": URL, "now": clock.now(), "nonces": None, **changes}
    return check_proof([text], **asked).jkt


@pytest.mark.shows("RFC 9449 §4.3 signature", "RFC 9449 §4.2 syntax", "RFC 9449 §4.3 ath")
def test_the_proofs_of_the_specification_are_right() -> None:
    at = datetime.fromtimestamp(1562262616, UTC)

    for text, method, url, token in (
        (TOKEN_PROOF, "POST", "https://server.example.com/token", None),
        (CALL_PROOF, "GET", "https://resource.example.org/protectedresource", EXAMPLE_TOKEN),
    ):
        right = check_proof([text], method=method, url=url, now=at, nonces=None, access_token=token)
        assert right.jkt == EXAMPLE_JKT
    assert digest_of(EXAMPLE_TOKEN) == "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo"


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_proof_tells_the_thumbprint_of_its_key(clock: FixedClock, algorithm: str) -> None:
    key = a_key(algorithm)

    assert check(proof(key, clock), clock) == key.key.thumbprint()


WRONG: Mapping[str, Mapping[str, Any]] = {
    "no jti": {"jti": None},
    "empty jti": {"jti": ""},
    "jti too long": {"jti": "x" * 513},
    "jti that is no text": {"jti": 1},
    "no htm": {"htm": None},
    "another method": {"htm": "GET"},
    "the method in small letters": {"htm": "post"},
    "no htu": {"htu": None},
    "another address": {"htu": f"{ISSUER}/oauth/revoke"},
    "another host": {"htu": "https://other.test/oauth/token"},
    "another scheme": {"htu": URL.replace("https", "http")},
    "another port": {"htu": f"{ISSUER}:8443/oauth/token"},
    "no scheme": {"htu": URL.removeprefix("https:")},
    "a path alone": {"htu": "/oauth/token"},
    "a slash more": {"htu": f"{URL}/"},
    "htu that is no text": {"htu": [URL]},
    "no iat": {"iat": None},
    "iat that is no number": {"iat": "now"},
}


@pytest.mark.shows("RFC 9449 §4.3 claims", "RFC 9449 §4.3 htm", "RFC 9449 §4.3 htu", "RFC 9449 §11.6 cross-origin")
@pytest.mark.parametrize("changes", WRONG.values(), ids=WRONG.keys())
def test_jw_10_a_proof_of_another_request_is_refused(clock: FixedClock, changes: Mapping[str, Any]) -> None:
    with pytest.raises(JwtFault):
        check(proof(a_key(), clock, **changes), clock)


@pytest.mark.shows("RFC 9449 §4.3 htu")
@pytest.mark.parametrize(
    "htu",
    [
        f"{URL}?a=1#b",
        URL.replace("https://", "HTTPS://"),
        URL.replace("connect.books.test", "Connect.BOOKS.test:443"),
        URL.replace("/token", "/./x/../token"),
        URL.replace("token", "%74oken"),
    ],
)
def test_the_address_is_compared_after_normalisation(clock: FixedClock, htu: str) -> None:
    assert check(proof(a_key(), clock, htu=htu), clock)


@pytest.mark.parametrize(
    ("url", "form"),
    [
        ("https://a.test", "https://a.test/"),
        ("https://a.test/?x", "https://a.test/"),
        ("http://A.test:80/B", "http://a.test/B"),
        ("https://a.test:80/", "https://a.test:80/"),
        ("https://a.test/%2f%2F%c3%a9", "https://a.test/%2F%2F%C3%A9"),
        ("https://a.test/a/../../b", "https://a.test/b"),
        ("https://a.test/a/..", "https://a.test/"),
        ("https://a.test/a/.", "https://a.test/a/"),
        ("https://a.test/%2e%2e/a", "https://a.test/a"),
        ("https://[::1]:8443/a", "https://[::1]:8443/a"),
        ("https://u@a.test/", None),
        ("https:///a", None),
        ("ftp://a.test/", None),
        ("https://a.test:99999/", None),
        ("", None),
    ],
)
def test_the_one_form_of_an_address(url: str, form: str | None) -> None:
    assert normalised(url) == form


@given(st.text(max_size=100))
def test_the_one_form_of_an_address_is_its_own(path: str) -> None:
    once = normalised(f"https://a.test/{path}")

    assert once is not None
    assert normalised(once) == once


@pytest.mark.shows("RFC 9449 §4.3 iat", "RFC 9449 §11.1 replay")
@pytest.mark.parametrize(("seconds", "accepted"), [(10, True), (11, False), (-69, True), (-70, False)])
def test_jw_06_a_proof_is_of_now(clock: FixedClock, seconds: int, *, accepted: bool) -> None:
    text = proof(a_key(), clock, iat=int(clock.now().timestamp()) + seconds)

    if accepted:
        assert check(text, clock)
    else:
        with pytest.raises(JwtFault):
            check(text, clock)


@pytest.mark.shows("RFC 9449 §4.3 ath")
@pytest.mark.parametrize("ath", [None, "", digest_of("another"), "é", 7])
def test_jw_10_a_proof_of_another_token_is_refused(clock: FixedClock, ath: object) -> None:
    with pytest.raises(JwtFault):
        check(proof(a_key(), clock, ath=ath), clock, access_token="cst_at_1")


HEADERS: Mapping[str, Mapping[str, Any]] = {
    "no type": {"typ": None},
    "another type": {"typ": "JWT"},
    "no algorithm": {"alg": "none"},
    "a symmetric algorithm": {"alg": "HS256"},
    "an algorithm that is not offered": {"alg": "RS512"},
    "no key": {"jwk": None},
    "the key of another": {"jwk": a_key(number=2).public},
    "a key that is no object": {"jwk": "key"},
    "a key of another kind": {"jwk": a_key("EdDSA").public},
    "a private key": {"jwk": {**a_key().public, "d": a_key().public["x"]}},
    "a symmetric key": {"jwk": {"kty": "oct", "k": "AAAA"}},
    "a key elsewhere": {"jku": "https://evil.test/jwks"},
    "a certificate elsewhere": {"x5u": "https://evil.test/cert"},
    "something critical": {"crit": ["exp"], "exp": 1},
}


@pytest.mark.shows("RFC 9449 §4.3 typ", "RFC 9449 §4.3 alg", "RFC 9449 §4.3 signature", "RFC 9449 §4.3 no-private-key")
@pytest.mark.parametrize("header", HEADERS.values(), ids=HEADERS.keys())
def test_jw_01_jw_02_jw_03_jw_04_a_proof_with_a_wrong_header_is_refused(
    clock: FixedClock, header: Mapping[str, Any]
) -> None:
    with pytest.raises(JwtFault):
        check(proof(a_key(), clock, header=header), clock)


@pytest.mark.shows("RFC 9449 §4.3 one-header", "RFC 9449 §4.3 well-formed")
def test_there_is_one_header_with_one_proof(clock: FixedClock) -> None:
    one, two = proof(a_key(), clock), proof(a_key(), clock)
    head, claims, signature = one.split(".")

    for headers in (
        [],
        [one, two],
        [one, one],
        [f"{one},{two}"],
        [f"{one}, {two}"],
        [""],
        [f"{head}.{claims}"],
        [f"{head}.{claims}.{signature}.{signature}"],
        [f"{head}.{encoded({'jti': 'x'})}.{signature}"],
        [one + "=" * 8192],
    ):
        with pytest.raises(JwtFault):
            check_proof(headers, method="POST", url=URL, now=clock.now(), nonces=None)


NONCES = DpopNonces(b"n" * 32)


@pytest.mark.shows("RFC 9449 §4.3 nonce", "RFC 9449 §8 nonce-characters")
def test_a_proof_holds_a_nonce_that_was_handed_out_not_long_ago(clock: FixedClock) -> None:
    nonce = NONCES.current(clock.now())
    assert nonce.replace("-", "a").replace("_", "a").isalnum()

    for _ in range(2):
        assert check(proof(a_key(), clock, nonce=nonce), clock, nonces=NONCES)
        clock.pass_time(STRETCH / 2)
    clock.pass_time(STRETCH)

    for wrong in (nonce, None, "", "x", DpopNonces(b"o" * 32).current(clock.now()), "é"):
        with pytest.raises(JwtFault):
            check(proof(a_key(), clock, nonce=wrong), clock, nonces=NONCES)


def test_a_wrong_nonce_is_answered_with_the_right_one(clock: FixedClock) -> None:
    with pytest.raises(NonceNeeded) as needed:
        check(proof(a_key(), clock), clock, nonces=NONCES)

    assert check(proof(a_key(), clock, nonce=needed.value.nonce), clock, nonces=NONCES)


@given(st.integers(1_700_000_000, 4_000_000_000), st.integers(0, 119))
def test_every_process_takes_the_nonce_of_every_other(moment: int, seconds: int) -> None:
    at = datetime.fromtimestamp(moment, UTC)
    nonce = DpopNonces(b"n" * 32).current(at)

    assert NONCES.accepts(nonce, at + timedelta(seconds=seconds))
    assert not NONCES.accepts(nonce, at + 2 * STRETCH)
    assert not NONCES.accepts(nonce, at - STRETCH)


@pytest.mark.parametrize("text", ["", "x" * 42, "x" * 44, "x" * 42 + "=", "é" * 43])
def test_what_is_no_thumbprint_is_refused(text: str) -> None:
    with pytest.raises(JwtFault):
        parse_jkt(text)
