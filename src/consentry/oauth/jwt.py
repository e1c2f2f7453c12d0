"""A signed JWT taken apart, before anybody knows whether its signature is right. RFC 7515 §3.1, RFC 7519 §7.2.

Client assertions and DPoP proofs come from strangers: every part is bounded, and nothing in them chooses where a key
comes from or which algorithm is good enough (RFC 8725 §2.1, §3.1).
"""

import binascii
import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NoReturn

MAX_LENGTH = 8192
"""Longest JWT read, in characters: room for a proof with an RSA key of 8192 bits."""

MAX_TEXT_LENGTH = 512
"""Longest text of a header or claim that means anything here, in characters."""

_BASE64URL = re.compile(r"[A-Za-z0-9_-]*")
_LATEST = 253_402_300_799  # the last second that a datetime can hold
# Where a key is, or what the rest means, is not for the sender to say (RFC 8725 §3.10; RFC 7515 §4.1.11).
_FORBIDDEN = ("jku", "x5u", "x5c", "crit", "b64", "zip")


class JwtFault(ValueError):  # noqa: N818 - a fault of the JWT, told apart from errors of ours
    """The JWT cannot be accepted. The message is a sentence for the developer of the client."""


@dataclass(frozen=True, slots=True)
class UnverifiedJwt:
    """The decoded parts: claims of a stranger, until the signature over `signed` is found right."""

    header: Mapping[str, Any]
    claims: Mapping[str, Any] = field(repr=False)
    signed: bytes = field(repr=False)
    signature: bytes = field(repr=False)

    @property
    def algorithm(self) -> str:
        """The algorithm that it says it was signed with; one of those allowed."""
        algorithm: str = self.header["alg"]
        return algorithm

    @property
    def kid(self) -> str | None:
        """Which key it says it was signed with, if it says so."""
        kid: str | None = self.header.get("kid")
        return kid

    def text(self, name: str) -> str:
        """Return the claim of this name; raises JwtFault if it is absent, empty, too long or no text."""
        value = self.claims.get(name)
        if not isinstance(value, str) or not value or len(value) > MAX_TEXT_LENGTH:
            raise JwtFault(f"needs the claim {name}: a text of 1 to {MAX_TEXT_LENGTH} characters.")
        return value

    def time(self, name: str) -> datetime | None:
        """Return the claim of this name as a time, None if it is absent; raises JwtFault if it is no time.

        *Source:* RFC 7519 §2 (NumericDate).
        """
        value = self.claims.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _LATEST:
            raise JwtFault(f"has a claim {name} that is not a number of seconds.")
        return datetime.fromtimestamp(value, UTC)


def decode_jwt(
    text: str, *, algorithms: Collection[str], types: Collection[str | None], key_inside: bool
) -> UnverifiedJwt:
    """Take a compact JWT apart.

    `types` are the values that `typ` may have, in small letters, None where it may be absent (RFC 8725 §3.11). With
    `key_inside` the header holds the public key, and otherwise must not. Raises JwtFault, whose message continues a
    sentence that begins with what the JWT is.
    """
    if len(text) > MAX_LENGTH:
        raise JwtFault(f"is longer than {MAX_LENGTH} characters.")
    parts = text.split(".")
    if len(parts) != 3:  # noqa: PLR2004 - header, claims and signature
        raise JwtFault("is not a signed JWT: three parts with dots between them.")
    header, claims = _json_object(parts[0]), _json_object(parts[1])
    if header.get("alg") not in algorithms:
        raise JwtFault(f"must be signed with one of {', '.join(algorithms)}.")
    if _type_of(header) not in types:
        raise JwtFault(f"must have the typ {' or '.join(sorted(one for one in types if one is not None))}.")
    for name in (*_FORBIDDEN, *(() if key_inside else ("jwk",))):
        if name in header:
            raise JwtFault(f"has the header {name}, which is not accepted.")
    kid = header.get("kid")
    if kid is not None and (not isinstance(kid, str) or len(kid) > MAX_TEXT_LENGTH):
        raise JwtFault("has a kid that is too long, or is no text.")
    return UnverifiedJwt(header, claims, f"{parts[0]}.{parts[1]}".encode(), decode_base64url(parts[2]))


def decode_base64url(text: str) -> bytes:
    """Return what the text without padding stands for. Raises JwtFault. *Source:* RFC 7515 §2."""
    if _BASE64URL.fullmatch(text) is None or len(text) % 4 == 1:
        raise JwtFault("has a part that is not base64url without padding.")
    try:
        decoded = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error:
        raise JwtFault("has a part that is not base64url without padding.") from None
    # Of the texts that decode to the same bytes only one is right: otherwise one proof would count as many.
    if encode_base64url(decoded) != text:
        raise JwtFault("has a part that is not base64url without padding.")
    return decoded


def encode_base64url(raw: bytes) -> str:
    """Return the text without padding. *Source:* RFC 7515 §2.

    >>> encode_base64url(bytes([3, 236, 255, 224, 193]))
    'A-z_4ME'
    """
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def parse_json_object(text: str | bytes) -> dict[str, Any]:
    """Return the object; raises JwtFault for anything else, and for a member that is there twice. RFC 7515 §4."""
    try:
        value = json.loads(text, object_pairs_hook=_without_repeats, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise JwtFault("has a part that is not a JSON object, each of whose members is there once.") from None
    if not isinstance(value, dict):
        raise JwtFault("has a part that is not a JSON object, each of whose members is there once.")
    return value


def _json_object(part: str) -> dict[str, Any]:
    return parse_json_object(decode_base64url(part))


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a member is there twice")
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _type_of(header: Mapping[str, Any]) -> str | None:
    # RFC 7515 §4.1.9: media types do not depend on case, and application/ is left out where there is no other slash.
    typ = header.get("typ")
    if typ is None:
        return None
    return typ.lower().removeprefix("application/") if isinstance(typ, str) else ""
