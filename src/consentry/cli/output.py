"""What a command says: its result on standard output, a fault on standard error."""

import json
import sys
from collections.abc import Mapping
from typing import TextIO

from consentry.cli.shown_list import ShownList
from consentry.cli.shown_values import Item, Result, cell, heading, json_text


class CommandError(Exception):
    """What was asked cannot be done; the text says why and what to do. The command line exits with 1."""


def show(result: Result, *, as_json: bool) -> None:
    """Write `result`: exactly one JSON value and a line end with `--json`, otherwise for a person to read."""
    if as_json:
        _write(sys.stdout, json.dumps(result, ensure_ascii=False, default=json_text))
    elif isinstance(result, Mapping):
        _show_item(result)
    else:
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
