"""Token responses and error bodies. RFC 6749 §5.1 and §5.2."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentry.oauth.errors import ErrorCode, OAuthError, as_description
from consentry.oauth.responses import TokenResponse, error_body
from consentry.oauth.scope import Scope


@pytest.mark.shows("RFC 6749 §5.1 members")
def test_a_token_response_has_the_members_of_the_specification() -> None:
    response = TokenResponse("cst_at_1", 3600, "cst_rt_1", Scope.of("b", "a"))

    assert response.to_json_object() == {
        "access_token": "cst_at_1",
        "token_type": "Bearer",
        "expires_in": 3600,
        "refresh_token": "cst_rt_1",
        "scope": "a b",
    }


def test_an_absent_refresh_token_is_left_out() -> None:
    assert "refresh_token" not in TokenResponse("cst_at_1", 3600, None, Scope.of("a")).to_json_object()


def test_tokens_are_not_shown() -> None:
    assert "cst_" not in repr(TokenResponse("cst_at_1", 3600, "cst_rt_1", Scope.of("a")))


@pytest.mark.shows("RFC 6749 §5.2 status")
def test_an_error_body_has_the_public_half_only() -> None:
    error = OAuthError(ErrorCode.INVALID_GRANT, "The code was used before.", "code of connection con_1")

    assert error_body(error) == {"error": "invalid_grant", "error_description": "The code was used before."}
    assert error_body(OAuthError(ErrorCode.INVALID_GRANT, "")) == {"error": "invalid_grant"}


def test_an_error_prints_its_public_half_only() -> None:
    assert str(OAuthError(ErrorCode.INVALID_GRANT, "No.", "internal")) == "invalid_grant: No."
    assert str(OAuthError(ErrorCode.INVALID_GRANT, "")) == "invalid_grant"


@pytest.mark.shows("RFC 6749 §5.2 characters")
@given(st.text())
def test_a_description_has_the_characters_of_the_specification_whatever_it_was_made_from(text: str) -> None:
    description = OAuthError(ErrorCode.INVALID_REQUEST, text).description

    assert re.fullmatch(r"[\x20\x21\x23-\x5B\x5D-\x7E]*", description)
    assert as_description(description) == description


@pytest.mark.shows("RFC 6749 §5.2 characters")
@given(st.sampled_from(ErrorCode))
def test_every_error_code_has_the_characters_of_the_specification(code: ErrorCode) -> None:
    assert re.fullmatch(r"[a-z_]+", code)
    assert error_body(OAuthError(code, ""))["error"] == code.value
