"""The signatures and keys that the specifications print are read and judged as they say. RFC 7515, 7517, 7638, 8037."""

import json
from pathlib import Path
from typing import Any

import pytest

from consentry.oauth.jwk import PublicKey, read_public_key
from consentry.oauth.jwt import JwtFault, UnverifiedJwt, decode_base64url
from consentry.signature_checking import is_signed_by

VECTORS: dict[str, Any] = json.loads((Path(__file__).parent.parent / "vectors" / "jose.json").read_text("utf-8"))


def key(name: str) -> PublicKey:
    return read_public_key(VECTORS["keys"][name])


def taken_apart(text: str) -> UnverifiedJwt:
    # The examples' payloads are older than any clock, and one is no JSON: the signature alone is looked at.
    header, payload, signature = text.split(".")
    read = json.loads(decode_base64url(header))
    return UnverifiedJwt(read, {}, f"{header}.{payload}".encode(), decode_base64url(signature))


@pytest.mark.shows("RFC 7515 §A.2", "RFC 7515 §A.3", "RFC 8037 §A.4")
@pytest.mark.parametrize("name", VECTORS["signatures"])
def test_the_printed_is_signed_by_and_no_other_is(name: str) -> None:
    text = VECTORS["signatures"][name]

    assert is_signed_by(taken_apart(text), key(name))
    changed = text[:-4] + ("A" if text[-4] != "A" else "B") + text[-3:]
    assert not is_signed_by(taken_apart(changed), key(name))
    others = [other for other in VECTORS["signatures"] if other != name]
    assert not any(is_signed_by(taken_apart(text), key(other)) for other in others)


@pytest.mark.shows("RFC 7638 §3.1", "RFC 8037 §A.3")
@pytest.mark.parametrize(("name", "thumbprint"), VECTORS["thumbprints"].items())
def test_the_printed_thumbprint_is_the_keys(name: str, thumbprint: str) -> None:
    assert key(name).thumbprint == thumbprint


@pytest.mark.shows("RFC 7517 §4.2")
def test_a_key_that_is_for_encryption_checks_no_signature() -> None:
    with pytest.raises(JwtFault, match="not for signatures"):
        key("RFC 7517 A.1 EC")


@pytest.mark.shows("RFC 7517 §4.4")
def test_a_key_that_names_an_algorithm_is_for_that_one_only() -> None:
    assert key("RFC 7517 A.1 RSA").algorithms == ("RS256",)
    assert key("RFC 7515 A.2").algorithms == ("RS256", "PS256")
