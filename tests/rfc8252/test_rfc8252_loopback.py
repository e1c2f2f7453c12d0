"""A native app on the user's own computer takes whichever port is free. RFC 8252 §7.3."""

import pytest

from consentry.oauth.redirect_uri import host_of, is_loopback, matches, origin_of

HOSTS = ["127.0.0.1", "[::1]", "localhost"]


@pytest.mark.shows("RFC 8252 §7.3 any-port")
@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("registered_port", ["", ":3000"])
@pytest.mark.parametrize("port", ["", ":1", ":49152", ":65535"])
def test_ru_13_the_port_may_vary_on_this_computer(host: str, registered_port: str, port: str) -> None:
    assert matches(f"http://{host}{registered_port}/cb", f"http://{host}{port}/cb")


@pytest.mark.shows("RFC 8252 §7.3 nothing-else")
@pytest.mark.parametrize(
    ("registered", "sent"),
    [
        ("http://127.0.0.1/cb", "http://127.0.0.1:49152/cb2"),
        ("http://127.0.0.1/cb", "http://127.0.0.1:49152/cb?a=1"),
        ("http://127.0.0.1/cb", "http://127.0.0.1:49152/cb#a"),
        ("http://127.0.0.1/cb", "http://127.0.0.1:49152@evil.test/cb"),
        ("http://127.0.0.1/cb", "http://evil.test@127.0.0.1:49152/cb"),
        ("http://127.0.0.1/cb", "http://localhost:49152/cb"),
        ("http://127.0.0.1/cb", "http://[::1]:49152/cb"),
        ("http://127.0.0.1/cb", "http://127.0.0.2:49152/cb"),
        ("http://127.0.0.1/cb", "https://127.0.0.1:49152/cb"),
        ("http://127.0.0.1/cb", "http://127.0.0.1:0/cb"),
        ("http://127.0.0.1/cb", "http://127.0.0.1:65536/cb"),
        ("http://127.0.0.1/cb", "http://127.0.0.1:/cb"),
        ("http://localhost/cb", "http://LOCALHOST:3000/cb"),
        ("https://localhost/cb", "https://localhost:3000/cb"),
        ("https://client.test/cb", "https://client.test:3000/cb"),
    ],
)
def test_nothing_but_the_port_may_vary_and_nowhere_else(registered: str, sent: str) -> None:
    assert not matches(registered, sent)


@pytest.mark.parametrize("host", HOSTS)
def test_the_users_own_computer_is_known_by_its_three_names(host: str) -> None:
    assert is_loopback(f"http://{host}:3000/cb")
    assert host_of(f"http://{host}:3000/cb") == host


@pytest.mark.parametrize("uri", ["https://localhost/cb", "http://localhost.evil.test/", "http://client.test/", ""])
def test_every_other_address_is_elsewhere(uri: str) -> None:
    assert not is_loopback(uri)


def test_the_host_is_shown_in_small_letters_and_without_port() -> None:
    assert host_of("https://Client.Test:8443/cb") == "client.test"
    assert host_of("nothing") == ""


def test_the_origin_has_scheme_host_and_port() -> None:
    assert origin_of("https://Client.Test:8443/cb?a=B") == "https://client.test:8443"
    assert origin_of("http://[::1]/cb") == "http://[::1]"
