"""The call that asks to be let in: its credential, where it may stand and where not. RFC 6750 §2, OAuth 2.1 §5.1."""

import re
from collections.abc import MutableMapping, Sequence
from ipaddress import IPv4Network, IPv6Network
from typing import Any, NamedTuple
from urllib.parse import unquote_plus

from consentry.caller_address import UNKNOWN, caller_address
from consentry.gate.proved_request import Source
from consentry.model.access import Reason, Refused
from consentry.model.secret import kind_of
from consentry.oauth.bearer import parse_bearer
from consentry.oauth.dpop import parse_dpop_token
from consentry.oauth.errors import OAuthError

# Several headers that a server joined with commas, as WSGI servers do: RFC 9110 §5.3. No bearer credential holds a
# comma, and another scheme's parameters have no space after their name.
_JOINED = re.compile(r"[ \t]*bearer[ \t].*,|.*,[ \t]*[\w!#$%&'*+.^`|~-]+[ \t]+\S", re.IGNORECASE | re.DOTALL)
_TOKEN_PARAMETER = "access_token"  # noqa: S105 - the name of RFC 6750 §2.3, not a secret

_SEVERAL = Refused(Reason.MALFORMED_REQUEST, "Send one Authorization header, with one bearer credential.")
_MISSING = Refused(
    Reason.CREDENTIAL_MISSING,
    "Send an access token or an API key in the Authorization header, as Bearer and the credential.",
)
_IN_ADDRESS = Refused(
    Reason.MALFORMED_REQUEST,
    "A credential in the address is refused, because addresses are logged. "
    "Send it in the Authorization header, and revoke the one that was sent.",
)


class Call(NamedTuple):
    """What the guard looks at: every `Authorization` header, the query as sent, and the caller's network address.

    `source` is the request itself, from which the rest is read where a call brings a proof of possession.
    """

    authorization: Sequence[str]
    query: str = ""
    address: str | None = None
    source: Source | None = None


class DpopToken(NamedTuple):
    """An access token that was sent with the scheme DPoP: good only with a proof. RFC 9449 §7.1."""

    text: str


def call_of(scope: MutableMapping[str, Any], trusted_proxies: Sequence[IPv4Network | IPv6Network]) -> Call:
    """Return the call of an ASGI connection scope."""
    query = scope.get("query_string")
    address = caller_address(scope, trusted_proxies)
    return Call(
        [value.decode("latin-1") for name, value in scope["headers"] if name == b"authorization"],
        query.decode("latin-1") if query else "",
        None if address == UNKNOWN else address,
        scope,
    )


def call_of_environ(environ: MutableMapping[str, Any], trusted_proxies: Sequence[IPv4Network | IPv6Network]) -> Call:
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
        environ,
    )


def read_bearer(call: Call) -> str | DpopToken | Refused:
    """Return the one credential that was sent in the one header where it may stand.

    A credential in the address is refused even beside a good header: addresses end up in logs and histories (TN-10).
    """
    authorization, query, _, _ = call
    if query and _has_credential(query):
        return _IN_ADDRESS
    if not authorization:
        return _MISSING
    value = authorization[0]
    if len(authorization) > 1 or ("," in value and _JOINED.match(value)):
        return _SEVERAL
    try:
        return parse_bearer(value) or _read_dpop(value)
    except OAuthError as fault:
        return Refused(Reason.MALFORMED_REQUEST, fault.description)


def _read_dpop(value: str) -> DpopToken | Refused:
    token = parse_dpop_token(value)
    return _MISSING if token is None else DpopToken(token)


def _has_credential(query: str) -> bool:
    pairs = (part.partition("=") for part in query.split("&"))
    return any(
        unquote_plus(name) == _TOKEN_PARAMETER or kind_of(unquote_plus(value).lstrip()) for name, _, value in pairs
    )
