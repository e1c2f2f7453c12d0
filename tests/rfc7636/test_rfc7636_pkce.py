"""Proof Key for Code Exchange, method S256 only. RFC 7636."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentry.oauth.errors import ErrorCode, OAuthError
from consentry.oauth.pkce import CodeChallenge, challenge_of, is_valid_verifier, matches

# RFC 7636 Appendix B
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"

UNRESERVED = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
verifiers = st.text(UNRESERVED, min_size=43, max_size=128)


@pytest.mark.shows("RFC 7636 §B example", "RFC 7636 §4.2 s256")
def test_the_vector_of_appendix_b_matches() -> None:
    assert CodeChallenge.parse(CHALLENGE, "S256").value == CHALLENGE
    assert challenge_of(VERIFIER) == CHALLENGE
    assert matches(CHALLENGE, VERIFIER)


@pytest.mark.shows("RFC 7636 §4.3 default-is-plain", "RFC 7636 §7.2 no-downgrade")
@pytest.mark.parametrize("method", [None, "plain", "s256", "S512", ""])
def test_pk_02_every_method_but_s256_is_refused(method: str | None) -> None:
    with pytest.raises(OAuthError) as refusal:
        CodeChallenge.parse(CHALLENGE, method)

    assert refusal.value.code == ErrorCode.INVALID_REQUEST
    assert "code_challenge_method" in refusal.value.description


@pytest.mark.parametrize(
    "challenge", ["", CHALLENGE[:-1], CHALLENGE + "A", CHALLENGE[:-1] + "=", CHALLENGE[:-1] + "+", CHALLENGE + "\n"]
)
def test_a_challenge_is_43_characters_of_base64url(challenge: str) -> None:
    with pytest.raises(OAuthError) as refusal:
        CodeChallenge.parse(challenge, "S256")

    assert refusal.value.code == ErrorCode.INVALID_REQUEST


@pytest.mark.shows("RFC 7636 §4.1 verifier")
@pytest.mark.parametrize(
    ("verifier", "is_valid"),
    [
        ("a" * 42, False),
        ("a" * 43, True),
        ("a" * 128, True),
        ("a" * 129, False),
        ("a" * 43 + "\n", False),
        ("a" * 42 + "+", False),
        ("a" * 42 + "é", False),
        ("-._~" * 11, True),
        ("", False),
    ],
)
def test_pk_06_a_verifier_has_43_to_128_unreserved_characters(verifier: str, *, is_valid: bool) -> None:
    assert is_valid_verifier(verifier) == is_valid


@pytest.mark.shows("RFC 7636 §4.6 compared")
@given(verifiers, verifiers)
def test_pk_05_only_the_verifier_that_was_hashed_matches(verifier: str, other: str) -> None:
    assert matches(challenge_of(verifier), verifier)
    assert matches(challenge_of(verifier), other) == (other == verifier)


@given(st.text(), st.text())
def test_no_text_makes_the_comparison_fail_to_answer(challenge: str, verifier: str) -> None:
    assert not matches(challenge, verifier)
    assert not matches(challenge, VERIFIER)
