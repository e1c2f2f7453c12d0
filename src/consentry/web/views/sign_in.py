"""Signing in, choosing the organisation, going back to the app and signing out.

`sign_in`, `sign_in_throttled`, `choose_organisation`, `form_post`, `sign_out`, `signed_out`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import timedelta

    from markupsafe import Markup

    from consentry.web.views.provenance import Provenance


@dataclass(frozen=True, slots=True)
class SignInPage:
    """`sign_in`. Posts `email`, `password`, `next`, `csrf` to `/sign-in`.

    `error` is one sentence that does not tell whether the address is known. `app` names the app that
    sent the person here, if one did; `provenance` is that of an app that registered itself.
    """

    email: str = ""
    next: str = ""
    app: str | None = None
    error: str | None = None
    provenance: Provenance | None = None


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
    """`choose_organisation`: links only, nothing posted. `app` names the app to be connected, if any.

    `provenance` is that of an app that registered itself.
    """

    organisations: tuple[OrganisationChoice, ...]
    app: str | None = None
    provenance: Provenance | None = None


@dataclass(frozen=True, slots=True)
class FormPostPage:
    """`form_post`: the answer to an app, which the browser posts to `action`, at `host`, by itself or by the button.

    The values of `fields` are HTML already, because they must arrive character by character.
    """

    app: str
    host: str
    action: str
    fields: tuple[tuple[str, Markup], ...]


@dataclass(frozen=True, slots=True)
class SignOutPage:
    """`sign_out`: asks whether the person wants to sign out. Posts `csrf` and `fields` to `/oauth/logout/confirm`.

    `app` names the app that sent the person, where that is known, and `fault` says what is wrong with what it sent.
    `provenance` is that of an app that registered itself.
    """

    fields: tuple[tuple[str, Markup], ...] = ()
    app: str | None = None
    fault: str | None = None
    provenance: Provenance | None = None


@dataclass(frozen=True, slots=True)
class SignedOutPage:
    """`signed_out`: nobody is signed in here any more. `fault` says why the person is not sent back to the app."""

    fault: str | None = None
