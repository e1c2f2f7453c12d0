"""The frame around every page: who is signed in, where, and where else they may go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

SettingsSection = Literal["apps", "api_keys", "connections", "all_connections", "access", "audit"]

_EXPLAINS = frozenset({"oauth_app.manage", "api_key.manage", "member.manage"})
"""Whoever holds one of these can ask more than why their own credentials do what they do."""


@dataclass(frozen=True, slots=True)
class Person:
    """The signed-in person, as the header names them."""

    name: str
    email: str


@dataclass(frozen=True, slots=True)
class NavigationItem:
    """One entry of the settings."""

    label: str
    href: str
    current: bool = False


@dataclass(frozen=True, slots=True)
class Crumb:
    """One step of the breadcrumb; the last one has no `href`, being the page itself."""

    label: str
    href: str | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """What just happened, said once at the top of the next page."""

    message: str
    kind: Literal["done", "warning"] = "done"


@dataclass(frozen=True, slots=True)
class Frame:
    """Everything of a page that is not its own subject.

    `csrf` is the token that every form of the page carries, the header's sign-out included. `now` is
    the moment against which "3 minutes ago" is said. `locale` is what `pages.locale_of` found.
    `switch_href` leads to the choice of another organisation, when there is one.
    """

    product: str
    title: str
    now: datetime
    csrf: str = ""
    locale: str = "en_GB"
    person: Person | None = None
    organisation: str | None = None
    switch_href: str | None = None
    navigation: tuple[NavigationItem, ...] = ()
    breadcrumb: tuple[Crumb, ...] = ()
    notice: Notice | None = None


def settings_navigation(current: SettingsSection, *, permissions: Collection[str]) -> tuple[NavigationItem, ...]:
    """Return the entries of API & Connections that a holder of `permissions` may open."""
    manages_apps = "oauth_app.manage" in permissions
    entries: tuple[tuple[SettingsSection, str, str, bool], ...] = (
        ("apps", "Connected apps", "/settings/apps", manages_apps),
        (
            "api_keys",
            "API keys",
            "/settings/api-keys",
            not {"api_key.create", "api_key.manage"}.isdisjoint(permissions),
        ),
        ("connections", "My connections", "/settings/connections", True),
        ("all_connections", "All connections", "/settings/connections/all", manages_apps),
        ("access", "Access", "/settings/access", not _EXPLAINS.isdisjoint(permissions)),
        ("audit", "Audit", "/settings/audit", "audit.read" in permissions),
    )
    return tuple(
        NavigationItem(label, href, current=section == current) for section, label, href, may_see in entries if may_see
    )
