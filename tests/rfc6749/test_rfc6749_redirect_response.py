"""The answer goes to the redirect URI, in its query. RFC 6749 §3.1.2 and §4.1.2."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentry.oauth.parameters import Parameters
from consentry.oauth.redirect_uri import response_uri

texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=40)


@pytest.mark.shows("RFC 6749 §3.1 query-kept")
@pytest.mark.parametrize(
    ("redirect_uri", "expected"),
    [
        ("https://client.test/cb", "https://client.test/cb?code=c&state=a%20b%26"),
        ("https://client.test", "https://client.test?code=c&state=a%20b%26"),
        ("https://client.test/cb?", "https://client.test/cb?code=c&state=a%20b%26"),
        ("https://client.test/cb?x=%41&y", "https://client.test/cb?x=%41&y&code=c&state=a%20b%26"),
        ("http://[::1]:3000/cb", "http://[::1]:3000/cb?code=c&state=a%20b%26"),
    ],
)
def test_the_parameters_are_added_and_the_query_is_kept(redirect_uri: str, expected: str) -> None:
    assert response_uri(redirect_uri, {"code": "c", "state": "a b&"}) == expected


@pytest.mark.shows("RFC 6749 §3.1.2 absolute-without-fragment")
def test_a_redirect_uri_with_a_fragment_is_never_answered() -> None:
    with pytest.raises(ValueError, match="no fragment"):
        response_uri("https://client.test/cb#f", {"code": "c"})


@given(st.dictionaries(texts, texts, min_size=1, max_size=6))
def test_what_is_added_is_what_the_client_reads(parameters: dict[str, str]) -> None:
    answer = response_uri("https://client.test/cb", parameters)

    assert Parameters.from_query(answer.partition("?")[2]).pairs == tuple(parameters.items())
