"""The catalog: the permissions, scopes and built-in roles that an operator declares for a product."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import TypeVar

from consentry.model.catalog_entry import (
    CONSENTRY_PERMISSIONS,
    CatalogError,
    PermissionEntry,
    RoleEntry,
    ScopeEntry,
)
from consentry.model.catalog_reading import read_entries
from consentry.model.permission import PermissionSet

__all__ = [
    "CONSENTRY_PERMISSIONS",
    "Catalog",
    "CatalogError",
    "PermissionEntry",
    "RoleEntry",
    "ScopeEntry",
    "parse_catalog",
]

_Entry = TypeVar("_Entry", PermissionEntry, ScopeEntry)
_REMEMBERED_SCOPE_SETS = 4096


@dataclass(frozen=True, slots=True, eq=False)
class Catalog:
    """What a product lets its members, apps and API keys do. Immutable, in the file's order."""

    permissions: Mapping[str, PermissionEntry]
    scopes: Mapping[str, ScopeEntry]
    roles: Mapping[str, RoleEntry]
    _expand: Callable[[frozenset[str]], PermissionSet] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        for name in ("permissions", "scopes", "roles"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))
        remembered = lru_cache(maxsize=_REMEMBERED_SCOPE_SETS)(self._union_of)
        object.__setattr__(self, "_expand", remembered)

    def _union_of(self, scope_names: frozenset[str]) -> PermissionSet:
        known = (self.scopes[name].permissions for name in scope_names if name in self.scopes)
        return frozenset[str]().union(*known)

    def expand(self, scope_names: Iterable[str]) -> PermissionSet:
        """Return every permission that the named scopes stand for, those of implied scopes included.

        A scope that this catalog does not declare stands for nothing, so that a scope taken out of it stops
        working at once. The answer is remembered by content; it depends on nothing but the catalog.
        """
        return self._expand(frozenset(scope_names))

    def role_permissions(self, name: str) -> PermissionSet | None:
        """Return the permissions of a built-in role, or None where the catalog has no role of that name."""
        role = self.roles.get(name)
        return None if role is None else role.permissions

    def without_unknown(self, permissions: Iterable[str]) -> PermissionSet:
        """Return those of `permissions` that this catalog declares."""
        return frozenset(name for name in permissions if name in self.permissions)

    def scopes_granting(self, permission: str) -> tuple[str, ...]:
        """Return the names of the scopes that reach `permission`, the narrowest first, if any."""
        granting = (scope for scope in self.scopes.values() if permission in scope.permissions)
        return tuple(scope.name for scope in sorted(granting, key=lambda s: (len(s.permissions), s.name)))

    def scopes_by_resource(self) -> Mapping[str, tuple[ScopeEntry, ...]]:
        """Return the scopes grouped by resource, in the file's order, read before write within each group.

        Those of OpenID Connect are one group, named `identity`.
        """
        grouped = _grouped(self.scopes.values())
        return MappingProxyType({key: tuple(sorted(group, key=_action)) for key, group in grouped.items()})

    def permissions_by_resource(self) -> Mapping[str, tuple[PermissionEntry, ...]]:
        """Return the permissions grouped by resource, in the file's order."""
        return MappingProxyType({key: tuple(group) for key, group in _grouped(self.permissions.values()).items()})


def _action(scope: ScopeEntry) -> str:
    return scope.action


def _grouped(entries: Iterable[_Entry]) -> dict[str, list[_Entry]]:
    groups: dict[str, list[_Entry]] = {}
    for entry in entries:
        groups.setdefault(entry.resource, []).append(entry)
    return groups


def parse_catalog(text: str) -> Catalog:
    """Return the catalog that a TOML text declares.

    Raises:
        CatalogError: the text is not TOML, or breaks a rule; the message names the key and what to write.
    """
    return Catalog(*read_entries(text))
