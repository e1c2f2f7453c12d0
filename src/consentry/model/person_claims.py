"""What is kept of a user beyond name and e-mail address, and what of it an app is told. OpenID Connect Core 1.0 §5.1.

The claims are an operator's word; the server only sees to their form.
"""

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from consentry.model.faults import Fault
from consentry.model.organisation import User
from consentry.oauth.identity_scopes import SCOPE_OF_CLAIM

MAX_LENGTH = 1000
"""Longest value of one claim, in characters."""

OF_THE_USER = frozenset({"name", "email"})
"""Claims that are the user's own name and address, and are kept nowhere else."""

_ADDRESS = frozenset({"formatted", "street_address", "locality", "region", "postal_code", "country"})
_FLAGS = frozenset({"email_verified", "phone_number_verified"})
_LINKS = frozenset({"profile", "picture", "website"})
_FORMS: Mapping[str, tuple[re.Pattern[str], str]] = {
    "birthdate": (re.compile(r"(?:[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{4})"), "a date like 1990-12-31, or a year"),
    "zoneinfo": (re.compile(r"[A-Za-z0-9_+/-]{1,64}"), "a time zone like Europe/Lisbon"),
    "locale": (re.compile(r"[A-Za-z]{1,8}(?:[-_][A-Za-z0-9]{1,8}){0,8}"), "a language tag like en-GB"),
    "phone_number": (re.compile(r"\+?[0-9(][0-9 ().-]{2,48}(?:;ext=[0-9]{1,10})?"), "a number like +44 20 7946 0958"),
}
NO_CLAIMS: Mapping[str, Any] = MappingProxyType({})


def find_claims_faults(claims: Mapping[str, Any]) -> list[Fault]:
    """Return a fault for each claim that cannot be kept as it is."""
    return [Fault(f"claims.{name}", fault) for name, value in claims.items() if (fault := _find_fault(name, value))]


def told_claims(user: User, kept: Mapping[str, Any], names: Iterable[str]) -> dict[str, object]:
    """Return those claims of the user that `names` lists and that there are.

    Choice: an address of which nobody said that it was verified is told as not verified.
    """
    known: dict[str, object] = {"email_verified": False, **kept, "name": user.name, "email": user.email}
    return {name: known[name] for name in sorted(names) if name in known}


def _find_fault(name: str, value: Any) -> str | None:
    if name in OF_THE_USER:
        return "The name and the e-mail address are the user's own: change them there."
    if name not in SCOPE_OF_CLAIM:
        return "This is not a standard claim of OpenID Connect."
    if name in _FLAGS:
        return None if isinstance(value, bool) else "This must be true or false."
    if name == "updated_at":
        is_time = isinstance(value, int) and not isinstance(value, bool) and value >= 0
        return None if is_time else "This must be a number of seconds since 1970."
    if name == "address":
        return _find_address_fault(value)
    return _find_text_fault(value) or _find_form_fault(name, value)


def _find_text_fault(value: Any) -> str | None:
    if not isinstance(value, str) or not value.strip() or len(value) > MAX_LENGTH or "\0" in value:
        return f"This must be a text of 1 to {MAX_LENGTH} characters."
    return None


def _find_form_fault(name: str, value: str) -> str | None:
    if name in _LINKS:
        parts = urlsplit(value)
        # A client may show it as a link or a picture.
        return None if parts.scheme in {"https", "http"} and parts.netloc else "This must be an address with https://."
    form = _FORMS.get(name)
    return None if form is None or form[0].fullmatch(value) else f"This must be {form[1]}."


def _find_address_fault(value: Any) -> str | None:
    if not isinstance(value, dict) or not value or not value.keys() <= _ADDRESS:
        return f"This must be an object with members of: {', '.join(sorted(_ADDRESS))}."
    return next((fault for part in value.values() if (fault := _find_text_fault(part))), None)
