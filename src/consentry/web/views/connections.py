"""Connections. Templates `connections`, `connection`, `all_connections`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import datetime

    from consentry.web.views.provenance import Provenance


@dataclass(frozen=True, slots=True)
class ScopeToday:
    """One approved scope, and what of it works today. `reason` explains `partly` and `nothing`."""

    name: str
    title: str
    works: Literal["fully", "partly", "nothing"] = "fully"
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class ConnectionCard:
    """One connection of the person.

    `ended_by` is "you", a name, or the product. `paused_reason` says why a connection that has not
    ended does nothing at present (app deactivated, membership suspended). `provenance` is that of an app that
    registered itself.
    """

    id: str
    href: str
    app: str
    registered_by: str
    organisation: str
    scopes: tuple[ScopeToday, ...]
    approved_at: datetime
    last_used_at: datetime | None
    first_used_at: datetime | None = None
    paused_reason: str | None = None
    ended_at: datetime | None = None
    ended_by: str | None = None
    provenance: Provenance | None = None


@dataclass(frozen=True, slots=True)
class KeyBeside:
    """One of the person's own API keys, beside their connections."""

    name: str
    prefix: str
    href: str
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime | None
    status: Literal["active", "expired", "revoked"]


@dataclass(frozen=True, slots=True)
class ConnectionsPage:
    """`connections`, at `/settings/connections`.

    Posts `action=disconnect`, `connection`, `csrf` to itself. `next_href` leads to older ones,
    `newest_href` back.
    """

    active: tuple[ConnectionCard, ...]
    ended: tuple[ConnectionCard, ...] = ()
    keys: tuple[KeyBeside, ...] = ()
    next_href: str | None = None
    newest_href: str | None = None


@dataclass(frozen=True, slots=True)
class ConnectionPage:
    """`connection`, at the connection's `href`; the deep link of an app leads here.

    Posts `action=disconnect`, `connection`, `csrf` to `/settings/connections`.
    """

    connection: ConnectionCard


@dataclass(frozen=True, slots=True)
class ConnectionRow:
    """One connection of the organisation, as administrators see it."""

    id: str
    app: str
    app_href: str
    person_name: str
    person_email: str
    scopes: tuple[str, ...]
    approved_at: datetime
    last_used_at: datetime | None
    ended_at: datetime | None = None
    provenance: Provenance | None = None


@dataclass(frozen=True, slots=True)
class FilterOption:
    """One choice of a filter; `value` empty means no filter."""

    value: str
    label: str
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class AllConnectionsPage:
    """`all_connections`, at `/settings/connections/all`.

    The filter is a GET with `app`, `user` and `status` (`active` | `all`). Disconnecting posts
    `action=disconnect`, `connection`, `csrf` to `/settings/connections/all`. `next_href` leads
    to older ones, `newest_href` back. `unverified_apps` is what the organisation says of apps that
    registered themselves, where any can; its button posts `action` (`allow` | `refuse`), `csrf` to
    `/settings/connections/unverified`.
    """

    connections: tuple[ConnectionRow, ...]
    apps: tuple[FilterOption, ...]
    users: tuple[FilterOption, ...]
    include_ended: bool = False
    next_href: str | None = None
    newest_href: str | None = None
    unverified_apps: Literal["allowed", "refused"] | None = None
