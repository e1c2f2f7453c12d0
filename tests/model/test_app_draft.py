"""What may be registered, and whether an address would match: rules for any address."""

from hypothesis import given
from hypothesis import strategies as st

from consentry.model.app_draft import try_redirect_uri
from consentry.oauth.redirect_uri import find_fault

REGISTERED = ("https://client.test/cb", "http://127.0.0.1/cb")

_pieces = st.sampled_from(
    [
        "https://",
        "http://",
        "localhost",
        "127.0.0.1",
        "[::1]",
        "client.test",
        ":8080",
        "/",
        "cb",
        "?",
        "a=1",
        "&",
        "%20",
    ]
)
_addresses = st.lists(_pieces, min_size=1, max_size=8).map("".join) | st.text(max_size=40)


@given(uri=_addresses)
def test_whatever_may_be_registered_matches_itself(uri: str) -> None:
    if find_fault(uri) is None:
        trial = try_redirect_uri((uri,), uri)

        assert trial.matches
        assert trial.registered == uri


@given(uri=_addresses)
def test_what_may_not_be_registered_never_matches(uri: str) -> None:
    if find_fault(uri) is not None:
        assert not try_redirect_uri(REGISTERED, uri).matches


def test_the_owner_reads_both_addresses_side_by_side() -> None:
    trial = try_redirect_uri(REGISTERED, "https://client.test/cb/")

    assert not trial.matches
    assert trial.registered == "https://client.test/cb"
    assert "ends in a slash" in trial.sentence


def test_on_the_users_own_computer_the_port_is_free() -> None:
    trial = try_redirect_uri(REGISTERED, "http://127.0.0.1:49152/cb")

    assert trial.matches
    assert "the port may vary" in trial.sentence
