"""Text in a JSON body: JSON can spell characters that no database and no answer can hold."""

from typing import Annotated, TypeAlias

from pydantic import AfterValidator


def _refuse_unstorable(text: str) -> str:
    r"""Refuse NUL, which PostgreSQL's text cannot hold, and half a character, such as `\ud800` alone (IN-07)."""
    if any(character == "\0" or "\ud800" <= character <= "\udfff" for character in text):
        raise ValueError("The text contains a NUL character or half of a surrogate pair.")
    return text


Text: TypeAlias = Annotated[str, AfterValidator(_refuse_unstorable)]
"""A string field of a body."""
