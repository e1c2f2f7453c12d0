"""The call that asks to be let in: its credential, where it may stand and where not. RFC 6750 §2, OAuth 2.1 §5.1."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from typing import Any
from urllib.parse import unquote_plus

from consentry.caller_address import UNKNOWN, caller_address
from consentry.model.access import Reason, Refused
from consentry.model.secret import kind_of
from consentry.oauth.bearer import parse_bearer
from consentry.oauth.errors import OAuthError

# Several headers that a server joined with commas, as WSGI servers do: RFC 9110 §5.3. No bearer credential holds a
# comma, and another scheme's parameters have no space after their name.
_JOINED = re.compile(r"[ \t]*bearer[ \t].*,|.*,[ \t]*[\w!#$%&'*+.^`|~-]+[ \t]+\S", re.IGNORECASE | re.DOTALL)
_TOKEN_PARAMETER = "access_token"  # noqa: S105 - the name of RFC 6750 §2.3, not a secret


@dataclass(frozen=True, slots=True)
class Call:
    """What the guard looks at: every `Authorization` header, the query as sent, and the caller's network address."""

    authorization: Sequence[str]
    query: str = ""
    address: str | None = None


def call_of(scope: Mapping[str, Any], trusted_proxies: Sequence[IPv4Network | IPv6Network]) -> Call:
    """Return the call of an ASGI connection scope."""
    address = caller_address(scope, trusted_proxies)
    return Call(
        tuple(value.decode("latin-1") for name, value in scope["headers"] if name == b"authorization"),
        scope.get("query_string", b"").decode("latin-1"),
        None if address == UNKNOWN else address,
    )


def call_of_environ(environ: Mapping[str, Any], trusted_proxies: Sequence[IPv4Network | IPv6Network]) -> Call:
    """Return the call of a WSGI environment, or of Django's `request.META`. PEP 3333."""
    authorization = environ.get("HTTP_AUTHORIZATION")
    remote = environ.get("REMOTE_ADDR")
    forwarded = environ.get("HTTP_X_FORWARDED_FOR", "").encode("latin-1")
    scope = {"client": (remote, 0) if remote else None, "headers": [(b"x-forwarded-for", forwarded)]}
    address = caller_address(scope, trusted_proxies)
    return Call(
        () if authorization is None else (authorization,),
        environ.get("QUERY_STRING", ""),
        None if address == UNKNOWN else address,
    )


def read_bearer(call: Call) -> str | Refused:
    """Return the one bearer credential that was sent in the one header where it may stand.

    A credential in the address is refused even beside a good header: addresses end up in logs and histories (TN-10).
    """
    if call.query and _has_credential(call.query):
        return Refused(
            Reason.MALFORMED_REQUEST,
            "A credential in the address is refused, because addresses are logged. "
            "Send it in the Authorization header, and revoke the one that was sent.",
        )
    if _are_several(call.authorization):
        return Refused(Reason.MALFORMED_REQUEST, "Send one Authorization header, with one bearer credential.")
    try:
        bearer = parse_bearer(call.authorization[0]) if call.authorization else None
    except OAuthError as fault:
        return Refused(Reason.MALFORMED_REQUEST, fault.description)
    if bearer is None:
        return Refused(
            Reason.CREDENTIAL_MISSING,
            "Send an access token or an API key in the Authorization header, as Bearer and the credential.",
        )
    return bearer


def _are_several(authorization: Sequence[str]) -> bool:
    return len(authorization) > 1 or (
        len(authorization) == 1 and "," in authorization[0] and _JOINED.match(authorization[0]) is not None
    )


def _has_credential(query: str) -> bool:
    pairs = (part.partition("=") for part in query.split("&"))
    return any(
        unquote_plus(name) == _TOKEN_PARAMETER or kind_of(unquote_plus(value).lstrip()) for name, _, value in pairs
    )
