"""API keys. Templates `api_keys`, `api_key_new`, `api_key_shown`, `api_key`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import datetime

    from consentry.web.views.form import FieldError

KeyStatus = Literal["active", "expired", "revoked"]
Expiry = Literal["30d", "90d", "1y", "never", "on"]


@dataclass(frozen=True, slots=True)
class KeyRow:
    """One API key of the list. `creator` is the member whose permissions bound it."""

    name: str
    prefix: str
    href: str
    permissions: tuple[str, ...]
    creator: str
    created_at: datetime
    last_used_at: datetime | None
    last_used_from: str | None
    expires_at: datetime | None
    status: KeyStatus


@dataclass(frozen=True, slots=True)
class KeyListPage:
    """`api_keys`, at `/settings/api-keys`. `of_everybody`: every key of the organisation.

    `next_href` leads to older ones, `newest_href` back.
    """

    keys: tuple[KeyRow, ...]
    may_create: bool
    of_everybody: bool = False
    next_href: str | None = None
    newest_href: str | None = None


@dataclass(frozen=True, slots=True)
class PermissionChoice:
    """One permission of the grid: field `permission`, repeated.

    `held` is false when the creator does not hold it; it is then shown, disabled, with `reason`.
    """

    name: str
    action: str
    title: str
    held: bool = True
    chosen: bool = False
    sensitive: bool = False
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class PermissionGroup:
    """The permissions of one resource."""

    resource: str
    permissions: tuple[PermissionChoice, ...]


@dataclass(frozen=True, slots=True)
class KeyNewPage:
    """`api_key_new`, at `/settings/api-keys/new`.

    Posts `name`, `permission` (repeated), `expires` (`30d` | `90d` | `1y` | `never` |
    `on`), `expires_on` (`YYYY-MM-DD`), `addresses` (one IP address or CIDR block per line),
    `csrf` and `action`: `create`, or `read_only`, which answers with the same page and only the
    held read permissions ticked. `errors` name `name`, `permissions`, `expires_on`, `addresses`
    (with lines).
    """

    groups: tuple[PermissionGroup, ...]
    name: str = ""
    expires: Expiry = "1y"
    expires_on: str = ""
    may_never_expire: bool = True
    addresses: str = ""
    errors: tuple[FieldError, ...] = ()


@dataclass(frozen=True, slots=True)
class KeyShownPage:
    """`api_key_shown`: the answer to creating or rotating; `key` is shown here once.

    `old_expires_at` is set by a rotation: until then the key before it works too.
    """

    name: str
    key: str
    href: str
    expires_at: datetime | None
    example_url: str
    old_expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class KeyPage:
    """`api_key`, at `/settings/api-keys/{id}`. Its forms post to the page itself.

    They carry `csrf` and `action`, which is `save` (with `name`, `permission` repeated,
    `addresses`), `rotate` (`overlap` = `none` | `1d` | `7d`; answered by `api_key_shown`) or
    `revoke`. `groups` holds only the permissions that the key has: a key is edited down, never up.
    `ended_by` names who revoked it.
    """

    key: KeyRow
    groups: tuple[PermissionGroup, ...]
    name: str
    addresses: str
    may_edit: bool = True
    ended_at: datetime | None = None
    ended_by: str | None = None
    errors: tuple[FieldError, ...] = ()
