"""An app's behaviour in the protocol, as a section of its page: part of template `app`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from consentry.web.views.form import FieldError

FieldKind = Literal["ticks", "tick", "choice", "line", "lines"]


@dataclass(frozen=True, slots=True)
class ProtocolChoice:
    """One of several things to choose from."""

    value: str
    label: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class ProtocolField:
    """One field, named as in RFC 7591.

    `ticks` are any number of `choices`, `choice` is one of them, `tick` is on if its `value` is not empty, `line` and
    `lines` are text.
    """

    name: str
    kind: FieldKind
    label: str
    hint: str
    value: str = ""
    choices: tuple[ProtocolChoice, ...] = ()


@dataclass(frozen=True, slots=True)
class ProtocolGroup:
    """Fields of one subject."""

    title: str
    fields: tuple[ProtocolField, ...]


@dataclass(frozen=True, slots=True)
class ProtocolForm:
    """The whole section, folded up unless something is wrong. Posts `action` = `save_protocol` to the app's page."""

    groups: tuple[ProtocolGroup, ...]
    errors: tuple[FieldError, ...] = ()


@dataclass(frozen=True, slots=True)
class ActingCard:
    """Whether a confidential app acts for the organisation by itself, and what the visitor may change of that.

    The buttons post `action` = `allow_acting` or `stop_acting`. `scopes` are those of its own connection, None where it
    may not act; `newer` are those that the app got since.
    """

    scopes: tuple[str, ...] | None
    newer: tuple[str, ...]
    may_allow: bool
    connection_href: str | None
