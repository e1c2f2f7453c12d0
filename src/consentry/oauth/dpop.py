"""The proof that a client holds a key: its parts, and what they must say of the request. RFC 9449 §4.

The rules on the decoded parts; the signature is checked elsewhere.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from hmac import compare_digest

from consentry.oauth.bearer import MAX_TOKEN_LENGTH
from consentry.oauth.client_metadata import ASSERTION_ALGORITHMS
from consentry.oauth.jwk import PublicKey, read_public_key
from consentry.oauth.jwt import JwtFault, UnverifiedJwt, decode_jwt, encode_base64url
from consentry.oauth.uri import Uri

SCHEME = "DPoP"
"""The authentication scheme, and the type of a token that is bound to a key. RFC 9449 §5, §7.1."""

SKEW = timedelta(seconds=10)
"""How far ahead a client's clock may be."""

LIFETIME = timedelta(seconds=60)
"""How old a proof may be: long enough for a slow network and a clock that is behind. RFC 9449 §11.1."""

ALGORITHMS = " ".join(ASSERTION_ALGORITHMS)
"""The `algs` of a challenge. RFC 9449 §7.1."""

_TYPES = ("dpop+jwt",)
_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")
_JKT = re.compile(r"[A-Za-z0-9_-]{43}")
_PERCENT = re.compile(r"%([0-9A-Fa-f]{2})")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_PORTS = {"https": "443", "http": "80"}


@dataclass(frozen=True, slots=True)
class DpopProof:
    """A proof whose signature is still to be checked."""

    jwt: UnverifiedJwt
    key: PublicKey

    @property
    def jkt(self) -> str:
        """The thumbprint of the key. RFC 7638."""
        return self.key.thumbprint

    @property
    def nonce(self) -> str | None:
        """The nonce in it, if there is one; raises JwtFault for one that is no text."""
        return None if self.jwt.claims.get("nonce") is None else self.jwt.text("nonce")

    @property
    def use_id(self) -> str:
        """What is remembered of it, so that it is used once. RFC 9449 §11.1."""
        return sha256(f"proof {self.jkt} {self.jwt.text('jti')}".encode()).hexdigest()

    def until(self) -> datetime:
        """Return from when on the proof is too old anyhow."""
        issued_at = self.jwt.time("iat")
        if issued_at is None:
            raise JwtFault("needs the claim iat.")
        return issued_at + LIFETIME + SKEW


def parse_dpop_token(authorization: str) -> str | None:
    """Return the access token of an Authorization header of this scheme; None for another scheme, or no token.

    *Source:* RFC 9449 §7.1.

    >>> parse_dpop_token("DPoP cst_at_1")
    'cst_at_1'
    """
    scheme, _, token = authorization.strip(" \t").partition(" ")
    if scheme.lower() != SCHEME.lower():
        return None
    token = token.lstrip(" ")
    return token if len(token) <= MAX_TOKEN_LENGTH and _TOKEN.fullmatch(token) else None


def parse_proof(headers: Sequence[str]) -> DpopProof:
    """Take the one DPoP header apart. RFC 9449 §4.3 (1, 2, 4, 5, 7).

    Raises JwtFault, whose message continues a sentence that begins with the proof.
    """
    if len(headers) != 1 or "," in headers[0]:
        raise JwtFault("must be in one DPoP header, and in no more.")
    jwt = decode_jwt(headers[0].strip(" \t"), algorithms=ASSERTION_ALGORITHMS, types=_TYPES, key_inside=True)
    try:
        key = read_public_key(jwt.header.get("jwk"))
    except JwtFault as fault:
        raise JwtFault(f"has a bad key: the jwk {fault}") from None
    return DpopProof(jwt, key)


def require_proof_of(
    proof: DpopProof, *, method: str, url: str, now: datetime, access_token: str | None = None
) -> None:
    """Return if the claims are those of a fresh proof of this very request. RFC 9449 §4.3 (3, 8, 9, 11, 12a).

    Raises JwtFault.
    """
    jwt = proof.jwt
    jwt.text("jti")
    if jwt.text("htm") != method:
        raise JwtFault(f"is of another method: its htm must be {method}.")
    here = normalised(url)
    if here is None or normalised(_long_text(jwt, "htu")) != here:
        raise JwtFault("is of another address: its htu must be the address of the request, without query and fragment.")
    issued_at = jwt.time("iat")
    if issued_at is None or issued_at > now + SKEW:
        raise JwtFault("has no iat, or one in the future: set the client's clock.")
    if now >= issued_at + LIFETIME + SKEW:
        raise JwtFault("is too old: make a new one for each request.")
    if access_token is not None and not compare_digest(jwt.text("ath").encode(), digest_of(access_token).encode()):
        raise JwtFault("is of another access token: its ath must be the SHA-256 of the one that is sent.")


def digest_of(access_token: str) -> str:
    """Return the `ath` of an access token. RFC 9449 §4.2."""
    return encode_base64url(sha256(access_token.encode()).digest())


def parse_jkt(text: str | None) -> str | None:
    """Return the `dpop_jkt` of an authorization request. Raises JwtFault for what is no thumbprint. RFC 9449 §10."""
    if text is not None and _JKT.fullmatch(text) is None:
        raise JwtFault("must be the base64url SHA-256 thumbprint of a key: 43 characters.")
    return text


def normalised(url: str) -> str | None:
    """Return the address in the one form in which two can be compared, without query and fragment; None for no address.

    *Source:* RFC 9449 §4.3 (9), RFC 3986 §6.2.2 and §6.2.3.

    >>> normalised("HTTPS://Server.Example.com:443/a/./b/../%7ec?x#y")
    'https://server.example.com/a/~c'
    """
    uri = Uri.parse(url)
    scheme, host = (uri.scheme or "").lower(), (uri.host or "").lower()
    if scheme not in _PORTS or not host or uri.userinfo is not None or not uri.has_valid_port:
        return None
    port = "" if uri.port in {None, _PORTS[scheme]} else f":{uri.port}"
    return f"{scheme}://{host}{port}{_without_dots(_PERCENT.sub(_decoded, uri.path)) or '/'}"


def _decoded(match: re.Match[str]) -> str:
    letter = chr(int(match[1], 16))
    return letter if letter in _UNRESERVED else match[0].upper()


def _without_dots(path: str) -> str:
    """Return the path without dot segments. *Source:* RFC 3986 §5.2.4."""
    kept: list[str] = []
    segments = path.split("/")
    for number, segment in enumerate(segments):
        last = number == len(segments) - 1
        if segment == "..":
            if len(kept) > 1:
                kept.pop()
            kept += [""] if last else []
        elif segment == ".":
            kept += [""] if last else []
        else:
            kept.append(segment)
    return "/".join(kept)


def _long_text(jwt: UnverifiedJwt, name: str) -> str:
    # An address may be longer than other texts; the length of the whole bounds it.
    value = jwt.claims.get(name)
    if not isinstance(value, str) or not value:
        raise JwtFault(f"needs the claim {name}.")
    return value
