"""The pages that explain access. Templates `access`, `access_who_can`, `access_what_if`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from consentry.web.views.connections import FilterOption
    from consentry.web.views.form import FieldError


@dataclass(frozen=True, slots=True)
class Tab:
    """One of the three questions."""

    label: str
    href: str
    current: bool = False


@dataclass(frozen=True, slots=True)
class PartRow:
    """One thing that must be active. `state` is a word; `since` is when it stopped, where that is known."""

    label: str
    name: str
    state: str
    active: bool
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class PermissionRow:
    """One permission: the verdict, and both sides of it.

    `given_by` are the scopes that cover it, or empty; `given_note` says why there is none. `roles` are the titles of
    the member's roles that include it; `held_note` says it otherwise.
    """

    title: str
    name: str
    allowed: bool
    reason: str
    code: str
    given_by: tuple[str, ...]
    given_note: str
    held: bool
    roles: tuple[str, ...]
    held_note: str


@dataclass(frozen=True, slots=True)
class ExplainedView:
    """The answer. `side` is the heading of the column of scopes, or of the key. `code` is empty where it works."""

    heading: str
    works: bool
    sentence: str
    code: str
    side: str
    parts: tuple[PartRow, ...]
    permissions: tuple[PermissionRow, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AccessPage:
    """`access`, at `/settings/access`.

    Posts `credential`, `connection`, `key`, `permission`, `csrf` to itself; a GET may name `credential`, an identifier,
    and `permission`. `credential` is what the field shows again: never a secret.
    """

    tabs: tuple[Tab, ...]
    connections: tuple[FilterOption, ...]
    keys: tuple[FilterOption, ...]
    permissions: tuple[FilterOption, ...]
    credential: str = ""
    errors: tuple[FieldError, ...] = ()
    explained: ExplainedView | None = None


@dataclass(frozen=True, slots=True)
class ReachRow:
    """A member, a connection or a key. `href` leads to its explanation."""

    name: str
    also: str
    href: str | None = None
    through: tuple[str, ...] = ()
    through_note: str = ""
    loses: tuple[str, ...] = ()
    gains: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReachList:
    """One list of the answer. `needs` is the permission without which it is not shown; then there are no rows."""

    id: str
    title: str
    rows: tuple[ReachRow, ...] = ()
    more_href: str | None = None
    needs: str | None = None


@dataclass(frozen=True, slots=True)
class WhoCanPage:
    """`access_who_can`, at `/settings/access/who-can`: a GET with `permission`. No `lists` before it was asked."""

    tabs: tuple[Tab, ...]
    permissions: tuple[FilterOption, ...]
    asked: str = ""
    lists: tuple[ReachList, ...] | None = None
    errors: tuple[FieldError, ...] = ()


@dataclass(frozen=True, slots=True)
class WhatIfPage:
    """`access_what_if`, at `/settings/access/what-if`: two forms, both GET.

    `about=role` with `role`, `how` (`loses` | `gains`), `permission`; `about=member` with `member` (an e-mail address),
    `becomes` (`loses_role` | `gains_role` | `suspended`), `member_role`.
    """

    tabs: tuple[Tab, ...]
    roles: tuple[FilterOption, ...]
    permissions: tuple[FilterOption, ...]
    hows: tuple[FilterOption, ...]
    member_roles: tuple[FilterOption, ...]
    becomes: tuple[FilterOption, ...]
    member: str = ""
    asked: str = ""
    lists: tuple[ReachList, ...] | None = None
    errors: tuple[FieldError, ...] = ()

    @property
    def changes_something(self) -> bool:
        """Tell whether anybody or anything would lose or gain something, or there is more to look at."""
        return any(one.rows or one.more_href for one in self.lists or ())
