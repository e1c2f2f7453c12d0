"""Identifiers: of one length, in the order of time, from one alphabet."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentry.model.ids import ID_LENGTH, base62, encode_id

milliseconds = st.integers(0, 2**48 - 1)
randomness = st.binary(min_size=10, max_size=10)


@given(milliseconds, randomness)
def test_an_identifier_has_22_letters_and_digits(at: int, random: bytes) -> None:
    text = encode_id(at, random)

    assert len(text) == ID_LENGTH
    assert text.isascii()
    assert text.isalnum()


@given(milliseconds, randomness, milliseconds, randomness)
def test_identifiers_sort_as_their_times_do(at: int, random: bytes, later: int, other: bytes) -> None:
    one, two = encode_id(at, random), encode_id(later, other)

    assert (one < two) == ((at, random) < (later, other))
    assert (one == two) == ((at, random) == (later, other))


@given(st.integers(0, 62**6 - 1))
def test_a_number_is_read_back_from_its_text(number: int) -> None:
    alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    read = 0
    for letter in base62(number, 6):
        read = read * 62 + alphabet.index(letter)

    assert read == number


@pytest.mark.parametrize(("number", "length", "text"), [(0, 1, "0"), (61, 1, "z"), (62, 3, "010"), (0, 5, "00000")])
def test_numbers_are_padded_with_zeros(number: int, length: int, text: str) -> None:
    assert base62(number, length) == text


@pytest.mark.parametrize("random", [b"", b"x" * 9, b"x" * 11])
def test_an_identifier_takes_exactly_ten_random_bytes(random: bytes) -> None:
    with pytest.raises(ValueError, match="ten random bytes"):
        encode_id(0, random)
