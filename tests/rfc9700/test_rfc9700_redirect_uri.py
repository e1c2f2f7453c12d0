"""Redirect URIs are registered from an allow-list and matched exactly. RFC 9700 §2.1 and §4.1.3."""

import json
import time
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from consentry.oauth.redirect_fault import find_redirect_fault
from consentry.oauth.redirect_uri import find_fault, find_match, matches
from consentry.oauth.uri import Uri

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "redirect_uris.json").read_text("utf-8"))["vectors"]
REGISTRABLE = [vector["uri"] for vector in VECTORS if vector["class"] is None]
REGISTERED = "https://client.test/cb"

hosts = st.sampled_from(["client.test", "localhost", "127.0.0.1", "[::1]", "evil.test", "CLIENT.test", ""])
addresses = st.builds(
    "{}{}{}{}{}{}".format,
    st.sampled_from(["https://", "http://", "HTTPS://", "javascript:", "//", ""]),
    st.sampled_from(["", "", "", "user@"]),
    hosts,
    st.sampled_from(["", "", ":443", ":8080", ":0", ":"]),
    st.sampled_from(["", "/", "/cb", "/cb/", "/CB", "/cb/../x", "/cb%00"]),
    st.sampled_from(["", "", "?", "?a=1", "?code=x", "#", "#f"]),
)


@pytest.mark.shows("RFC 9700 §4.1.3 no-wildcards")
@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: repr(vector["uri"])[:60])
def test_every_hostile_address_is_refused_for_its_own_reason(vector: dict[str, str | None]) -> None:
    fault = find_redirect_fault(str(vector["uri"]))

    assert (fault and fault.part) == vector["class"]


def test_an_address_may_have_2000_characters_and_no_more() -> None:
    longest = "https://client.test/".ljust(2000, "a")

    assert find_fault(longest) is None
    assert find_fault(longest + "a") == "The address is longer than 2000 characters."


def test_the_sentence_says_what_is_wrong_and_what_to_do() -> None:
    assert find_fault("http://client.test/cb") == (
        "Plain http:// is allowed on localhost, 127.0.0.1 and [::1] only. Use https:// for other hosts."
    )
    assert find_fault("https://*.client.test/cb") == ("The address contains a wildcard. Register each address in full.")


@pytest.mark.shows("RFC 9700 §2.1 exact", "OAuth 2.1 §2.3.1 exact", "RFC 6749 §3.1.2.3 compared")
@pytest.mark.parametrize(
    "sent",
    [
        pytest.param("https://evil.test/cb", id="RU-01"),
        pytest.param("https://client.test/cb/x", id="RU-02 sub-path"),
        pytest.param("https://client.test/cbx", id="RU-02 suffix"),
        pytest.param("https://client.test/cb/", id="RU-02 trailing slash"),
        pytest.param("https://client.test/cb?x=1", id="RU-03"),
        pytest.param("https://client.test/cb?", id="RU-03 empty query"),
        pytest.param("https://client.test/cb/../x", id="RU-04"),
        pytest.param("https://client.test/x/../cb", id="RU-04 same place"),
        pytest.param("https://client.test/%63b", id="encoded letter"),
        pytest.param("https://client.test@evil.test/cb", id="RU-05"),
        pytest.param("https://client.test/cb#f", id="RU-06"),
        pytest.param("http://client.test/cb", id="scheme"),
        pytest.param("HTTPS://client.test/cb", id="scheme in capitals"),
        pytest.param("https://Client.test/cb", id="host in capitals"),
        pytest.param("https://client.test:443/cb", id="default port"),
        pytest.param("https://client.test:8443/cb", id="other port"),
        pytest.param("https://client.test/cb ", id="space"),
        pytest.param("https://client.test/cb\n", id="line break"),
        pytest.param("", id="empty"),
    ],
)
def test_ru_01_to_06_no_other_address_matches_a_registered_one(sent: str) -> None:
    assert find_match([REGISTERED], sent) is None


def test_the_identical_address_is_found_before_one_that_differs_in_its_port() -> None:
    registered = ["http://127.0.0.1/cb", "http://127.0.0.1:4000/cb"]

    assert find_match(registered, "http://127.0.0.1:4000/cb") == "http://127.0.0.1:4000/cb"
    assert find_match(registered, "http://127.0.0.1:5000/cb") == "http://127.0.0.1/cb"
    assert find_match([], "http://127.0.0.1/cb") is None


@pytest.mark.shows("RFC 9700 §2.1 exact", "OAuth 2.1 §2.3.1 exact")
@given(st.sampled_from(REGISTRABLE), st.one_of(addresses, st.text()))
@example("http://127.0.0.1/cb", "http://127.0.0.1:/cb")
@example("http://localhost/cb", "http://user@localhost/cb")
def test_only_the_registered_string_matches_but_for_the_port_on_this_computer(registered: str, sent: str) -> None:
    expected = Uri.parse(registered)
    without_port = sent
    port = Uri.parse(sent).port
    if expected.is_loopback_http and port and port.isascii() and port.isdigit() and 1 <= int(port) <= 65535:
        without_port = sent.replace(f":{port}", f":{expected.port}" if expected.port else "", 1)
    elif expected.is_loopback_http and expected.port and port is None:
        without_port = sent.replace(str(expected.host), f"{expected.host}:{expected.port}", 1)

    assert matches(registered, sent) == (without_port == registered)


@given(st.sampled_from(REGISTRABLE), st.integers(min_value=0), st.characters())
def test_no_change_of_one_character_matches(registered: str, place: int, letter: str) -> None:
    if Uri.parse(registered).is_loopback_http:
        registered = REGISTERED
    place %= len(registered)
    changed = registered[:place] + letter + registered[place + 1 :]

    assert matches(registered, changed) == (changed == registered)


@pytest.mark.shows("RFC 8252 §7.2 https")
@given(st.one_of(addresses, st.text()))
def test_an_address_that_may_be_registered_has_one_reading(address: str) -> None:
    assert str(Uri.parse(address)) == address
    if find_fault(address) is None:
        uri = Uri.parse(address)
        assert uri.has_valid_host
        assert uri.has_valid_port
        assert (uri.scheme or "").lower() == "https" or uri.is_loopback_http
        assert (uri.userinfo, uri.fragment) == (None, None)


@pytest.mark.parametrize(
    "hostile",
    [
        "https://client.test/" + "a" * 50_000 + "!",
        "https://" + "a" * 50_000 + "!",
        "https://" + "a." * 25_000,
        "https://client.test/" + "../" * 16_000,
        "https://" + "@" * 50_000,
        "https://client.test/?" + "a&" * 25_000,
        "%" * 50_000,
        "https://[" + ":" * 50_000,
    ],
    ids=lambda hostile: hostile[:30],
)
def test_in_10_a_hostile_address_costs_no_time(hostile: str) -> None:
    begin = time.process_time()

    assert find_fault(hostile) is not None
    assert not matches("http://127.0.0.1/cb", hostile)
    assert time.process_time() - begin < 0.1
