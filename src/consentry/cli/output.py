"""What a command says: its result on standard output, a fault on standard error."""

import json
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TextIO, TypeAlias

Scalar: TypeAlias = str | int | float | bool | datetime | None
Item: TypeAlias = Mapping[str, "Scalar | Item | Sequence[Scalar] | Sequence[Item]"]
Result: TypeAlias = Item | Sequence[Item]
"""What a command may answer: an object, or a list of objects. Times are written as the API writes them, in UTC."""


class CommandError(Exception):
    """What was asked cannot be done; the text says why and what to do. The command line exits with 1."""


def show(result: Result, *, as_json: bool) -> None:
    """Write `result`: exactly one JSON value and a line end with `--json`, otherwise for a person to read."""
    if as_json:
        _write(sys.stdout, json.dumps(result, ensure_ascii=False, default=json_text))
    elif isinstance(result, Mapping):
        _show_item(result)
    else:
        from consentry.cli.shown_list import ShownList  # noqa: PLC0415 - it writes with what stands here

        shown = ShownList(as_json=False)
        shown.add(result)
        shown.end()


def note(text: str) -> None:
    """Say something to a person beside the result; on standard error, so that it never mixes with JSON."""
    _write(sys.stderr, text)


def complain(text: str) -> None:
    """Write a fault to standard error."""
    note(f"Error: {text}")


def _write(stream: TextIO, text: str) -> None:
    stream.write(f"{text}\n")
    stream.flush()


def _show_item(item: Item) -> None:
    # Plain lines, not a table: a secret that is shown once must never be cut or wrapped.
    width = max((len(heading(key)) for key in item), default=0)
    for key, value in item.items():
        _write(sys.stdout, f"{heading(key):<{width}}  {cell(value)}")


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
