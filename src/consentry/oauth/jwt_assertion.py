"""A JWT by which a client proves who it is. RFC 7521 §4.2, RFC 7523 §2.2 and §3.

The rules on its decoded parts; its signature is checked elsewhere.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from consentry.oauth.client_metadata import ASSERTION_ALGORITHMS
from consentry.oauth.jwt import JwtFault, UnverifiedJwt, decode_jwt

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
"""The one `client_assertion_type` that is supported. RFC 7523 §2.2."""

SKEW = timedelta(seconds=10)
"""How far a client's clock may be off. RFC 7523 §3 (4, 5)."""

LONGEST = timedelta(hours=1)
"""How far ahead the expiry may be: so long its use must be remembered. RFC 7523 §3 (4)."""

# RFC 8725 §3.11: a proof, or a token of ours, is no assertion. The third is that of draft-ietf-oauth-rfc7523bis.
_TYPES = (None, "jwt", "client-authentication+jwt")


@dataclass(frozen=True, slots=True)
class ClientAssertion:
    """An assertion whose signature is still to be checked. `client_id` is its subject."""

    client_id: str
    jwt: UnverifiedJwt


@dataclass(frozen=True, slots=True)
class AssertionUse:
    """What is remembered of an assertion, so that it is used once: its `jti`, and until when it could be used again."""

    jti: str
    until: datetime


def parse_client_assertion(text: str) -> ClientAssertion:
    """Take the assertion apart, to learn which client it is of.

    Raises JwtFault, whose message continues a sentence that begins with the assertion.
    """
    jwt = decode_jwt(text, algorithms=ASSERTION_ALGORITHMS, types=_TYPES, key_inside=False)
    return ClientAssertion(jwt.text("sub"), jwt)


def require_assertion_claims(
    assertion: ClientAssertion, *, audiences: Collection[str], now: datetime, listed: bool = True
) -> AssertionUse:
    """Return what is to be remembered of an assertion whose claims are all right, in the order of RFC 7523 §3.

    `audiences` are what this server is called; `listed` tells whether a list of them will do. Raises JwtFault.
    """
    jwt = assertion.jwt
    # (1, 2) Issuer and subject are the client.
    if jwt.text("iss") != assertion.client_id:
        raise JwtFault("must have the client ID as iss and as sub.")
    # (3) Meant for this server and for nobody else, who could use it here in the client's place (threats TK-09).
    audience = jwt.claims.get("aud")
    named = audience if listed and isinstance(audience, list) else [audience]
    if not named or any(not isinstance(one, str) or one not in audiences for one in named):
        raise JwtFault("must have the issuer of this server as aud, and no other beside it.")
    # (4) Expires, and not in the distant future.
    expires_at = jwt.time("exp")
    if expires_at is None or expires_at + SKEW <= now:
        raise JwtFault("has expired, or has no exp.")
    if expires_at > now + LONGEST + SKEW:
        raise JwtFault("expires more than an hour from now: make a new one for each request.")
    # (5) Is valid already. (6) Was issued not in the future, and not long ago.
    for name in ("nbf", "iat"):
        at = jwt.time(name)
        if at is not None and at > now + SKEW:
            raise JwtFault(f"has an {name} in the future: set the client's clock.")
    issued_at = jwt.time("iat")
    if issued_at is not None and issued_at + LONGEST + SKEW < now:
        raise JwtFault("was issued more than an hour ago: make a new one for each request.")
    # (7) Choice: jti is needed, as in OpenID Connect Core §9, because each assertion is good for one use.
    return AssertionUse(jwt.text("jti"), expires_at + SKEW)
