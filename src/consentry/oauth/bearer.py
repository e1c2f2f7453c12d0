"""Bearer tokens in HTTP: read Authorization, write WWW-Authenticate. RFC 6750 §2.1 and §3."""

import re

from consentry.oauth.errors import ErrorCode, OAuthError
from consentry.oauth.scope import Scope

MAX_TOKEN_LENGTH = 4096
"""Longest bearer token read, in characters."""

_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")
_QUOTABLE = re.compile(r"[\x20-\x7E]*")
# RFC 6750 §3: error_description.
_DESCRIPTION = re.compile(r"[\x20\x21\x23-\x5B\x5D-\x7E]*")
# RFC 3986 §2: the characters of a URI.
_URI = re.compile(r"[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]+")


def parse_bearer(authorization: str | None) -> str | None:
    """Return the bearer token of an Authorization header, or None if there is no header or it has another scheme.

    Raises OAuthError(INVALID_REQUEST) for a token that is missing, too long or outside the grammar, such as two
    headers joined by a comma. *Source:* RFC 6750 §2.1.

    >>> parse_bearer("bearer cst_at_1")
    'cst_at_1'
    """
    scheme, _, token = (authorization or "").strip(" \t").partition(" ")
    if scheme.lower() != "bearer":
        return None
    token = token.lstrip(" ")
    if len(token) > MAX_TOKEN_LENGTH or _TOKEN.fullmatch(token) is None:
        raise OAuthError(ErrorCode.INVALID_REQUEST, "The Authorization header has no well-formed bearer token.")
    return token


def challenge(
    realm: str,
    error: ErrorCode | None,
    description: str | None,
    scope: Scope | None,
    resource_metadata: str | None = None,
    *,
    scheme: str = "Bearer",
) -> str:
    """Return the value of a WWW-Authenticate header: the challenge of one scheme.

    A request without any credential gets no error (RFC 6750 §3.1). Raises ValueError for a character that its attribute
    may not have, so that nothing can break out of the quotes; the description of an OAuthError never has one.
    *Source:* RFC 6750 §3, RFC 9728 §5.1.

    >>> challenge("consentry", ErrorCode.INVALID_TOKEN, "The token expired.", None)
    'Bearer realm="consentry", error="invalid_token", error_description="The token expired."'
    """
    attributes = [_quoted("realm", realm, _QUOTABLE)]
    if error is not None:
        attributes.append(_quoted("error", error, _DESCRIPTION))
    if description:
        attributes.append(_quoted("error_description", description, _DESCRIPTION))
    if scope:
        attributes.append(_quoted("scope", str(scope), _DESCRIPTION))
    if resource_metadata is not None:
        attributes.append(_quoted("resource_metadata", resource_metadata, _URI))
    return f"{scheme} {', '.join(attributes)}"


def _quoted(name: str, value: str, allowed: re.Pattern[str]) -> str:
    if allowed.fullmatch(value) is None:
        raise ValueError(f"{name} has a character that a WWW-Authenticate header may not have")
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'{name}="{escaped}"'
