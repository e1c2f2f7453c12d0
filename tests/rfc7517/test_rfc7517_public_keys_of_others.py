"""Which keys of others are taken. RFC 7517 §4, §5; RFC 7518 §3.3, §6; RFC 7638; RFC 8725 §3.5."""

import json
from typing import Any

import pytest

from client_keys import ALGORITHMS, a_key, encoded_bytes
from consentry.oauth.jwk import find_key_set_fault, read_key_set, read_public_key
from consentry.oauth.jwt import JwtFault

# RFC 7638 §3.1: the example key, and its thumbprint.
EXAMPLE_RSA = {
    "kty": "RSA",
    "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjB"
    "ZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8"
    "KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_"
    "xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
    "e": "AQAB",
    "alg": "RS256",
    "kid": "2011-04-29",
}
EXAMPLE_THUMBPRINT = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"

# RFC 8037 Appendix A.2 and A.3: an Ed25519 key, and its thumbprint.
EXAMPLE_ED25519 = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
EXAMPLE_ED25519_THUMBPRINT = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


@pytest.mark.parametrize(
    ("jwk", "thumbprint"), [(EXAMPLE_RSA, EXAMPLE_THUMBPRINT), (EXAMPLE_ED25519, EXAMPLE_ED25519_THUMBPRINT)]
)
def test_the_thumbprints_of_the_specifications(jwk: dict[str, str], thumbprint: str) -> None:
    assert read_public_key(jwk).thumbprint == thumbprint


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_good_key_is_taken_and_called_as_another_library_calls_it(algorithm: str) -> None:
    key = a_key(algorithm)

    read = read_public_key(key.public)

    assert algorithm in read.algorithms
    assert read.kid == key.kid
    assert read.thumbprint == key.key.thumbprint()
    assert find_key_set_fault(json.dumps({"keys": [key.public]})) is None


EC, RSA, OKP = a_key("ES256").public, a_key("RS256").public, a_key("EdDSA").public
ZERO = encoded_bytes(bytes(32))
BAD: dict[str, Any] = {
    "no object": [],
    "no kind": {"x": EC["x"]},
    "unknown kind": {**EC, "kty": "AKP"},
    "symmetric": {"kty": "oct", "k": encoded_bytes(bytes(16))},
    "private elliptic": {**EC, "d": ZERO},
    "private RSA": {**RSA, "p": "AQAB"},
    "private Edwards": {**OKP, "d": ZERO},
    "other curve": {**EC, "crv": "P-384"},
    "no curve": {key: value for key, value in EC.items() if key != "crv"},
    "other Edwards curve": {**OKP, "crv": "Ed448"},
    "key agreement": {**OKP, "crv": "X25519"},
    "short coordinate": {**EC, "x": encoded_bytes(bytes(31))},
    "long coordinate": {**EC, "y": encoded_bytes(bytes(33))},
    "padded coordinate": {**EC, "x": EC["x"] + "="},
    "coordinate that is no text": {**EC, "x": 7},
    "missing coordinate": {key: value for key, value in EC.items() if key != "y"},
    "RSA of 1024 bits": {**RSA, "n": encoded_bytes(b"\xff" * 128)},
    "RSA of 2047 bits": {**RSA, "n": encoded_bytes(b"\x7f" + b"\xff" * 255)},
    "RSA of 8200 bits": {**RSA, "n": encoded_bytes(b"\xff" * 1025)},
    "RSA with zeros in front": {**RSA, "n": encoded_bytes(b"\0" + b"\xff" * 256)},
    "RSA with an even exponent": {**RSA, "e": "Ag"},
    "RSA with exponent one": {**RSA, "e": "AQ"},
    "RSA with a huge exponent": {**RSA, "e": encoded_bytes(b"\xff" * 100)},
    "for encryption": {**EC, "use": "enc"},
    "for signing only": {**EC, "key_ops": ["sign"]},
    "operations that are no list": {**EC, "key_ops": "verify"},
    "another algorithm": {**EC, "alg": "RS256"},
    "an algorithm of its kind that is not taken": {**RSA, "alg": "RS512"},
    "an algorithm that is no text": {**RSA, "alg": []},
    "a use that is no text": {**RSA, "use": {}},
    "long name": {**EC, "kid": "k" * 513},
    "name that is no text": {**EC, "kid": 1},
}


@pytest.mark.shows("RFC 7591 §2", "RFC 8725 §3.5")
@pytest.mark.parametrize("jwk", BAD.values(), ids=BAD.keys())
def test_jw_12_a_bad_key_is_not_taken_and_not_registered(jwk: Any) -> None:
    with pytest.raises(JwtFault):
        read_public_key(jwk)

    assert find_key_set_fault(json.dumps({"keys": [EC, jwk]}))


@pytest.mark.shows("RFC 7517 §5")
def test_a_key_that_cannot_be_used_is_passed_over_in_a_set_that_was_fetched() -> None:
    keys = read_key_set(json.dumps({"keys": [{"kty": "AKP"}, EC, {"kty": "oct", "k": "AAAA"}]}))

    assert [key.kid for key in keys] == [EC["kid"]]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"keys":{}}',
        '{"keys":[]}',
        '{"keys":[],"keys":[]}',
        json.dumps({"keys": [EC, EC]}),
        json.dumps({"keys": [{**EC, "kid": str(number)} for number in range(21)]}),
        json.dumps({"keys": [EC], "x": "x" * 70_000}),
        "[" * 5000,
        '{"keys":[NaN]}',
    ],
    ids=range(11),
)
def test_jw_12_what_is_no_key_set_is_not_registered(text: str) -> None:
    assert find_key_set_fault(text)
