"""Reading a catalog's TOML text into checked entries; every fault is named where it stands in the file."""

import re
import tomllib
from collections.abc import Collection, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import TypeAlias

from consentry.model.catalog_entry import (
    CONSENTRY_PERMISSIONS,
    CatalogError,
    PermissionEntry,
    RoleEntry,
    ScopeEntry,
)
from consentry.model.permission import PermissionSet, is_permission_name

Table: TypeAlias = Mapping[str, object]
Entries: TypeAlias = tuple[dict[str, PermissionEntry], dict[str, ScopeEntry], dict[str, RoleEntry]]

_SCOPE_NAME = re.compile(r"[a-z][a-z0-9_]*:(read|write)")
_ROLE_NAME = re.compile(r"[a-z][a-z0-9_-]*")
_MAX_TITLE_LENGTH = 120
_EVERYTHING = "*"


def read_entries(text: str) -> Entries:
    """Return the permissions (Consentry's own included), scopes and roles that the text declares.

    Raises:
        CatalogError: the text is not TOML or breaks a rule of the catalog.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        raise CatalogError(f"The catalog is not valid TOML: {fault}.") from fault
    _refuse_unknown_keys(document, {"permissions", "scopes", "roles"}, "the catalog")
    permissions = _read_permissions(_table(document, "permissions"))
    scopes = _read_scopes(_table(document, "scopes"), permissions)
    roles = _read_roles(_table(document, "roles"), permissions)
    return permissions, scopes, roles


def _read_permissions(table: Table) -> dict[str, PermissionEntry]:
    entries: dict[str, PermissionEntry] = {}
    own = {entry.name: entry for entry in CONSENTRY_PERMISSIONS}
    for name, value in table.items():
        key = f'[permissions] "{name}"'
        if not is_permission_name(name):
            raise CatalogError(
                f"{key}: a permission is named `resource.action` in lower case, within quotes: "
                '"invoice.read" = "See invoices".'
            )
        entries[name] = _read_permission(key, name, value, own.get(name))
    return entries | {name: entry for name, entry in own.items() if name not in entries}


def _read_permission(key: str, name: str, value: object, own: PermissionEntry | None) -> PermissionEntry:
    fields: Table = {"title": value} if isinstance(value, str) else _as_table(key, value)
    _refuse_unknown_keys(fields, {"title", "sensitive"}, key)
    always_sensitive = own is not None and own.sensitive
    sensitive = fields.get("sensitive", always_sensitive)
    if not isinstance(sensitive, bool):
        raise CatalogError(f"{key}: `sensitive` must be true or false, without quotes.")
    if always_sensitive and not sensitive:
        raise CatalogError(
            f"{key}: this permission of Consentry's own is always sensitive; remove `sensitive = false`."
        )
    return PermissionEntry(name, _title(key, fields), sensitive)


def _read_scopes(table: Table, permissions: Mapping[str, PermissionEntry]) -> dict[str, ScopeEntry]:
    titles: dict[str, str] = {}
    direct: dict[str, PermissionSet] = {}
    implied: dict[str, tuple[str, ...]] = {}
    for name, value in table.items():
        key = f'[scopes."{name}"]'
        if _SCOPE_NAME.fullmatch(name) is None:
            raise CatalogError(
                f"{key}: a scope is named `resource:read` or `resource:write` in lower case, within quotes: "
                '[scopes."invoicing:read"].'
            )
        fields = _as_table(key, value)
        _refuse_unknown_keys(fields, {"title", "permissions", "implies"}, key)
        titles[name] = _title(key, fields)
        implied[name] = _names(key, fields, "implies", optional=True)
        direct[name] = frozenset(_names(key, fields, "permissions", optional=bool(implied[name])))
        _refuse_undeclared(key, direct[name], permissions)
        _refuse_sensitive(key, direct[name], permissions)
        if not direct[name] and not implied[name]:
            raise CatalogError(f'{key}: stands for no permission; list at least one: permissions = ["…"].')
    for name, targets in implied.items():
        _refuse_undeclared_scopes(f'[scopes."{name}"]', targets, titles)
    reached: dict[str, PermissionSet] = {}
    for name in _narrowest_first(implied):
        reached[name] = direct[name].union(*(reached[target] for target in implied[name]))
    return {
        name: ScopeEntry(
            name=name,
            title=title,
            permissions=reached[name],
            implies=implied[name],
            entries=tuple(entry for entry in permissions.values() if entry.name in reached[name]),
        )
        for name, title in titles.items()
    }


def _read_roles(table: Table, permissions: Mapping[str, PermissionEntry]) -> dict[str, RoleEntry]:
    roles: dict[str, RoleEntry] = {}
    for name, value in table.items():
        key = f"[roles.{name}]"
        if _ROLE_NAME.fullmatch(name) is None:
            raise CatalogError(
                f"{key}: a role's name starts with a lower-case letter and goes on with letters, digits, "
                '`_` or `-`: [roles.bookkeeper]. Write how it is shown in title = "…".'
            )
        fields = _as_table(key, value)
        _refuse_unknown_keys(fields, {"title", "permissions"}, key)
        listed = frozenset(_names(key, fields, "permissions", optional=False))
        if _EVERYTHING in listed:
            if len(listed) > 1:
                raise CatalogError(f'{key}: "*" means every permission; write permissions = ["*"] alone.')
            listed = frozenset(permissions)
        _refuse_undeclared(key, listed, permissions)
        title = _title(key, fields) if "title" in fields else _title_from_slug(name)
        roles[name] = RoleEntry(name, title, listed)
    return roles


def _title_from_slug(name: str) -> str:
    return re.sub("[-_]+", " ", name).strip().capitalize()


def _table(document: Table, name: str) -> Table:
    return _as_table(f"[{name}]", document.get(name, {}))


def _as_table(key: str, value: object) -> Table:
    if not isinstance(value, dict):
        raise CatalogError(f"{key}: must be a table, not {_kind(value)}; see the catalog's reference.")
    return value


def _title(key: str, fields: Table) -> str:
    title = fields.get("title")
    if not isinstance(title, str) or not title.strip():
        raise CatalogError(f'{key}: needs a title in plain words: title = "See your invoices".')
    if len(title.strip()) > _MAX_TITLE_LENGTH or not title.strip().isprintable():
        raise CatalogError(
            f"{key}: the title must be one line of at most {_MAX_TITLE_LENGTH} characters, "
            "without control or invisible characters."
        )
    return title.strip()


def _names(key: str, fields: Table, field: str, *, optional: bool) -> tuple[str, ...]:
    if field not in fields and optional:
        return ()
    value = fields.get(field)
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise CatalogError(f'{key}: `{field}` must be a list of names: {field} = ["…", "…"].')
    return tuple(dict.fromkeys(value))


def _kind(value: object) -> str:
    return {str: "a text", list: "a list", bool: "true or false"}.get(type(value), "a single value")


def _refuse_unknown_keys(table: Table, known: Collection[str], where: str) -> None:
    for name in table:
        if name not in known:
            raise CatalogError(f"{where}: unknown key `{name}`; known here are {_listed(known)}.")


def _refuse_undeclared(key: str, names: PermissionSet, permissions: Mapping[str, PermissionEntry]) -> None:
    for name in sorted(names):
        if name not in permissions:
            raise CatalogError(
                f'{key}: the permission "{name}" is not declared; '
                f'correct the name or add "{name}" = "…" under [permissions].'
            )


def _refuse_sensitive(key: str, names: PermissionSet, permissions: Mapping[str, PermissionEntry]) -> None:
    for name in sorted(names):
        if permissions[name].sensitive:
            raise CatalogError(
                f'{key}: the permission "{name}" is sensitive and can never be reached through a scope; '
                "remove it from this scope."
            )


def _refuse_undeclared_scopes(key: str, targets: Collection[str], declared: Collection[str]) -> None:
    for target in targets:
        if target not in declared:
            raise CatalogError(
                f'{key}: implies the scope "{target}", which is not declared; '
                f'correct the name or add a table [scopes."{target}"].'
            )


def _narrowest_first(implied: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Order the scopes so that each comes after all that it implies."""
    try:
        return tuple(TopologicalSorter(implied).static_order())
    except CycleError as fault:
        circle = [str(name) for name in fault.args[1]]
        raise CatalogError(
            f'[scopes."{circle[0]}"]: scopes imply each other in a circle ({" → ".join(circle)}); break it.'
        ) from fault


def _listed(names: Collection[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names))
