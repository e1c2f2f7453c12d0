"""User codes are read as people type them. RFC 8628 §6.1."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentry.oauth.user_code import ALPHABET, LENGTH, RANDOM_BYTES, make_user_code, read_user_code, shown_user_code

CODES = st.text(ALPHABET, min_size=LENGTH, max_size=LENGTH)


@pytest.mark.shows("RFC 8628 §6.1 characters")
@pytest.mark.parametrize(
    "typed",
    [
        "WDJB-MJHT",
        "wdjb-mjht",
        "WDJBMJHT",
        "wdjb mjht",
        " WDJB MJHT ",
        "W D J B M J H T",
        "wdjb\u2013mjht",
        "WDJB_MJHT\t",
    ],
)
def test_the_code_of_the_rfc_is_read_however_it_is_typed(typed: str) -> None:
    assert read_user_code(typed) == "WDJBMJHT"


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "WDJB",
        "WDJB-MJH",
        "WDJB-MJHTX",
        "ADJB-MJHT",
        "WDJB-MJH0",
        "\uff37DJB-MJHT",
        "W" * 65,
        "-" * 8,
        "WDJB-MJHT" * 2,
    ],
)
def test_what_cannot_be_a_code_is_none(typed: str) -> None:
    assert read_user_code(typed) is None


@given(CODES, st.text(" -._/\t", max_size=3))
def test_every_code_is_read_as_it_is_shown_in_small_letters_and_with_any_separators(code: str, separator: str) -> None:
    assert read_user_code(shown_user_code(code)) == code
    assert read_user_code(separator.join(code.lower())) == code


@given(st.binary(min_size=RANDOM_BYTES, max_size=RANDOM_BYTES))
def test_every_made_code_can_be_read(randomness: bytes) -> None:
    code = make_user_code(randomness)

    assert read_user_code(code) == code


@pytest.mark.shows("RFC 8628 §5.1 guessing")
def test_dv_01_a_code_has_more_than_twenty_bits_and_no_letter_that_is_taken_for_another() -> None:
    assert math.log2(len(ALPHABET) ** LENGTH) > 34
    assert set(ALPHABET).isdisjoint("AEIOUY0123456789")
