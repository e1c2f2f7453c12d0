"""Who is at the other end of the connection: the caller's network address, and the request's own identifier."""

from __future__ import annotations

import secrets
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.types import Scope

_REQUEST_ID_BYTES = 9
UNKNOWN = "unknown"


def caller_address(scope: Scope, trusted_proxies: Sequence[IPv4Network | IPv6Network]) -> str:
    """Return the caller's address, or `unknown`.

    `X-Forwarded-For` is believed only as far as trusted proxies wrote it: read from the right, the first address that
    is not one of theirs is the caller's.
    """
    client = scope.get("client")
    address = client[0] if client else UNKNOWN
    if not trusted_proxies or not _is_trusted(address, trusted_proxies):
        return address
    forwarded = b",".join(value for name, value in scope["headers"] if name == b"x-forwarded-for")
    for hop in reversed(forwarded.decode("latin-1").split(",")):
        candidate = hop.strip()
        if not candidate:
            break
        if not _is_trusted(candidate, trusted_proxies):
            return candidate if _is_address(candidate) else address
        address = candidate
    return address


def new_request_id() -> str:
    """Return an identifier that a person can read out to support."""
    return f"req_{secrets.token_hex(_REQUEST_ID_BYTES)}"


def _is_trusted(address: str, networks: Sequence[IPv4Network | IPv6Network]) -> bool:
    if not _is_address(address):
        return False
    parsed = ip_address(address)
    return any(parsed in network for network in networks)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
