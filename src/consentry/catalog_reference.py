"""The reference of permissions and scopes, made from the catalog: Markdown, an OpenAPI scheme, and JSON for programs.

What stands here is public: whoever writes an app must know what can be asked for. Roles are not: they are the
product's own affair.
"""

from collections.abc import Iterable
from typing import Any

from consentry.error_reference import table
from consentry.model.catalog import Catalog, PermissionEntry, ScopeEntry
from consentry.oauth.metadata import AUTHORIZATION_PATH, TOKEN_PATH

SCOPES_PATH = "/docs/scopes"
"""Where the server shows the reference. `.md` after it gives Markdown, `.json` the same for programs."""

SCHEME = "OAuth2"
"""The name of the OpenAPI security scheme."""

SCOPES_INTRODUCTION = (
    "What an app can ask a user for. A scope stands for permissions; a call may do what the approved scopes stand for "
    "and the user may do at that moment."
)
PERMISSIONS_INTRODUCTION = (
    "What a call can need. Members hold them through their roles, and API keys hold them one by one. An app reaches a "
    "permission through a scope, and a sensitive one never."
)


def catalog_markdown(catalog: Catalog, product: str) -> str:
    """Return the reference as Markdown, for people and for assistants that read along."""
    scopes = [
        (
            f"`{scope.name}`",
            scope.title,
            _codes(entry.name for entry in scope.entries),
            _codes(scope.implies),
        )
        for group in catalog.scopes_by_resource().values()
        for scope in group
    ]
    permissions = [
        (f"`{entry.name}`", entry.title, reach(catalog, entry))
        for group in catalog.permissions_by_resource().values()
        for entry in group
    ]
    parts = [
        f"# Scopes and permissions of {_one_line(product)}",
        "## Scopes",
        SCOPES_INTRODUCTION,
        table(("scope", "lets an app", "stands for", "includes"), scopes),
        "## Permissions",
        PERMISSIONS_INTRODUCTION,
        table(("permission", "lets one", "scopes that reach it"), permissions),
    ]
    return "\n\n".join(parts) + "\n"


def reach(catalog: Catalog, entry: PermissionEntry) -> str:
    """Return in Markdown which scopes reach a permission, or why none does."""
    if entry.sensitive:
        return "never: sensitive"
    return _codes(catalog.scopes_granting(entry.name)) or "none"


def openapi_scheme(catalog: Catalog, issuer: str) -> dict[str, Any]:
    """Return the security scheme of a product's API, for its OpenAPI document: the flow, and every scope."""
    return {
        "type": "oauth2",
        "description": f"An app that the user connected. The scopes are explained at {issuer}{SCOPES_PATH}.",
        "flows": {
            "authorizationCode": {
                "authorizationUrl": issuer + AUTHORIZATION_PATH,
                "tokenUrl": issuer + TOKEN_PATH,
                "refreshUrl": issuer + TOKEN_PATH,
                "scopes": {scope.name: scope.title for scope in catalog.scopes.values()},
            }
        },
    }


def catalog_object(catalog: Catalog) -> dict[str, Any]:
    """Return the reference for programs: permissions and scopes in the catalog's order. See `read_catalog_object`."""
    return {
        "permissions": [
            {"name": entry.name, "title": entry.title, "sensitive": entry.sensitive}
            for entry in catalog.permissions.values()
        ],
        "scopes": [
            {
                "name": scope.name,
                "title": scope.title,
                "implies": list(scope.implies),
                "permissions": [entry.name for entry in scope.entries],
            }
            for scope in catalog.scopes.values()
        ],
    }


def read_catalog_object(found: Any) -> Catalog:
    """Return the catalog, without its roles, that `catalog_object` told. Raises ValueError for anything else."""
    try:
        permissions = {
            one["name"]: PermissionEntry(str(one["name"]), str(one["title"]), one["sensitive"] is True)
            for one in found["permissions"]
        }
        scopes = {one["name"]: _read_scope(one, permissions) for one in found["scopes"]}
    except (KeyError, TypeError) as fault:
        raise ValueError("This is no reference of a catalog.") from fault
    return Catalog(permissions, scopes, {})


def _read_scope(found: Any, permissions: dict[str, PermissionEntry]) -> ScopeEntry:
    entries = tuple(permissions[name] for name in found["permissions"])
    return ScopeEntry(
        str(found["name"]),
        str(found["title"]),
        frozenset(entry.name for entry in entries),
        tuple(str(name) for name in found["implies"]),
        entries,
    )


def _codes(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _one_line(text: str) -> str:
    return " ".join(text.split())
