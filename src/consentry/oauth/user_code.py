"""The code that a person reads on a device and types into a browser. RFC 8628 §6.1.

Eight letters of twenty: no vowels, so that no word comes out, and none that is taken for another. That is 34 bits,
enough where guessing is slowed (§5.1).
"""

ALPHABET = "BCDFGHJKLMNPQRSTVWXZ"
LENGTH = 8
RANDOM_BYTES = 16
"""How many random bytes a code is made of: so many that each letter is as likely as the next."""

_HALF = LENGTH // 2
_TYPED_MOST = 64


def make_user_code(randomness: bytes) -> str:
    """Return the eight letters that stand for these random bytes."""
    number, letters = int.from_bytes(randomness, "big"), ""
    for _ in range(LENGTH):
        number, place = divmod(number, len(ALPHABET))
        letters += ALPHABET[place]
    return letters


def shown_user_code(code: str) -> str:
    """Return the code as it is shown: in two halves.

    >>> shown_user_code("BCDFGHJK")
    'BCDF-GHJK'
    """
    return f"{code[:_HALF]}-{code[_HALF:]}"


def read_user_code(text: str) -> str | None:
    """Return the eight letters of what was typed, or None for what cannot be a code.

    Small letters are as good, and whatever is no letter or digit is taken for a separator. *Source:* RFC 8628 §6.1.

    >>> read_user_code(" bcdf ghjk")
    'BCDFGHJK'
    """
    if len(text) > _TYPED_MOST:
        return None
    letters = "".join(character for character in text.upper() if character.isalnum())
    return letters if len(letters) == LENGTH and set(letters) <= set(ALPHABET) else None
