"""Reading a routes file's TOML text; every fault names the key where it stands, and what to write."""

import json
import re
import tomllib
from collections.abc import Mapping
from difflib import get_close_matches

from consentry.model.catalog import Catalog
from consentry.model.guard_routes import GuardRoute, GuardRoutes, Segments
from consentry.oauth.resource import is_resource_identifier

PUBLIC = "public"
"""What stands for a route that asks for no credential."""

ANY = "any"
"""What stands for a route that asks for a working credential, whatever it may do."""

_KNOWN = ("resource", "scopes", "identity_audience", "routes")
_KEY = re.compile(r"(\*|[A-Z]{1,20}(?:-[A-Z]{1,20})?) (/\S*)")
_PARAMETER = re.compile(r"\{[a-z_][a-z0-9_]*\}")
_LITERAL = re.compile(r"[^%;?#\\{}*\x00-\x20\x7f-\x9f]+")
_LONGEST_AUDIENCE = 200
_EXAMPLE = '"GET /invoices/{id}" = "invoice.read"'


class GuardRoutesError(Exception):
    """A routes file that cannot be used: where, and what to write."""


def parse_guard_routes(text: str, catalog: Catalog) -> GuardRoutes:
    """Return the routes that the text declares, checked against the catalog's permissions.

    Raises:
        GuardRoutesError: the text is not TOML or breaks a rule of the routes file.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        raise GuardRoutesError(f"The routes file is not valid TOML: {fault}.") from None
    for key in document:
        if key not in _KNOWN:
            raise GuardRoutesError(f"{key}: is not known; a routes file has {', '.join(_KNOWN)}.")
    table = document.get("routes")
    if not isinstance(table, Mapping) or not table:
        raise GuardRoutesError(
            f"[routes]: lists no route, so every call would be refused. Write lines such as {_EXAMPLE}"
        )
    routes: list[GuardRoute] = []
    for key, value in table.items():
        route = _read_route(key, value, catalog)
        hiding = next((earlier for earlier in routes if earlier.hides(route)), None)
        if hiding is not None:
            raise GuardRoutesError(
                f'{_at(key)}: is never reached, because "{hiding.text}" stands before it and fits the same calls. '
                "Move this line up, or remove it."
            )
        routes.append(route)
    resource, audience = _read_resource(document), _read_audience(document)
    return GuardRoutes(tuple(routes), resource, audience, _read_scopes(document, resource, catalog))


def _read_route(key: str, value: object, catalog: Catalog) -> GuardRoute:
    match = _KEY.fullmatch(key)
    if match is None:
        raise GuardRoutesError(f"{_at(key)}: write a method in capitals or *, a space and a path: {_EXAMPLE}.")
    segments, open_end = _read_pattern(key, match[2])
    public, permissions = _read_needs(key, value, catalog)
    return GuardRoute(key, match[1], segments, open_end, public, permissions)


def _read_pattern(key: str, path: str) -> tuple[Segments, bool]:
    if path == "/":
        return (), False
    parts = path[1:].split("/")
    open_end = parts[-1] == "**"
    segments = tuple(_read_segment(key, part) for part in (parts[:-1] if open_end else parts))
    return segments, open_end


def _read_segment(key: str, part: str) -> str | None:
    if _PARAMETER.fullmatch(part):
        return None
    if not part:
        raise GuardRoutesError(f"{_at(key)}: write one slash between parts and none at the end.")
    if part in {".", ".."} or _LITERAL.fullmatch(part) is None:
        raise GuardRoutesError(
            f"{_at(key)}: {part!r} cannot be a part of a path. Write plain text as it is after decoding, {{name}} for "
            "any one part, or ** at the end for everything below."
        )
    return part


def _read_needs(key: str, value: object, catalog: Catalog) -> tuple[bool, tuple[str, ...]]:
    if value == PUBLIC:
        return True, ()
    if value == ANY:
        return False, ()
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
        raise GuardRoutesError(
            f'{_at(key)}: write a permission, a list of permissions, "{ANY}" for any working credential, or "{PUBLIC}".'
        )
    for name in names:
        if name not in catalog.permissions:
            near = get_close_matches(name, [*catalog.permissions, PUBLIC, ANY], n=1)
            hint = f"Did you mean {near[0]}?" if near else "Declare it in the catalog under [permissions]."
            raise GuardRoutesError(f"{_at(key)}: the catalog has no permission {name!r}. {hint}")
    return False, tuple(names)


def _read_resource(document: Mapping[str, object]) -> str | None:
    value = document.get("resource")
    if value is None:
        return None
    if not isinstance(value, str) or not is_resource_identifier(value):
        raise GuardRoutesError(
            'resource: write the identifier under which the API is registered: resource = "https://api.example.com".'
        )
    return value


def _read_scopes(document: Mapping[str, object], resource: str | None, catalog: Catalog) -> tuple[str, ...]:
    value = document.get("scopes")
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise GuardRoutesError(
            f"scopes: write a list of scopes, such as scopes = {json.dumps(sorted(catalog.scopes)[:1])}."
        )
    if resource is None:
        raise GuardRoutesError("scopes: clients find them only where the file names the API: write resource too.")
    for name in value:
        if name not in catalog.scopes:
            raise GuardRoutesError(f"scopes: the catalog has no scope {name!r}.")
    return tuple(value)


def _read_audience(document: Mapping[str, object]) -> str | None:
    value = document.get("identity_audience")
    if value is None:
        return None
    if not isinstance(value, str) or not value.strip() or not value.isprintable() or len(value) > _LONGEST_AUDIENCE:
        raise GuardRoutesError(
            "identity_audience: write what the API expects as `aud` of its callers' JWT, in 1 to "
            f'{_LONGEST_AUDIENCE} characters: identity_audience = "https://api.example.com".'
        )
    return value


def _at(key: str) -> str:
    return f'[routes] "{key}"'
