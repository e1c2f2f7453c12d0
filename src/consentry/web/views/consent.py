"""The consent screen. Template `consent`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import datetime

    from consentry.model.catalog_entry import ScopeAccess
    from consentry.web.views.provenance import Provenance


@dataclass(frozen=True, slots=True)
class ConsentScope:
    """One scope asked for, in plain words.

    `held` tells how much of it the person's own permissions cover. `reason` is the sentence that
    explains `partly` and `none`. A scope held in no part is shown, greyed, and is never approved.
    `chosen` is the state of an optional scope's checkbox.
    """

    name: str
    title: str
    access: ScopeAccess
    required: bool = True
    held: Literal["fully", "partly", "none"] = "fully"
    reason: str | None = None
    chosen: bool = True


@dataclass(frozen=True, slots=True)
class DeviceAsked:
    """When and from which network address a device asked to be connected."""

    at: datetime
    address: str


@dataclass(frozen=True, slots=True)
class ConsentPage:
    """`consent`.

    Posts `decision` (`approve` | `decline`), `request`, `organisation`, `scope` (repeated: the
    ticked optional ones), `csrf` to `action`.

    `request` names the stored authorization request; nothing else of it travels through the form.
    `refusal`, when there is one, says why the person may not approve, and only Decline is offered.
    `already_approved` holds the plain words of what was approved before, when only the difference is
    asked. Where the answer goes to an address, `redirect_host` is its host: send the page with
    `browser_safety.allow_form_target`. Where it goes to a device, `device` tells of that instead.
    `loopback` is true of every app on the person's own device.
    """

    request: str
    app: str
    provenance: Provenance
    redirect_host: str | None
    loopback: bool
    person_name: str
    person_email: str
    organisation: str
    organisation_name: str
    switch_account_href: str
    scopes: tuple[ConsentScope, ...]
    already_approved: tuple[str, ...] = ()
    choose_organisation_href: str | None = None
    refusal: str | None = None
    action: str = "/consent"
    device: DeviceAsked | None = None

    @property
    def groups(self) -> tuple[tuple[str, tuple[ConsentScope, ...]], ...]:
        """The scopes under the headings About you, View and Change, without empty headings."""
        headings = (("About you", "identity"), ("View", "view"), ("Change", "change"))
        sorted_out = ((heading, tuple(s for s in self.scopes if s.access == access)) for heading, access in headings)
        return tuple((heading, scopes) for heading, scopes in sorted_out if scopes)

    @property
    def has_choice(self) -> bool:
        """Whether any scope can be left out."""
        return any(not scope.required and scope.held != "none" for scope in self.scopes)
