"""What a command may answer, and how each value of it is written: in JSON, and for a person."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TypeAlias

Scalar: TypeAlias = str | int | float | bool | datetime | None
Item: TypeAlias = Mapping[str, "Scalar | Item | Sequence[Scalar] | Sequence[Item]"]
Result: TypeAlias = Item | Sequence[Item]
"""What a command may answer: an object, or a list of objects. Times are written as the API writes them, in UTC."""


def json_text(value: object) -> str:
    """Return what stands in JSON for a time."""
    if isinstance(value, datetime):
        return _rfc_3339(value)
    raise TypeError(f"No JSON for {type(value).__name__}")


def _rfc_3339(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


_ABBREVIATIONS = {"id": "ID", "api": "API", "uri": "URI", "uris": "URIs", "pkce": "PKCE"}


def heading(key: str) -> str:
    """Return what stands over a column, or before a value."""
    words = [_ABBREVIATIONS.get(word, word) for word in key.split("_")]
    text = " ".join(words)
    return text[:1].upper() + text[1:]


def cell(value: object) -> str:
    """Return a value as a person reads it."""
    match value:
        case None | "" | []:
            return "-"
        case bool():
            return "yes" if value else "no"
        case datetime():
            return _rfc_3339(value)
        case [first, *_] if isinstance(value, list | tuple):
            return ("; " if isinstance(first, Mapping) else ", ").join(cell(each) for each in value)
        case Mapping():
            return ", ".join(f"{heading(str(key))}: {cell(each)}" for key, each in value.items())
        case _:
            # A name that somebody typed elsewhere must not move the cursor or recolour the terminal.
            return "".join(letter if letter.isprintable() else "\ufffd" for letter in str(value))
