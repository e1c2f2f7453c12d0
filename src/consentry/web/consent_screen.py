"""What a decision about an app is put to a person with: the choice of an organisation, then the consent screen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlencode

from consentry.flows.consent import INSTALL
from consentry.model.coverage import Holding, missing_reason
from consentry.model.faults import ConflictError, NotFoundError
from consentry.model.organisation import UnverifiedApps
from consentry.oauth.redirect_uri import is_loopback, is_web, shown_target
from consentry.oauth.scope import Scope
from consentry.web.browser_safety import allow_form_target
from consentry.web.pages import render
from consentry.web.provenance import provenance_of, stranger_of
from consentry.web.views.consent import ConsentPage, ConsentScope
from consentry.web.views.sign_in import ChooseOrganisationPage, OrganisationChoice
from consentry.web.visitor import frame_for

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request
    from starlette.responses import Response

    from consentry.flows.consent import Offer, OfferedScope
    from consentry.model.app import App
    from consentry.model.membership import Membership
    from consentry.web.views.consent import DeviceAsked
    from consentry.web.visitor import Visitor
    from consentry.wiring import Deeds


@dataclass(frozen=True, slots=True)
class Question:
    """What is put to the person.

    `request` names the request that waits, `path` is where the answer goes and the choice of an organisation leads.
    The answer ends at `redirect_uri`, which was checked; or, where that is None, at the `device`.
    """

    app: App
    request: str
    path: str
    switch_account_href: str
    redirect_uri: str | None = None
    device: DeviceAsked | None = None


def find_membership(memberships: Sequence[Membership], organisation_id: str | None) -> Membership:
    """Return the named membership, or the only one where none is named; raises NotFoundError."""
    for one in memberships:
        if organisation_id == one.organisation.id or (organisation_id is None and len(memberships) == 1):
            return one
    raise NotFoundError("organisation")


def show_picker(request: Request, deeds: Deeds, visitor: Visitor, question: Question) -> Response:
    """Show the organisations of the person; raises ConflictError where there is none."""
    choices = []
    for one in visitor.memberships:
        if one.holder.is_active:
            holder = one.holder
            may_install = INSTALL in deeds.role_book.held_by(holder)
            parameters = urlencode({"request": question.request, "organisation": one.organisation.id})
            choices.append(
                OrganisationChoice(
                    name=one.organisation.name,
                    role=", ".join(deeds.role_book.role_titles(holder.roles, holder.custom_permissions)),
                    href=f"{question.path}?{parameters}",
                    reason=_find_hindrance(question.app, one, may_install=may_install),
                )
            )
    if not choices:
        raise ConflictError("You are not an active member of any organisation, so there is nothing to connect.")
    return render(
        "choose_organisation",
        frame=frame_for(request, deeds, visitor, "Choose an organisation"),
        view=ChooseOrganisationPage(tuple(choices), question.app.name, stranger_of(question.app)),
    )


def _find_hindrance(app: App, membership: Membership, *, may_install: bool) -> str | None:
    if not may_install:
        return "Your role there does not include connecting apps."
    if app.registered_itself and membership.organisation.unverified_apps is UnverifiedApps.REFUSED:
        return "It does not allow apps that registered themselves."
    return None


async def show_screen(
    request: Request, deeds: Deeds, visitor: Visitor, question: Question, membership: Membership, offer: Offer
) -> Response:
    """Show what the app asks for, in words, to be approved or declined."""
    app, redirect_uri, device = question.app, question.redirect_uri, question.device
    titles = deeds.role_book.role_titles(membership.holder.roles, membership.holder.custom_permissions)
    shown = {one.name for one in offer.shown}
    left_out = Scope() if offer.connection is None else offer.connection.declined_scopes
    choose = f"{question.path}?{urlencode({'request': question.request})}"
    page = ConsentPage(
        request=question.request,
        app=app.name,
        provenance=await provenance_of(deeds, app),
        redirect_host=None if redirect_uri is None else shown_target(redirect_uri),
        loopback=redirect_uri is not None and (is_loopback(redirect_uri) or not is_web(redirect_uri)),
        person_name=visitor.user.name,
        person_email=visitor.user.email,
        organisation=membership.organisation.id,
        organisation_name=membership.organisation.name,
        switch_account_href=question.switch_account_href,
        scopes=tuple(_shown(one, titles, chosen=device is None and one.name not in left_out) for one in offer.shown),
        already_approved=tuple(deeds.catalog.scopes[name].title for name in offer.standing if name not in shown),
        choose_organisation_href=choose if len(visitor.memberships) > 1 else None,
        refusal=_find_refusal(offer, membership),
        action=question.path,
        device=device,
    )
    response = render("consent", frame=frame_for(request, deeds, visitor, f"Connect {app.name}"), view=page)
    if redirect_uri is not None:
        allow_form_target(response, redirect_uri)
    return response


def _shown(offered: OfferedScope, role_titles: Sequence[str], *, chosen: bool) -> ConsentScope:
    entry, missing = offered.coverage.scope, offered.coverage.missing
    return ConsentScope(
        name=offered.name,
        title=entry.title,
        access=entry.access,
        required=offered.required,
        held=_HELD[offered.coverage.holding],
        reason=missing_reason(missing, role_titles) if missing else None,
        chosen=chosen,
    )


def _find_refusal(offer: Offer, membership: Membership) -> str | None:
    if not offer.may_install:
        return (
            f"Your role in {membership.organisation.name} does not include connecting apps. "
            "Ask an administrator of the organisation to connect it, or to change your role."
        )
    if offer.refused:
        return (
            f"{membership.organisation.name} does not let its members connect apps that registered themselves, as this "
            "one did. Ask an administrator of the organisation to allow such apps, or to have this one registered."
        )
    if not offer.standing and not any(one.can_be_approved for one in offer.shown):
        return "Your role includes nothing of what this app asks for, so there is nothing that you could approve."
    return None


_HELD: dict[Holding, Literal["fully", "partly", "none"]] = {
    Holding.FULL: "fully",
    Holding.PARTIAL: "partly",
    Holding.NONE: "none",
}
