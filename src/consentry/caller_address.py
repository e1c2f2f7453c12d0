"""Who is at the other end of the connection, seen through the proxies that are trusted."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

UNKNOWN = "unknown"


def caller_address(scope: Mapping[str, Any], trusted_proxies: Sequence[IPv4Network | IPv6Network]) -> str:
    """Return the caller's address of an ASGI connection scope, or `unknown`. The rule is that of `address_of`."""
    client = scope.get("client")
    peer: str = client[0] if client else UNKNOWN
    return address_of(peer, scope["headers"], trusted_proxies) if trusted_proxies else peer


def address_of(
    peer: str, headers: Iterable[tuple[bytes, bytes]], trusted_proxies: Sequence[IPv4Network | IPv6Network]
) -> str:
    """Return the caller's address behind `peer`, which is the other end of the connection.

    `X-Forwarded-For` is believed only as far as trusted proxies wrote it: read from the right, the first address that
    is not one of theirs is the caller's.
    """
    address = peer
    if not trusted_proxies or not is_trusted(address, trusted_proxies):
        return address
    forwarded = b",".join(value for name, value in headers if name == b"x-forwarded-for")
    for hop in reversed(forwarded.decode("latin-1").split(",")):
        candidate = _without_port(hop.strip())
        if not candidate:
            break
        if not is_trusted(candidate, trusted_proxies):
            return candidate if _is_address(candidate) else address
        address = candidate
    return address


def _without_port(hop: str) -> str:
    """Return the address of `192.0.2.1:4711` and `[2001:db8::1]:4711`, as some proxies write it."""
    if hop.startswith("["):
        return hop[1:].partition("]")[0]
    return hop.partition(":")[0] if hop.count(":") == 1 else hop


def is_trusted(address: str, networks: Sequence[IPv4Network | IPv6Network]) -> bool:
    """Tell whether the address is that of a trusted proxy."""
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
