"""The form of an API key: what was typed becomes a draft or an edit, and comes back with its faults."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

from consentry.model.allowed_network import FIELD as NETWORKS_FIELD
from consentry.model.api_key import KeyDraft, KeyEdit
from consentry.model.coverage import not_in_roles
from consentry.model.faults import Fault
from consentry.web.views.api_keys import Expiry, KeyNewPage, PermissionChoice, PermissionGroup
from consentry.web.views.form import FieldError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from consentry.model.api_key import ApiKeyPolicy
    from consentry.model.catalog import Catalog, PermissionEntry
    from consentry.oauth.parameters import Parameters

_LIFETIMES: Mapping[str, timedelta] = {
    "30d": timedelta(days=30),
    "90d": timedelta(days=90),
    "1y": timedelta(days=365),
}
_EXPIRIES: Mapping[str, Expiry] = {"30d": "30d", "90d": "90d", "1y": "1y", "never": "never", "on": "on"}
_PAGE_FIELDS: Mapping[str, str] = {"expires_at": "expires_on", NETWORKS_FIELD: "addresses"}
_END_OF_DAY = time(23, 59, 59, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class TypedKey:
    """A key's form as it was sent. `expires` is what was chosen, whatever it was."""

    name: str
    permissions: tuple[str, ...]
    expires: str
    expires_on: str
    addresses: str

    @property
    def lines(self) -> tuple[str, ...]:
        """The addresses, line by line, empty lines included, so that a fault can name its line."""
        return tuple(self.addresses.replace("\r\n", "\n").replace("\r", "\n").split("\n"))

    def find_expiry(self, now: datetime) -> datetime | Fault | None:
        """Return when the key expires, None for never, or what is wrong with the choice."""
        if self.expires == "never":
            return None
        if self.expires in _LIFETIMES:
            return now + _LIFETIMES[self.expires]
        if self.expires != "on":
            return Fault("expires_at", "Choose when the key expires.")
        try:
            return datetime.combine(date.fromisoformat(self.expires_on), _END_OF_DAY)
        except ValueError:
            return Fault("expires_at", "Enter the date on which the key expires.")

    def to_draft(self, expires_at: datetime | None) -> KeyDraft:
        """Return the new key that was typed."""
        return KeyDraft(self.name, self.permissions, expires_at, self.lines)

    def to_edit(self) -> KeyEdit:
        """Return the edit that was typed: the form holds all that may be edited."""
        return KeyEdit(self.name, self.permissions, self.lines)


def read_key_form(form: Parameters) -> TypedKey:
    """Read the fields; a repeated one raises OAuthError, an unknown one is never looked at."""
    return TypedKey(
        name=form.one("name") or "",
        permissions=tuple(dict.fromkeys(form.all("permission"))),
        expires=form.one("expires") or "1y",
        expires_on=form.one("expires_on") or "",
        addresses=form.one("addresses") or "",
    )


def new_page(
    typed: TypedKey, held: frozenset[str], role_titles: Sequence[str], catalog: Catalog, policy: ApiKeyPolicy
) -> KeyNewPage:
    """Return the form for a new key: every permission, those that are not held disabled, with the reason."""
    groups = {
        resource: tuple(_choice_for_new(entry, held, typed.permissions, role_titles) for entry in entries)
        for resource, entries in catalog.permissions_by_resource().items()
    }
    return KeyNewPage(
        groups=_groups(groups),
        name=typed.name,
        expires=_EXPIRIES.get(typed.expires, "1y"),
        expires_on=typed.expires_on,
        may_never_expire=policy.may_never_expire,
        addresses=typed.addresses,
    )


def groups_of_key(
    permissions: Collection[str], chosen: Collection[str], held: frozenset[str], catalog: Catalog
) -> tuple[PermissionGroup, ...]:
    """Return the grid that edits a key down: only what it has; a permission that its owner lacks now says so."""
    groups = {}
    for resource, entries in catalog.permissions_by_resource().items():
        mine = tuple(_choice_of_key(entry, chosen, held) for entry in entries if entry.name in permissions)
        if mine:
            groups[resource] = mine
    return _groups(groups)


def find_read_permissions(held: frozenset[str], catalog: Catalog) -> tuple[str, ...]:
    """Return the held permissions that only read: the shortcut of the form."""
    return tuple(entry.name for entry in catalog.permissions.values() if entry.action == "read" and entry.name in held)


def field_errors(faults: Iterable[Fault], typed: TypedKey) -> tuple[FieldError, ...]:
    """Return the faults as the page shows them: beside their field, a bad address with its line."""
    errors = []
    for fault in faults:
        name, _, index = fault.field.partition(".")
        field = _PAGE_FIELDS.get(name, name)
        if index:
            number = int(index)
            errors.append(FieldError(field, fault.sentence, number + 1, typed.lines[number].strip()))
        else:
            errors.append(FieldError(field, fault.sentence))
    return tuple(errors)


def _choice_for_new(
    entry: PermissionEntry, held: frozenset[str], chosen: Collection[str], role_titles: Sequence[str]
) -> PermissionChoice:
    is_held = entry.name in held
    return PermissionChoice(
        name=entry.name,
        action=entry.action,
        title=entry.title,
        held=is_held,
        chosen=is_held and entry.name in chosen,
        sensitive=entry.sensitive,
        reason=None if is_held else not_in_roles(role_titles),
    )


def _choice_of_key(entry: PermissionEntry, chosen: Collection[str], held: frozenset[str]) -> PermissionChoice:
    # Never disabled: a disabled box is not sent, and saving would take away what is only missing for the time being.
    return PermissionChoice(
        name=entry.name,
        action=entry.action,
        title=entry.title,
        chosen=entry.name in chosen,
        sensitive=entry.sensitive,
        reason=None if entry.name in held else "Does nothing today: its owner does not hold it now.",
    )


def _groups(groups: Mapping[str, tuple[PermissionChoice, ...]]) -> tuple[PermissionGroup, ...]:
    return tuple(PermissionGroup(name.replace("_", " ").capitalize(), choices) for name, choices in groups.items())
