"""Signatures of others. RFC 7515 §5.2 and Appendix A, RFC 8037 Appendix A."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from client_keys import ALGORITHMS, a_key
from consentry.oauth.jwk import read_public_key
from consentry.oauth.jwt import JwtFault, UnverifiedJwt, decode_base64url, decode_jwt, encode_base64url
from consentry.signature_checking import is_signed_by

PAYLOAD = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"

SIGNATURE = "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"

# RFC 7515 Appendix A.3: ECDSA on P-256.
ES256 = (
    {
        "kty": "EC",
        "crv": "P-256",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    },
    f"eyJhbGciOiJFUzI1NiJ9.{PAYLOAD}.{SIGNATURE}",
)


def decoded(text: str) -> UnverifiedJwt:
    return decode_jwt(text, algorithms=ALGORITHMS, types=(None,), key_inside=False)


def test_the_signature_of_the_specification_is_right() -> None:
    jwk, text = ES256
    jwt = decoded(text)

    assert is_signed_by(jwt, read_public_key(jwk))
    assert jwt.claims["iss"] == "joe"


def test_a_signature_changed_by_one_bit_is_wrong() -> None:
    jwk, text = ES256
    head, claims, signature = text.split(".")
    raw = bytearray(decode_base64url(signature))
    raw[7] ^= 1

    assert not is_signed_by(decoded(f"{head}.{claims}.{encode_base64url(bytes(raw))}"), read_public_key(jwk))


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_what_another_library_signed_is_right_and_only_under_its_own_key(algorithm: str) -> None:
    jwt = decoded(a_key(algorithm).sign({"sub": "a"}))

    for other in ALGORITHMS:
        key = read_public_key(a_key(other).public)
        assert is_signed_by(jwt, key) == (other == algorithm)
    assert not is_signed_by(jwt, read_public_key(a_key(algorithm, 2).public))


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_signature_of_another_length_is_wrong(algorithm: str) -> None:
    head, claims, _ = a_key(algorithm).sign({"sub": "a"}).split(".")
    key = read_public_key(a_key(algorithm).public)

    for length in (0, 1, 32, 63, 65, 128, 255, 257, 512):
        assert not is_signed_by(decoded(f"{head}.{claims}.{encode_base64url(bytes(length))}"), key)


def test_a_point_that_is_not_on_the_curve_checks_nothing() -> None:
    key = read_public_key({"kty": "EC", "crv": "P-256", "x": ES256[0]["x"], "y": ES256[0]["x"]})

    assert not is_signed_by(decoded(ES256[1]), key)


@given(st.binary(max_size=200))
def test_base64url_has_one_text_for_each_value(raw: bytes) -> None:
    text = encode_base64url(raw)

    assert decode_base64url(text) == raw
    for other in (text + "=", text + "A", "+" + text, text + "\n"):
        try:
            assert decode_base64url(other) != raw
        except JwtFault:
            continue


@given(st.text(max_size=300))
def test_whatever_is_sent_it_is_read_or_refused(text: str) -> None:
    try:
        decoded(text)
    except JwtFault:
        return


@given(st.binary(max_size=100), st.binary(max_size=100))
def test_whatever_is_inside_it_is_read_or_refused(header: bytes, claims: bytes) -> None:
    try:
        decoded(f"{encode_base64url(header)}.{encode_base64url(claims)}.AAAA")
    except JwtFault:
        return
