"""The networks of an API key: one way of writing, a reason for every bad line, IPv4 and IPv6 alike."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentry.model.allowed_network import NETWORKS_MOST, is_allowed_address, is_within, read_networks

NETWORKS = st.builds(
    lambda address, prefix: str(read_networks([f"{address}/{prefix}"])[0][0]),
    st.integers(0, 255).map(lambda last: f"10.0.{last}.0"),
    st.integers(24, 32),
)


@pytest.mark.parametrize(
    ("entered", "stored"),
    [
        ("192.0.2.7", "192.0.2.7/32"),
        (" 192.0.2.0/24 ", "192.0.2.0/24"),
        ("192.0.2.0/255.255.255.0", "192.0.2.0/24"),
        ("2001:DB8:0::/32", "2001:db8::/32"),
        ("2001:db8::1", "2001:db8::1/128"),
        ("::ffff:192.0.2.7", "192.0.2.7/32"),
        ("::ffff:192.0.2.0/120", "192.0.2.0/24"),
    ],
)
def test_an_address_or_block_is_stored_in_one_way_of_writing(entered: str, stored: str) -> None:
    assert read_networks([entered]) == ((stored,), ())


@pytest.mark.parametrize(
    ("line", "helps"),
    [
        ("192.0.2.7/24", "Write 192.0.2.0/24"),
        ("0.0.0.0/0", "Leave the list empty"),
        ("::/0", "Leave the list empty"),
        ("::ffff:0.0.0.0/96", "Leave the list empty"),
        ("192.0.2.300", "is no IP address"),
        ("010.0.0.1", "is no IP address"),
        ("192.0.2.0/33", "is no IP address"),
        ("fe80::1%eth0", "is no IP address"),
        ("example.test", "is no IP address"),
        ("9" * 5000, "is no IP address"),
        ("\x00", "is no IP address"),
    ],
)
def test_in_11_a_bad_line_gets_a_fault_of_its_own_that_says_what_to_write(line: str, helps: str) -> None:
    networks, faults = read_networks(["192.0.2.1", "", line])

    assert networks == ("192.0.2.1/32",)
    assert [fault.field for fault in faults] == ["allowed_networks.2"]
    assert helps in faults[0].sentence
    assert len(faults[0].sentence) < 200


def test_a_network_that_is_entered_twice_counts_once() -> None:
    assert read_networks(["192.0.2.7", "192.0.2.7/32"]) == (("192.0.2.7/32",), ())


def test_too_many_networks_are_refused() -> None:
    _, faults = read_networks([f"10.0.0.{number}" for number in range(NETWORKS_MOST + 1)])

    assert [fault.field for fault in faults] == ["allowed_networks"]


@pytest.mark.parametrize(
    ("networks", "address", "allowed"),
    [
        ((), "198.51.100.1", True),
        ((), None, True),
        (("192.0.2.0/24",), "192.0.2.255", True),
        (("192.0.2.0/24",), "192.0.3.0", False),
        (("192.0.2.0/24",), "::ffff:192.0.2.9", True),
        (("192.0.2.0/24",), "2001:db8::1", False),
        (("2001:db8::/32",), "2001:db8:ffff::1", True),
        (("192.0.2.0/24",), None, False),
        (("192.0.2.0/24",), "unix:", False),
    ],
)
def test_only_the_listed_networks_may_use_the_key(
    networks: tuple[str, ...], address: str | None, *, allowed: bool
) -> None:
    assert is_allowed_address(networks, address) is allowed


@given(st.lists(NETWORKS, max_size=3), st.lists(NETWORKS, max_size=3), st.integers(0, 255), st.integers(0, 255))
def test_what_is_within_never_allows_an_address_that_the_outer_list_does_not(
    inner: list[str], outer: list[str], third: int, last: int
) -> None:
    address = f"10.0.{third}.{last}"

    if is_within(inner, outer) and is_allowed_address(inner, address):
        assert is_allowed_address(outer, address)
