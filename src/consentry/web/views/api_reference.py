"""The reference of the management API. Template `api_reference`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Field:
    """A parameter, or a field of a body or an answer."""

    name: str
    kind: str
    required: bool
    description: str


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path. `status` is that of success, with `answer` as its fields."""

    method: str
    path: str
    summary: str
    description: str
    parameters: tuple[Field, ...]
    body: tuple[Field, ...]
    status: str
    answer: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """The operations on one subject."""

    name: str
    anchor: str
    operations: tuple[Operation, ...]


@dataclass(frozen=True, slots=True)
class ApiReferencePage:
    """`api_reference`, at `/api/v1/docs`. Paths start at `base`."""

    description: str
    base: str
    groups: tuple[Group, ...]
