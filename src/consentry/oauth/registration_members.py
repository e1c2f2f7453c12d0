"""Members of a registration or a client's document, read by their types. RFC 7591 §2.

What is not known is ignored; null and an empty text count as absent; a member of another type is a fault.
"""

from collections.abc import Mapping, Sequence
from typing import NoReturn

from consentry.oauth.errors import ErrorCode, OAuthError
from consentry.oauth.uri import Uri

MAX_TEXT_LENGTH = 2000
"""Longest text of one member, in characters."""

MAX_LIST_LENGTH = 100
"""Most entries of one list."""


def refuse(sentence: str) -> NoReturn:
    """Refuse the registration for its metadata. *Source:* RFC 7591 §3.2.2."""
    raise OAuthError(ErrorCode.INVALID_CLIENT_METADATA, sentence)


def text_of(members: Mapping[str, object], name: str) -> str | None:
    """Return a text, or None where it is absent. Raises OAuthError(INVALID_CLIENT_METADATA)."""
    value = members.get(name)
    if value is None or value == "":
        return None
    if not isinstance(value, str) or len(value) > MAX_TEXT_LENGTH or "\x00" in value or _is_broken(value):
        refuse(f"The member {name} must be a text of at most {MAX_TEXT_LENGTH} characters.")
    return value


def list_of(members: Mapping[str, object], name: str) -> tuple[str, ...] | None:
    """Return a list of texts, or None where it is absent. Raises OAuthError(INVALID_CLIENT_METADATA)."""
    value = members.get(name)
    if value is None:
        return None
    if not isinstance(value, Sequence) or isinstance(value, str) or len(value) > MAX_LIST_LENGTH:
        refuse(f"The member {name} must be a list of at most {MAX_LIST_LENGTH} texts.")
    return tuple(_entry_of(one, name) for one in value)


def flag_of(members: Mapping[str, object], name: str) -> bool:
    """Return a truth value, false where it is absent. Raises OAuthError(INVALID_CLIENT_METADATA)."""
    value = members.get(name)
    if value is not None and not isinstance(value, bool):
        refuse(f"The member {name} must be true or false.")
    return bool(value)


def seconds_of(members: Mapping[str, object], name: str, *, most: int) -> int | None:
    """Return a whole number of seconds, or None. Raises OAuthError(INVALID_CLIENT_METADATA)."""
    value = members.get(name)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
        refuse(f"The member {name} must be a number of seconds from 0 to {most}.")
    return value


def choice_of(members: Mapping[str, object], name: str, choices: Sequence[str]) -> str | None:
    """Return one of `choices`, or None. Raises OAuthError(INVALID_CLIENT_METADATA)."""
    value = text_of(members, name)
    if value is not None and value not in choices:
        refuse(f"The member {name} must be one of: {', '.join(choices)}.")
    return value


def web_address_of(members: Mapping[str, object], name: str, *, schemes: Sequence[str] = ("https",)) -> str | None:
    """Return the address of a page or a document, or None. It is never fetched for being there.

    Raises OAuthError(INVALID_CLIENT_METADATA) for one that a person must not be sent to.
    """
    value = text_of(members, name)
    if value is None:
        return None
    uri = Uri.parse(value)
    plain = value.isascii() and value.isprintable() and not set(value) & set(' \\"<>^`{|}')
    sound = uri.scheme in schemes and uri.userinfo is None and bool(uri.host)
    if not plain or not sound or not uri.has_valid_host or not uri.has_valid_port:
        refuse(f"The member {name} must be an address that begins with {' or '.join(f'{one}://' for one in schemes)}.")
    return value


def _entry_of(value: object, name: str) -> str:
    if not isinstance(value, str) or len(value) > MAX_TEXT_LENGTH or "\x00" in value or _is_broken(value):
        refuse(f"The member {name} must be a list of texts of at most {MAX_TEXT_LENGTH} characters.")
    return value


def _is_broken(value: str) -> bool:
    # A lone surrogate, which JSON can spell and no database can keep.
    return any("\ud800" <= letter <= "\udfff" for letter in value)
