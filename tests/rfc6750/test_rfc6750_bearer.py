"""Bearer tokens in HTTP headers. RFC 6750 §2.1 and §3."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentry.oauth.bearer import MAX_TOKEN_LENGTH, challenge, parse_bearer
from consentry.oauth.errors import ErrorCode, OAuthError
from consentry.oauth.scope import Scope

B64TOKEN = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/"


@pytest.mark.shows("RFC 6750 §2.1 header")
@pytest.mark.parametrize(
    ("header", "token"),
    [
        ("Bearer abc", "abc"),
        ("bearer abc", "abc"),
        ("BEARER   abc", "abc"),
        (" Bearer abc\t", "abc"),
        ("Bearer a.b-c_d~e+f/g==", "a.b-c_d~e+f/g=="),
        ("Bearer " + "a" * MAX_TOKEN_LENGTH, "a" * MAX_TOKEN_LENGTH),
        (None, None),
        ("", None),
        ("Basic YTpi", None),
        ("DPoP abc", None),
        ("Bearerabc", None),
    ],
)
def test_the_token_is_read_and_other_schemes_are_none_of_our_business(header: str | None, token: str | None) -> None:
    assert parse_bearer(header) == token


@pytest.mark.shows("RFC 6750 §3.1 invalid-request")
@pytest.mark.parametrize(
    "header",
    [
        "Bearer",
        "Bearer ",
        "Bearer a b",
        "Bearer a, Bearer b",
        "Bearer a,b",
        'Bearer "a"',
        "Bearer =",
        "Bearer a=b",
        "Bearer a\nb",
        "Bearer é",
        "Bearer a\0",
        "Bearer " + "a" * (MAX_TOKEN_LENGTH + 1),
    ],
)
def test_a_malformed_bearer_header_is_an_invalid_request(header: str) -> None:
    with pytest.raises(OAuthError) as refusal:
        parse_bearer(header)

    assert refusal.value.code == ErrorCode.INVALID_REQUEST


@given(st.text(B64TOKEN, min_size=1), st.integers(0, 2))
def test_what_is_sent_is_what_is_read(text: str, padding: int) -> None:
    assert parse_bearer(f"Bearer {text}{'=' * padding}") == text + "=" * padding


@given(st.one_of(st.text(), st.text().map("Bearer {}".format)))
def test_in_06_no_header_raises_anything_but_an_oauth_error(header: str) -> None:
    code: ErrorCode | None = None
    try:
        token = parse_bearer(header)
    except OAuthError as error:
        code = error.code
    else:
        assert token is None or token in header
    assert code in {None, ErrorCode.INVALID_REQUEST}


@pytest.mark.shows("RFC 6750 §3 challenge", "RFC 6750 §3.1 nothing-sent")
def test_a_request_without_a_token_is_told_the_realm_only() -> None:
    assert challenge("consentry", None, None, None) == 'Bearer realm="consentry"'


@pytest.mark.shows("RFC 6750 §3 challenge", "RFC 6750 §3 not-twice")
def test_a_challenge_says_what_is_missing() -> None:
    header = challenge(
        "accounting",
        ErrorCode.INSUFFICIENT_SCOPE,
        "The scope does not cover invoice.write.",
        Scope.of("invoicing:write", "contacts:read"),
        "https://api.test/.well-known/oauth-protected-resource",
    )

    assert header == (
        'Bearer realm="accounting", error="insufficient_scope",'
        ' error_description="The scope does not cover invoice.write.", scope="contacts:read invoicing:write",'
        ' resource_metadata="https://api.test/.well-known/oauth-protected-resource"'
    )


def test_a_quotation_mark_and_a_backslash_in_the_realm_are_escaped() -> None:
    assert challenge('a"b\\c', None, "", Scope()) == 'Bearer realm="a\\"b\\\\c"'


@pytest.mark.shows("RFC 6750 §3 characters")
@pytest.mark.parametrize(
    ("realm", "description", "resource_metadata"),
    [
        ("a\r\nSet-Cookie: b", None, None),
        ("é", None, None),
        ("a", 'say "no"', None),
        ("a", "back\\slash", None),
        ("a", "line\nbreak", None),
        ("a", None, 'https://api.test/"'),
        ("a", None, "https://api.test/ x"),
        ("a", None, ""),
    ],
)
def test_characters_that_could_break_out_are_refused(
    realm: str, description: str | None, resource_metadata: str | None
) -> None:
    with pytest.raises(ValueError, match="has a character"):
        challenge(realm, ErrorCode.INVALID_TOKEN, description, None, resource_metadata)


@pytest.mark.shows("RFC 6750 §3 characters")
@given(st.text(), st.text(st.characters(min_codepoint=32, max_codepoint=126)))
def test_the_description_of_every_error_can_be_sent(description: str, realm: str) -> None:
    error = OAuthError(ErrorCode.INVALID_TOKEN, description)

    header = challenge(realm, error.code, error.description, None)

    values = re.findall(r'"((?:[^"\\]|\\.)*)"', header)
    assert values[0].replace('\\"', '"').replace("\\\\", "\\") == realm or "\\" in realm
    assert values[1:] == ["invalid_token", *([error.description] if error.description else [])]
