"""Readers of single settings: each turns a value, as TOML or the environment gave it, into one in range."""

import re
from collections.abc import Callable
from datetime import timedelta
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from consentry.model.secret import Secret
from consentry.oauth.resource import is_resource_identifier
from consentry.oauth.uri import Uri
from consentry.postgres_url import PostgresUrlError, parse_postgres_url
from consentry.settings_sources import BadValue, Reader

E = TypeVar("E", bound=StrEnum)

_SQLITE = "sqlite:///"
_POSTGRESQL = "postgresql://"
_DURATION = re.compile(r"(?P<number>[0-9]{1,10})(?P<unit>[smhdy]?)")
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400, "y": 31_536_000}
_DISTINCT_CHARACTERS = 8
_VIEW_NAME = re.compile(r"(?:[A-Za-z_][A-Za-z0-9_]{0,62}\.)?[A-Za-z_][A-Za-z0-9_]{0,62}", re.ASCII)


def whole_number(least: int, most: int) -> Reader[int]:
    """Return a reader of whole numbers from `least` to `most`."""

    def read(value: object, _folder: Path) -> int:
        remedy = f"Write a whole number from {least} to {most}."
        if isinstance(value, str) and value.isascii() and value.isdigit():
            value = int(value[:20])
        if not isinstance(value, int) or isinstance(value, bool):
            raise BadValue(f"is {_shown(value)}, which is not a whole number.", remedy)
        if not least <= value <= most:
            raise BadValue(f"is {_shown(value)}, which is out of range.", remedy)
        return value

    return read


def duration(least: timedelta, most: timedelta) -> Reader[timedelta]:
    """Return a reader of lifetimes from `least` to `most`: seconds, or a number with s, m, h, d or y (365 days)."""

    def read(value: object, _folder: Path) -> timedelta:
        remedy = f"Write seconds or a number with s, m, h, d or y, from {_span(least)} to {_span(most)}."
        text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
        match = _DURATION.fullmatch(text)
        if match is None:
            raise BadValue(f"is {_shown(value)}, which is not a lifetime.", remedy)
        # An hour more than the most is out of range as surely as a million years, which a timedelta cannot hold.
        seconds = min(int(match["number"]) * _SECONDS[match["unit"]], int(most.total_seconds()) + 3600)
        found = timedelta(seconds=seconds)
        if not least <= found <= most:
            raise BadValue(f"is {_shown(value)}, which is out of range.", remedy)
        return found

    return read


def flag(value: object, _folder: Path) -> bool:
    """Read true or false."""
    spelled = {"true": True, "false": False}
    if isinstance(value, str) and value.lower() in spelled:
        return spelled[value.lower()]
    if not isinstance(value, bool):
        raise BadValue(f"is {_shown(value)}.", "Write true or false, without quotes.")
    return value


def line(longest: int) -> Reader[str]:
    """Return a reader of one line of visible text."""

    def read(value: object, _folder: Path) -> str:
        if not isinstance(value, str) or not value.strip() or not value.isprintable() or len(value.strip()) > longest:
            raise BadValue(f"is {_shown(value)}.", f"Write one line of 1 to {longest} visible characters.")
        return value.strip()

    return read


def choice(options: type[E]) -> Reader[E]:
    """Return a reader of one of the values of an enumeration."""

    def read(value: object, _folder: Path) -> E:
        if value not in list(options):
            raise BadValue(f"is {_shown(value)}.", f"Write one of: {', '.join(options)}.")
        return options(str(value))

    return read


def secret_text(shortest: int) -> Callable[[object, Path], Secret | None]:
    """Return a reader of secrets of at least `shortest` characters. Its messages never repeat the value."""

    def read(value: object, _folder: Path) -> Secret | None:
        remedy = "Write random characters: python3 -c 'import secrets; print(secrets.token_urlsafe(32))'"
        if not isinstance(value, str):
            raise BadValue("is not a text.", remedy)
        if len(value) < shortest:
            raise BadValue(f"is too short: it needs at least {shortest} characters.", remedy)
        if len(set(value)) < _DISTINCT_CHARACTERS or not value.isprintable() or value != value.strip():
            raise BadValue("can be guessed, or holds spaces at its ends or invisible characters.", remedy)
        return Secret(value)

    return read


def host_name(value: object, _folder: Path) -> str:
    """Read the address to listen on: a name, an IPv4 address, or an IPv6 address without brackets."""
    remedy = "Write an address of this machine, such as 127.0.0.1 or 0.0.0.0, without a scheme or a port."
    if not isinstance(value, str):
        raise BadValue(f"is {_shown(value)}.", remedy)
    bracketed = f"[{value}]" if ":" in value else value
    if not Uri.parse(f"http://{bracketed}").has_valid_host:
        raise BadValue(f"is {_shown(value)}.", remedy)
    return value


def resource_identifier(value: object, _folder: Path) -> str:
    """Read the identifier of an API: an absolute URI without a fragment. RFC 8707 §2."""
    if not isinstance(value, str) or not is_resource_identifier(value):
        remedy = "Write the address of the API, such as https://api.example.com"
        raise BadValue(f"is {_shown(value)}, which is not an absolute URI without a fragment.", remedy)
    return value


def issuer_url(value: object, _folder: Path) -> str:
    """Read the issuer: an origin on `https`, or on `http` where only the own computer can reach it. RFC 8414 §2.

    Choice: no path, because cookies with the `__Host-` prefix and the well-known addresses belong to a whole origin.
    """
    remedy = "Write the public address, such as https://connect.example.com, or http://localhost:8400 to try it out."
    if not isinstance(value, str):
        raise BadValue(f"is {_shown(value)}, which is not a text.", remedy)
    uri = Uri.parse(value)
    if uri.userinfo is not None:
        raise BadValue("holds a user name or password.", remedy)
    if uri.scheme not in {"https", "http"} or not uri.has_valid_host or not uri.has_valid_port:
        raise BadValue(f"is {_shown(value)}, which is not an https address.", remedy)
    if uri.scheme == "http" and not uri.is_loopback_http:
        problem = f"is {_shown(value)}: plain http is for localhost, 127.0.0.1 and [::1] only."
        raise BadValue(problem, "Write it with https://, and let a proxy or load balancer end TLS in front.")
    if uri.path == "/":
        raise BadValue("ends with a slash.", f"Write {value.rstrip('/')} instead.")
    if uri.path or uri.query is not None or uri.fragment is not None:
        raise BadValue(f"is {_shown(value)}: an issuer has no path, query or fragment.", remedy)
    if value != value.lower():
        raise BadValue("holds capital letters, and clients compare it exactly.", f"Write {value.lower()} instead.")
    return value


def database_url(value: object, folder: Path) -> str:
    """Read the database's URL; an SQLite path becomes absolute. Its messages never repeat the value."""
    remedy = "Write sqlite:///consentry.sqlite3 or postgresql://user:password@host/database."
    if not isinstance(value, str):
        raise BadValue("is not a text.", remedy)
    if value.startswith(_SQLITE):
        name = value.removeprefix(_SQLITE)
        if not name or name.startswith((":", "file:")) or "?" in name or "\0" in name or name.endswith("/"):
            raise BadValue("does not name a file.", "Write sqlite:///consentry.sqlite3; parameters are not used.")
        return _SQLITE + str(folder / name)
    if not value.startswith(_POSTGRESQL) or not _names_a_host(value):
        raise BadValue("is not the URL of a database that Consentry knows.", remedy)
    try:
        parse_postgres_url(value)
    except PostgresUrlError as fault:
        raise BadValue(str(fault), "docs/scaling.md says what they are for: ?pool=16&pgbouncer=true.") from None
    return value


def view_name(value: object, _folder: Path) -> str:
    """Read the name of a view, with a schema's before it or not."""
    if not isinstance(value, str) or not _VIEW_NAME.fullmatch(value):
        remedy = "Write the view's name: letters, digits and _, such as consentry_members or product.consentry_members."
        raise BadValue(f"is {_shown(value)}, which is not the name of a view.", remedy)
    return value


def sqlite_path(url: str) -> Path | None:
    """Return the file that a checked `sqlite:///` URL names; None for another engine's."""
    return Path(url.removeprefix(_SQLITE)) if url.startswith(_SQLITE) else None


def shown_database(url: str) -> str:
    """Return a checked database's URL as it may be shown and logged: the file's path, or without user and password."""
    file = sqlite_path(url)
    if file is not None:
        return str(file)
    parts = urlsplit(url)
    return f"{_POSTGRESQL}{parts.netloc.rpartition('@')[2]}{parts.path}"


def path(value: object, folder: Path) -> Path:
    """Read the path of a file; a relative one starts at `folder`."""
    if not isinstance(value, str) or not value.strip() or "\0" in value:
        raise BadValue(f"is {_shown(value)}.", "Write the path of a file.")
    return folder / value


def address_list(value: object, _folder: Path) -> tuple[IPv4Network | IPv6Network, ...]:
    """Read networks: a TOML list, or text with commas between."""
    remedy = 'Write addresses or networks, such as ["10.0.0.0/8", "::1"].'
    items = value.split(",") if isinstance(value, str) else value
    if not isinstance(items, list):
        raise BadValue(f"is {_shown(value)}, which is not a list.", remedy)
    networks = []
    for item in items:
        if isinstance(item, str) and not item.strip():
            continue
        try:
            networks.append(ip_network(item.strip() if isinstance(item, str) else ""))
        except ValueError:
            problem = f"holds {_shown(item)}, which is not a network (bits after the prefix must be zero)."
            raise BadValue(problem, remedy) from None
    return tuple(networks)


def name_list(value: object, _folder: Path) -> tuple[str, ...]:
    """Read names without spaces: a TOML list, or text with commas between."""
    remedy = 'Write names, such as ["invoicing:read", "contacts:read"].'
    items = value.split(",") if isinstance(value, str) else value
    if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
        raise BadValue(f"is {_shown(value)}, which is not a list of names.", remedy)
    names = tuple(item.strip() for item in items if item.strip())
    for name in names:
        if not name.isascii() or not name.isprintable() or " " in name:
            raise BadValue(f"holds {_shown(name)}, which is not a name.", remedy)
    return names


def _names_a_host(value: str) -> bool:
    try:
        return bool(urlsplit(value).hostname) or "host=" in value
    except ValueError:
        return False


def _span(lifetime: timedelta) -> str:
    seconds = int(lifetime.total_seconds())
    for unit in "ydhm":
        if seconds and seconds % _SECONDS[unit] == 0:
            return f"{seconds // _SECONDS[unit]}{unit}"
    return f"{seconds}s"


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "…"  # noqa: PLR2004 - one line of a terminal
