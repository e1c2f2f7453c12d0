"""An address that is not registered is explained, without a word about those that are. RFC 6749 §4.1.2.1."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentry.oauth.redirect_uri import MismatchPart, explain_mismatch

REGISTERED = "https://client.test/cb"


@pytest.mark.parametrize(
    ("registered", "sent", "part", "words"),
    [
        (REGISTERED, "https://evil.test/cb", "host", "another host"),
        (REGISTERED, "http://client.test/cb", "scheme", "begins with http://"),
        (REGISTERED, "javascript://client.test/cb", "scheme", "neither https:// nor http://"),
        ("http://localhost/cb", "https://localhost/cb", "scheme", "begins with https://"),
        (REGISTERED, "https://client.test:8443/cb", "port", "the address sent has a port"),
        ("https://client.test:1/cb", "https://client.test/cb", "port", "the one sent has none"),
        ("https://client.test:1/cb", "https://client.test:2/cb", "port", "another port"),
        (REGISTERED, "https://client.test/cb/", "trailing_slash", "the address sent ends in a slash"),
        (REGISTERED + "/", "https://client.test/cb", "trailing_slash", "the registered address ends in a slash"),
        (REGISTERED, "https://client.test/cb/x", "path", "another path"),
        (REGISTERED, "https://client.test/cb?x=1", "query", "the address sent has a query"),
        (REGISTERED + "?x=1", "https://client.test/cb", "query", "the one sent has none"),
        (REGISTERED + "?x=1", "https://client.test/cb?x=2", "query", "another query"),
        (REGISTERED, "https://client.test/cb#f", "fragment", "contains a fragment"),
        (REGISTERED, "https://client.test@evil.test/cb", "userinfo", "contains a user name"),
        (REGISTERED, "https://client.test/CB", "case", "capital and small letters"),
        (REGISTERED, "HTTPS://Client.test/cb", "case", "capital and small letters"),
        (REGISTERED, "https://client.test:8443/CB", "port", "has a port"),
        (REGISTERED, "https://client.test/cb/../cb", "malformed", "segment"),
        (REGISTERED, "", "malformed", "empty"),
        (REGISTERED, "client.test/cb", "malformed", "Begin it with https://"),
        (REGISTERED, "https://client.test/cb\n", "malformed", "line break"),
        (REGISTERED, "https://client.test/" + "a" * 30_000, "malformed", "longer than 2000"),
        ("http://127.0.0.1/cb", "http://localhost:3000/cb", "host", "in different ways"),
        ("http://127.0.0.1/cb", "http://127.0.0.1:3000/CB", "case", "The path"),
        ("http://localhost/cb", "http://LOCALHOST:3000/cb", "case", "capital and small letters"),
        ("https://u@client.test/cb", REGISTERED, "userinfo", "the registered address has a user name"),
        ("https://client.test/cb#f", REGISTERED, "fragment", "the registered address has a fragment"),
    ],
)
def test_the_sentence_says_exactly_what_differs(registered: str, sent: str, part: str, words: str) -> None:
    mismatch = explain_mismatch([registered], sent)

    assert mismatch.part == part
    assert words in mismatch.sentence
    assert mismatch.closest == registered


@pytest.mark.parametrize(
    ("sent", "closest", "part"),
    [
        ("https://client.test/cb/", "https://client.test/cb", MismatchPart.TRAILING_SLASH),
        ("https://client.test/other/", "https://client.test/other", MismatchPart.TRAILING_SLASH),
        ("http://localhost:9/start", "http://127.0.0.1/start", MismatchPart.HOST),
        ("https://staging.client.test:8443/cbx", "https://staging.client.test:8443/cb", MismatchPart.PATH),
        ("https://client.test/OTHER", "https://client.test/other", MismatchPart.CASE),
    ],
)
def test_the_closest_registered_address_is_the_one_compared(sent: str, closest: str, part: MismatchPart) -> None:
    registered = [
        "https://client.test/cb",
        "https://client.test/other",
        "https://staging.client.test:8443/cb",
        "http://127.0.0.1/start",
    ]

    mismatch = explain_mismatch(registered, sent)

    assert (mismatch.closest, mismatch.part) == (closest, part)


def test_the_owner_sees_both_addresses() -> None:
    mismatch = explain_mismatch([REGISTERED], "https://client.test/cb/")

    assert mismatch.owner_sentence == (
        "The path does not match: the address sent ends in a slash and the registered one does not."
        " Sent: https://client.test/cb/ · Registered: https://client.test/cb"
    )


def test_an_app_without_addresses_is_told_so() -> None:
    mismatch = explain_mismatch([], "https://client.test/cb")

    assert (mismatch.part, mismatch.closest) == (MismatchPart.NONE_REGISTERED, None)
    assert mismatch.sentence == mismatch.owner_sentence == "The app has no redirect address registered."


names = st.from_regex(r"hst[a-z]{5,12}\.test", fullmatch=True)
paths = st.from_regex(r"/pth[a-z]{5,12}(/[a-z]{5,9})?/?", fullmatch=True)
registered_addresses = st.builds(
    "{}{}{}{}{}".format,
    st.sampled_from(["https://", "http://"]),
    names,
    st.sampled_from(["", ":48731"]),
    paths,
    st.sampled_from(["", "?qry=secretly"]),
)
changes = st.sampled_from(
    [
        lambda uri: uri + "/",
        lambda uri: uri + "?x=1",
        lambda uri: uri + "#f",
        lambda uri: uri.upper(),
        lambda uri: uri[:-1],
        lambda uri: uri.replace("https", "http"),
        lambda uri: uri.replace("://", "://user@"),
        lambda uri: uri.replace(".test", ".example"),
        lambda uri: uri.replace(".test", ".test:9"),
        lambda uri: uri[:0],
    ]
)


@given(st.lists(registered_addresses, min_size=1, max_size=4), st.data())
def test_the_sentence_never_gives_away_a_registered_address(registered: list[str], data: st.DataObject) -> None:
    sent = data.draw(st.one_of(changes.map(lambda change: change(registered[0])), registered_addresses, st.text()))

    sentence = explain_mismatch(registered, sent).sentence.lower()

    for uri in registered:
        host, _, path = uri.partition("://")[2].partition("/")
        assert host.partition(":")[0] not in sentence
        assert path.partition("?")[0].strip("/") not in sentence
    assert "48731" not in sentence
    assert "secretly" not in sentence
