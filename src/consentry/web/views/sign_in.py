"""Signing in and choosing the organisation: `sign_in`, `sign_in_throttled`, `choose_organisation`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import timedelta


@dataclass(frozen=True, slots=True)
class SignInPage:
    """`sign_in`. Posts `email`, `password`, `next`, `csrf` to `/sign-in`.

    `error` is one sentence that does not tell whether the address is known. `app` names the app that
    sent the person here, if one did.
    """

    email: str = ""
    next: str = ""
    app: str | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class SignInThrottledPage:
    """`sign_in_throttled`, status 429: too many attempts; how long until another is heard."""

    wait: timedelta
    next: str = ""


@dataclass(frozen=True, slots=True)
class OrganisationChoice:
    """An organisation of the person, and the address that continues with it.

    `reason` says why the person cannot connect apps there; they may still look.
    """

    name: str
    role: str
    href: str
    current: bool = False
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class ChooseOrganisationPage:
    """`choose_organisation`: links only, nothing posted. `app` names the app to be connected, if any."""

    organisations: tuple[OrganisationChoice, ...]
    app: str | None = None
