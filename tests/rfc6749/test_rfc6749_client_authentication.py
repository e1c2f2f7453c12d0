"""A client authenticates by exactly one method. RFC 6749 §2.3."""

from base64 import b64encode
from urllib.parse import quote_plus, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentry.oauth.client_authentication import ClientCredentials, parse_client_authentication
from consentry.oauth.errors import ErrorCode, OAuthError
from consentry.oauth.jwt_assertion import ASSERTION_TYPE
from consentry.oauth.parameters import Parameters

visible = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=60)
NO_FORM = Parameters()


def basic(text: str) -> str:
    return "Basic " + b64encode(text.encode()).decode()


def form(**fields: str) -> Parameters:
    return Parameters.from_form(urlencode(fields).encode())


def refusal_of(authorization: str | None, fields: Parameters) -> OAuthError:
    with pytest.raises(OAuthError) as refusal:
        parse_client_authentication(authorization, fields)
    return refusal.value


@pytest.mark.parametrize(
    ("authorization", "fields", "expected"),
    [
        (basic("app_1:s3cret"), NO_FORM, ("app_1", "s3cret", "client_secret_basic")),
        (basic("app_1:s3cret").replace("Basic", "bAsIc"), NO_FORM, ("app_1", "s3cret", "client_secret_basic")),
        (basic("app_1:s3cret"), form(client_id="app_1"), ("app_1", "s3cret", "client_secret_basic")),
        (basic("app%3A1:a%2Bb+c%25"), NO_FORM, ("app:1", "a+b c%", "client_secret_basic")),
        (basic("app_1:a:b=c&d"), NO_FORM, ("app_1", "a:b=c&d", "client_secret_basic")),
        (basic("app_1:"), NO_FORM, ("app_1", None, "none")),
        (None, form(client_id="app_1", client_secret="s3cret"), ("app_1", "s3cret", "client_secret_post")),
        (None, form(client_id="app_1", client_secret=""), ("app_1", None, "none")),
        (None, form(client_id="app_1"), ("app_1", None, "none")),
    ],
)
def test_the_credentials_are_read_by_their_method(
    authorization: str | None, fields: Parameters, expected: tuple[str, str | None, str]
) -> None:
    credentials = parse_client_authentication(authorization, fields)

    assert (credentials.client_id, credentials.client_secret, credentials.method) == expected


@pytest.mark.shows("RFC 6749 §2.3 one-method", "OAuth 2.1 §2.4.1 one-method")
def test_tk_03_two_methods_at_once_are_an_invalid_request() -> None:
    error = refusal_of(basic("app_1:s3cret"), form(client_secret="s3cret"))

    assert error.code == ErrorCode.INVALID_REQUEST


def test_another_client_in_the_body_than_in_the_header_is_an_invalid_request() -> None:
    error = refusal_of(basic("app_1:s3cret"), form(client_id="app_2"))

    assert error.code == ErrorCode.INVALID_REQUEST


@pytest.mark.parametrize("name", ["client_id", "client_secret"])
def test_in_01_repeated_credentials_are_an_invalid_request(name: str) -> None:
    error = refusal_of(None, Parameters.from_form(f"client_id=a&client_secret=b&{name}=c".encode()))

    assert error.code == ErrorCode.INVALID_REQUEST


@pytest.mark.parametrize(
    ("authorization", "fields"),
    [
        (None, NO_FORM),
        (None, form(client_secret="s3cret")),
        (None, form(client_id="app\n1")),
        (None, form(client_id="é")),
        (None, form(client_id="a" * 2001)),
        (None, form(client_id="app_1", client_assertion="e30.e30.e30", client_assertion_type=ASSERTION_TYPE)),
        (None, form(client_id="app_1", client_assertion="e30.e30.e30", client_assertion_type="jwt")),
        ("Bearer abc", NO_FORM),
        ("", form(client_id="app_1")),
        ("Basic", NO_FORM),
        ("Basic !!!", NO_FORM),
        ("Basic YTpi YTpi", NO_FORM),
        ("Basic é", NO_FORM),
        ("Basic " + b64encode(b"\xff:\xff").decode(), NO_FORM),
        (basic("app_1"), NO_FORM),
        (basic(":s3cret"), NO_FORM),
        (basic("app_1:%zz"), NO_FORM),
        (basic("%00:s3cret"), NO_FORM),
        (basic("app%0A1:s3cret"), NO_FORM),
    ],
)
def test_tk_02_a_client_that_cannot_be_read_is_an_invalid_client(authorization: str | None, fields: Parameters) -> None:
    assert refusal_of(authorization, fields).code == ErrorCode.INVALID_CLIENT


def test_a_secret_is_never_shown() -> None:
    credentials = parse_client_authentication(basic("app_1:s3cret"), NO_FORM)

    assert "s3cret" not in repr(credentials)
    assert "s3cret" not in repr(refusal_of(basic("app_1:s3cret"), form(client_secret="s3cret")))


@pytest.mark.shows("RFC 6749 §2.3.1 basic")
@given(visible, visible)
def test_both_methods_read_what_the_client_encoded(client_id: str, secret: str) -> None:
    in_header = basic(f"{quote_plus(client_id)}:{quote_plus(secret)}")
    in_body = form(client_id=client_id, client_secret=secret)

    assert parse_client_authentication(in_header, NO_FORM) == ClientCredentials(
        client_id, secret, "client_secret_basic"
    )
    assert parse_client_authentication(None, in_body) == ClientCredentials(client_id, secret, "client_secret_post")


@given(st.one_of(st.none(), st.text(), st.text().map("Basic {}".format), st.text().map(basic)), st.binary())
def test_in_06_nothing_raises_anything_but_an_oauth_error(authorization: str | None, body: bytes) -> None:
    code: ErrorCode | None = None
    try:
        credentials = parse_client_authentication(authorization, Parameters.from_form(body))
    except OAuthError as error:
        code = error.code
    else:
        assert credentials.client_id
    assert code in {None, ErrorCode.INVALID_REQUEST, ErrorCode.INVALID_CLIENT}
