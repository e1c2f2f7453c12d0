"""Public keys of others as they come in JSON: which are good enough, and what each is called. RFC 7517, 7518, 7638."""

import json
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any, NamedTuple

from consentry.oauth.client_metadata import ASSERTION_ALGORITHMS
from consentry.oauth.jwt import JwtFault, decode_base64url, encode_base64url, parse_json_object

MAX_JWKS_LENGTH = 64 * 1024
"""Longest key set read, in bytes."""

MAX_KEYS = 20
"""Most keys of one set."""

RSA_BITS = (2048, 8192)
"""The least and the most bits of an RSA modulus. RFC 7518 §3.3 asks for the least; the most bounds the work."""

_PRIVATE = ("d", "p", "q", "dp", "dq", "qi", "oth", "k")
_COORDINATE_BYTES = 32
_ALGORITHMS = {"EC": ("ES256",), "RSA": ("RS256", "PS256"), "OKP": ("EdDSA",)}
_CURVES = {"EC": "P-256", "OKP": "Ed25519"}
# RFC 7638 §3.2, RFC 8037 §2: what makes a key the key that it is, in the order of the letters.
_REQUIRED = {"EC": ("crv", "kty", "x", "y"), "RSA": ("e", "kty", "n"), "OKP": ("crv", "kty", "x")}
_LARGEST_EXPONENT_BYTES = 4
_KID_LENGTH = 512


class PublicKey(NamedTuple):
    """A key that may check signatures: its kind, and the numbers that make it (EC: x, y; RSA: n, e; OKP: x)."""

    kty: str
    numbers: tuple[bytes, ...]
    kid: str | None
    algorithms: tuple[str, ...]
    thumbprint: str


def read_public_key(jwk: object) -> PublicKey:
    """Return the key.

    Raises JwtFault, whose message continues a sentence that begins with the key: for one of an unknown kind, one with a
    private or symmetric half in it, one that is too weak (threats JW-12), and one that is meant for something else.
    """
    if not isinstance(jwk, dict):
        raise JwtFault("is not a JSON object.")
    kty = jwk.get("kty")
    if not isinstance(kty, str) or kty not in _ALGORITHMS:
        raise JwtFault("must have the kty EC, RSA or OKP.")
    if any(name in jwk for name in _PRIVATE):
        raise JwtFault("has private members: only its public half may leave its owner.")
    if kty in _CURVES and jwk.get("crv") != _CURVES[kty]:
        raise JwtFault(f"must have the crv {_CURVES[kty]}.")
    numbers = _rsa_numbers(jwk) if kty == "RSA" else _coordinates(jwk, ("x", "y") if kty == "EC" else ("x",))
    kid = jwk.get("kid")
    if kid is not None and (not isinstance(kid, str) or len(kid) > _KID_LENGTH):
        raise JwtFault(f"has a kid that is no text of at most {_KID_LENGTH} characters.")
    return PublicKey(kty, numbers, kid, _algorithms(jwk, kty), _thumbprint(jwk, kty))


def read_key_set(text: str | bytes) -> tuple[PublicKey, ...]:
    """Return the keys of a set that can be used here; the others are passed over (RFC 7517 §5).

    Raises JwtFault, whose message continues a sentence that begins with the key set.
    """
    keys = []
    for jwk in _members(text):
        try:
            keys.append(read_public_key(jwk))
        except JwtFault:
            continue
    return tuple(keys)


def find_key_set_fault(text: str) -> str | None:
    """Return a sentence that says why a client may not register this key set, or None. *Source:* RFC 7591 §2.

    A private or symmetric key, or a weak one, is refused whatever stands beside it.
    """
    try:
        members = _members(text)
    except JwtFault as fault:
        return f"The key set {fault}"
    if not members:
        return "The key set must hold at least one key."
    kids: set[str] = set()
    for number, jwk in enumerate(members, start=1):
        try:
            key = read_public_key(jwk)
        except JwtFault as fault:
            return f"Key {number} of the key set {fault}"
        if key.kid is not None and key.kid in kids:
            return f"Key {number} of the key set has the kid of another."
        kids |= {key.kid} if key.kid is not None else set()
    return None


def _members(text: str | bytes) -> Sequence[object]:
    if len(text) > MAX_JWKS_LENGTH:
        raise JwtFault(f"is longer than {MAX_JWKS_LENGTH} bytes.")
    members = parse_json_object(text).get("keys")
    if not isinstance(members, list) or len(members) > MAX_KEYS:
        raise JwtFault(f"must have a member keys, with at most {MAX_KEYS} keys.")
    return members


def _coordinates(jwk: Mapping[str, Any], names: tuple[str, ...]) -> tuple[bytes, ...]:
    found = tuple(_bytes(jwk, name) for name in names)
    # RFC 7518 §6.2.1.2: the full length, whatever zeros it begins with.
    if any(len(one) != _COORDINATE_BYTES for one in found):
        raise JwtFault(f"must have {' and '.join(names)} of {_COORDINATE_BYTES} bytes.")
    return found


def _rsa_numbers(jwk: Mapping[str, Any]) -> tuple[bytes, ...]:
    modulus, exponent = _bytes(jwk, "n"), _bytes(jwk, "e")
    least, most = RSA_BITS
    # RFC 7518 §6.3.1.1: no zeros in front, which would give one key two thumbprints.
    if modulus[:1] in {b"", b"\0"} or not least <= int.from_bytes(modulus).bit_length() <= most:
        raise JwtFault(f"must have an RSA modulus n of {least} to {most} bits.")
    if exponent[:1] in {b"", b"\0"} or len(exponent) > _LARGEST_EXPONENT_BYTES or int.from_bytes(exponent) % 2 == 0:
        raise JwtFault("must have an odd RSA exponent e of at most 32 bits, such as 65537.")
    if int.from_bytes(exponent) == 1:
        raise JwtFault("must have an odd RSA exponent e of at most 32 bits, such as 65537.")
    return modulus, exponent


def _bytes(jwk: Mapping[str, Any], name: str) -> bytes:
    value = jwk.get(name)
    if not isinstance(value, str):
        raise JwtFault(f"must have the member {name}.")
    return decode_base64url(value)


def _algorithms(jwk: Mapping[str, Any], kty: str) -> tuple[str, ...]:
    use, operations, algorithm = jwk.get("use"), jwk.get("key_ops"), jwk.get("alg")
    if (use is not None and use != "sig") or (operations is not None and "verify" not in _list(operations)):
        raise JwtFault("is not for signatures.")
    if algorithm is None:
        return _ALGORITHMS[kty]
    if algorithm not in _ALGORITHMS[kty]:
        raise JwtFault(f"must have no alg, or one of {', '.join(ASSERTION_ALGORITHMS)} that fits its kty.")
    return (algorithm,)


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _thumbprint(jwk: Mapping[str, Any], kty: str) -> str:
    members = {name: jwk[name] for name in _REQUIRED[kty]}
    return encode_base64url(sha256(json.dumps(members, separators=(",", ":"), sort_keys=True).encode()).digest())
