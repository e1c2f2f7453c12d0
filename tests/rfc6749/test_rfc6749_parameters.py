"""Query strings and form bodies are decoded once and strictly. RFC 6749 §3.1, §3.2 and Appendix B."""

from collections.abc import Callable
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentry.oauth.errors import ErrorCode, OAuthError
from consentry.oauth.parameters import MAX_FIELDS, MAX_FORM_BYTES, MAX_QUERY_BYTES, Parameters

texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=40)


@pytest.mark.shows("RFC 6749 §3.1 not-twice")
@pytest.mark.parametrize("name", ["client_id", "redirect_uri", "scope", "code", "state", "grant_type"])
@pytest.mark.parametrize("second", ["1", "2", ""])
def test_in_01_a_repeated_parameter_is_an_invalid_request_that_names_it(name: str, second: str) -> None:
    form = Parameters.from_form(f"{name}=1&other=x&{name}={second}".encode())

    with pytest.raises(OAuthError) as refusal:
        form.one(name)

    assert refusal.value.code == ErrorCode.INVALID_REQUEST
    assert refusal.value.description == f"The parameter {name} was sent more than once."


@pytest.mark.shows("RFC 6749 §3.1 empty-is-absent")
def test_in_02_an_empty_parameter_counts_as_absent() -> None:
    query = Parameters.from_query("scope=&state&code=1&resource=&resource=a")

    assert query.one("scope") is None
    assert query.one("state") is None
    assert query.all("resource") == ("a",)
    with pytest.raises(OAuthError, match="invalid_request: The parameter scope is missing"):
        query.required("scope")


@pytest.mark.shows("RFC 6749 §3.1 unknown-ignored", "RFC 6749 §3.2 empty-is-absent")
def test_in_03_an_unknown_parameter_is_ignored() -> None:
    query = Parameters.from_query("foo=bar&foo=baz&client_id=1")

    assert query.one("client_id") == "1"
    assert query.required("client_id") == "1"
    assert query.one("absent") is None


def test_a_parameter_may_repeat_where_the_specification_says_so() -> None:
    assert Parameters.from_query("resource=a&resource=b").all("resource") == ("a", "b")


def test_names_are_listed_once_in_the_order_sent() -> None:
    assert Parameters.from_query("b=1&&a=&b=2&").names == ("b", "a")


def test_several_names_are_checked_for_repetition_at_once() -> None:
    query = Parameters.from_query("a=1&b=1&b=2")

    query.refuse_repeated("a", "c")
    with pytest.raises(OAuthError, match="The parameter b was sent more than once"):
        query.refuse_repeated("a", "b")


@pytest.mark.parametrize("raw", [b"a=%zz", b"a=%", b"a=%4", b"%=a", b"a=%ff%fe", b"a=\xff", b"a=%c3", b"a=%ed%a0%80"])
def test_in_06_broken_encoding_is_an_invalid_request(raw: bytes) -> None:
    for decode in (Parameters.from_query, Parameters.from_form):
        with pytest.raises(OAuthError) as refusal:
            decode(raw)
        assert refusal.value.code == ErrorCode.INVALID_REQUEST


def test_in_06_a_query_string_that_is_not_text_is_an_invalid_request() -> None:
    with pytest.raises(OAuthError, match="not valid UTF-8"):
        Parameters.from_query("a=\ud800")


@pytest.mark.parametrize("raw", [b"client_id=a%00b", b"a%00=b", b"a=\0"])
def test_in_07_a_nul_byte_is_an_invalid_request(raw: bytes) -> None:
    with pytest.raises(OAuthError, match="NUL"):
        Parameters.from_form(raw)


def test_in_08_the_number_of_fields_is_limited() -> None:
    assert len(Parameters.from_form(b"&".join([b"a=1"] * MAX_FIELDS)).pairs) == MAX_FIELDS
    with pytest.raises(OAuthError, match="more than 200 fields"):
        Parameters.from_form(b"&".join([b"a=1"] * (MAX_FIELDS + 1)))


@pytest.mark.parametrize(
    ("limit", "decode"),
    [(MAX_QUERY_BYTES, Parameters.from_query), (MAX_FORM_BYTES, Parameters.from_form)],
    ids=["query", "form"],
)
def test_the_length_is_limited(limit: int, decode: Callable[[bytes], Parameters]) -> None:
    assert decode(b"a=".ljust(limit, b"x")).names == ("a",)
    with pytest.raises(OAuthError, match=f"longer than {limit} bytes"):
        decode(b"a=".ljust(limit + 1, b"x"))


def test_a_value_is_decoded_once_and_no_more() -> None:
    assert Parameters.from_query("a=%2541+b%2B=c;d").one("a") == "%41 b+=c;d"


def test_secrets_are_not_shown() -> None:
    assert "hidden" not in repr(Parameters.from_form(b"client_secret=hidden"))


@given(st.lists(st.tuples(texts, texts), max_size=20))
def test_what_was_encoded_is_what_is_read(pairs: list[tuple[str, str]]) -> None:
    encoded = urlencode(pairs)

    assert Parameters.from_query(encoded).pairs == tuple(pairs)
    assert Parameters.from_form(encoded.encode()).pairs == tuple(pairs)


@given(st.one_of(st.binary(), st.text().map(str.encode), st.text("a=&%+04f").map(str.encode)))
def test_in_06_no_bytes_raise_anything_but_an_invalid_request(raw: bytes) -> None:
    code: ErrorCode | None = None
    try:
        parameters = Parameters.from_form(raw)
    except OAuthError as error:
        code = error.code
    else:
        assert Parameters.from_form(urlencode(parameters.pairs).encode()) == parameters
    assert code in {None, ErrorCode.INVALID_REQUEST}
