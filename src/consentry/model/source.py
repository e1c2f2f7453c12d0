"""Where a call comes from, as far as one customer of a network has it to themselves."""

from ipaddress import IPv6Address, ip_network

_IPV6_SITE = 64


def source_of(address: str) -> str:
    """Return the address, or for IPv6 the network of 64 bits that one customer has.

    >>> source_of("2001:db8::1")
    '2001:db8::/64'
    """
    try:
        network = ip_network(address, strict=False)
    except ValueError:
        return address
    if isinstance(network.network_address, IPv6Address):
        mapped = network.network_address.ipv4_mapped
        return str(mapped) if mapped is not None else str(network.supernet(new_prefix=_IPV6_SITE))
    return str(network.network_address)
