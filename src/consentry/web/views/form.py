"""What a form says about its own fields."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing to put right.

    `field` is the form field's name. `line` is the 1-based line of a textarea whose lines are judged
    one by one, and `value` is what stood there.
    """

    field: str
    message: str
    line: int | None = None
    value: str = ""
