"""The networks from which an API key may be used: IP addresses and CIDR blocks, written one way only.

IPv4 addresses that come wrapped in IPv6 (`::ffff:192.0.2.1`, RFC 4291 §2.5.5.2) are the IPv4 addresses they stand for.
"""

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import TypeAlias

from consentry.model.faults import Fault

NETWORKS_MOST = 50
FIELD = "allowed_networks"

_Network: TypeAlias = IPv4Network | IPv6Network
_MAPPED = IPv6Network("::ffff:0:0/96")
_LONGEST_ENTRY = 64


class NetworkFormError(ValueError):
    """The text is no address or block that can be used; the message says what to write instead."""


def read_networks(lines: Iterable[str]) -> tuple[tuple[str, ...], tuple[Fault, ...]]:
    """Return the networks of `lines` in their one way of writing, each once, and a fault for each bad line.

    Empty lines are skipped. The field of a fault is `allowed_networks.n`, n counted from 0 over all lines.
    """
    networks: dict[str, None] = {}
    faults: list[Fault] = []
    for number, line in enumerate(lines):
        if not line.strip():
            continue
        try:
            networks[str(parse_network(line))] = None
        except NetworkFormError as error:
            faults.append(Fault(f"{FIELD}.{number}", str(error)))
    if len(networks) > NETWORKS_MOST:
        faults.append(Fault(FIELD, f"Too many networks: use at most {NETWORKS_MOST}, or larger blocks."))
    return tuple(networks), tuple(faults)


def parse_network(text: str) -> _Network:
    """Return the address or CIDR block; a single address is a block of one.

    Raises NetworkFormError.
    """
    entry = text.strip()
    if len(entry) > _LONGEST_ENTRY or "%" in entry:
        raise NetworkFormError(_unreadable(entry))
    try:
        network = ip_network(entry)
    except ValueError:
        raise NetworkFormError(_unreadable(entry)) from None
    if isinstance(network, IPv6Network) and network.subnet_of(_MAPPED):
        network = IPv4Network((int(network.network_address) & 0xFFFF_FFFF, network.prefixlen - 96))
    if network.prefixlen == 0:
        raise NetworkFormError(f"{entry} is every address. Leave the list empty to allow every address.")
    return network


def is_allowed_address(networks: Sequence[str], address: str | None) -> bool:
    """Tell whether `address` is in one of `networks`; no networks allow every address.

    With networks, an address that is unknown or unreadable is not allowed.
    """
    if not networks:
        return True
    try:
        given = ip_address(address or "")
    except ValueError:
        return False
    if given.version == 6 and given.ipv4_mapped is not None:  # noqa: PLR2004 - the version's name is its number
        given = given.ipv4_mapped
    return any(given in ip_network(network) for network in networks)


def is_within(inner: Sequence[str], outer: Sequence[str]) -> bool:
    """Tell whether every address that `inner` allows is one that `outer` allows; no networks allow every address."""
    if not outer:
        return True
    return bool(inner) and all(any(_covers(wide, narrow) for wide in outer) for narrow in inner)


def _covers(wide: str, narrow: str) -> bool:
    outer, inner = ip_network(wide), ip_network(narrow)
    if isinstance(outer, IPv4Network):
        return isinstance(inner, IPv4Network) and inner.subnet_of(outer)
    return isinstance(inner, IPv6Network) and inner.subnet_of(outer)


def _unreadable(entry: str) -> str:
    bare, slash, _ = entry.partition("/")
    if slash:
        try:
            return f"{entry} has bits beyond its prefix. Write {ip_network(entry, strict=False)}, or {bare} alone."
        except ValueError:
            pass
    shown = entry if len(entry) <= _LONGEST_ENTRY else f"{entry[:_LONGEST_ENTRY]}…"
    return f"{shown} is no IP address or block. Write one like 192.0.2.7, 192.0.2.0/24 or 2001:db8::/32."
