"""`/consent`: the organisation picker, the consent screen and the user's decision."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlencode

from consentry.flows.authorize import UntrustedRequestError
from consentry.flows.consent import INSTALL
from consentry.model.coverage import Holding, missing_reason
from consentry.model.faults import ConflictError, InvalidInputError, NotFoundError
from consentry.oauth.errors import ErrorCode, OAuthError
from consentry.oauth.parameters import Parameters
from consentry.oauth.redirect_uri import host_of, is_loopback
from consentry.web.authorization_answer import answer_with_code, answer_with_error
from consentry.web.authorize import show_untrusted
from consentry.web.browser_safety import allow_form_target
from consentry.web.pages import render
from consentry.web.views.consent import ConsentPage, ConsentScope
from consentry.web.views.sign_in import ChooseOrganisationPage, OrganisationChoice
from consentry.web.visitor import frame_for, read_checked_form, require_visitor

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from starlette.requests import Request
    from starlette.responses import Response

    from consentry.flows.authorize import TrustedRedirect
    from consentry.flows.consent import Offer, OfferedScope
    from consentry.flows.pushed_requests import Presented
    from consentry.model.connection import PendingAuthorization
    from consentry.model.membership import Membership
    from consentry.oauth.authorization_request import AuthorizationRequest
    from consentry.web.visitor import Visitor
    from consentry.wiring import Deeds


@dataclass(frozen=True, slots=True)
class _Open:
    """An open request, validated again as everything stands now."""

    visitor: Visitor
    pending: PendingAuthorization
    came: Presented
    to: TrustedRedirect
    asked: AuthorizationRequest


async def show_consent(request: Request, deeds: Deeds) -> Response:
    """`GET /consent`: the picker where the user must choose an organisation, then the consent screen."""
    visitor = await require_visitor(request, deeds)
    try:
        parameters = Parameters.from_query(request.scope["query_string"])
        request_id, chosen = parameters.required("request"), parameters.one("organisation")
    except OAuthError as error:
        raise InvalidInputError from error

    async def show(opened: _Open) -> Response:
        members = [one for one in visitor.memberships if one.holder.is_active]
        if len(members) != 1 and chosen is None:
            return _show_picker(request, deeds, opened)
        membership = _find_membership(members, chosen)
        offer = await deeds.consent.offer(opened.to, opened.asked, membership.holder)
        code = await deeds.consent.answer_remembered(opened.to, opened.asked, offer)
        if code is not None:
            return answer_with_code(request, deeds, opened.to, code, opened.came.query)
        return await _show_screen(request, deeds, opened, membership, offer)

    return await _with_open(request, deeds, visitor, request_id, show)


async def decide(request: Request, deeds: Deeds) -> Response:
    """`POST /consent`: `decision` is `approve` or `decline`; everything else of the request is the stored one's."""
    visitor = await require_visitor(request, deeds)
    form = await read_checked_form(request, deeds, visitor)
    decision = form.required("decision")
    if decision not in {"approve", "decline"}:
        raise OAuthError(ErrorCode.INVALID_REQUEST, "The decision must be approve or decline.")

    async def answer(opened: _Open) -> Response:
        membership = _find_membership(visitor.memberships, form.one("organisation"))
        offer = await deeds.consent.offer(opened.to, opened.asked, membership.holder)
        if decision == "decline":
            await deeds.consent.decline(opened.pending, opened.to, offer)
            raise OAuthError(ErrorCode.ACCESS_DENIED, "The user declined.")
        code = await deeds.consent.approve(opened.pending, opened.to, opened.asked, offer, form.all("scope"))
        return answer_with_code(request, deeds, opened.to, code, opened.came.query)

    return await _with_open(request, deeds, visitor, form.required("request"), answer)


async def _with_open(
    request: Request,
    deeds: Deeds,
    visitor: Visitor,
    request_id: str,
    act: Callable[[_Open], Awaitable[Response]],
) -> Response:
    """Validate the stored request again, as everything stands now, and act on it; its faults go where they belong."""
    pending = await deeds.consent.find(request_id, visitor.session_id)
    came = await deeds.pushed_requests.reopen(pending.query)
    try:
        to = await deeds.authorize.trust(came.query, pushed=came.pushed_id)
    except UntrustedRequestError as error:
        return await show_untrusted(request, deeds, error)
    try:
        asked = await deeds.authorize.read(came.query, to)
        return await act(_Open(visitor, pending, came, to, asked))
    except OAuthError as error:
        return answer_with_error(request, deeds, to, error, came.query)


def _find_membership(memberships: Sequence[Membership], organisation_id: str | None) -> Membership:
    """Return the named membership, or the only one where none is named."""
    for one in memberships:
        if organisation_id == one.organisation.id or (organisation_id is None and len(memberships) == 1):
            return one
    raise NotFoundError("organisation")


def _show_picker(request: Request, deeds: Deeds, opened: _Open) -> Response:
    choices = []
    for one in opened.visitor.memberships:
        if one.holder.is_active:
            holder = one.holder
            may_install = INSTALL in deeds.role_book.held_by(holder)
            parameters = urlencode({"request": opened.pending.id, "organisation": one.organisation.id})
            choices.append(
                OrganisationChoice(
                    name=one.organisation.name,
                    role=", ".join(deeds.role_book.role_titles(holder.roles, holder.custom_permissions)),
                    href=f"/consent?{parameters}",
                    reason=None if may_install else "Your role there does not include connecting apps.",
                )
            )
    if not choices:
        raise ConflictError("You are not an active member of any organisation, so there is nothing to connect.")
    return render(
        "choose_organisation",
        frame=frame_for(request, deeds, opened.visitor, "Choose an organisation"),
        view=ChooseOrganisationPage(tuple(choices), opened.to.app.name),
    )


async def _show_screen(request: Request, deeds: Deeds, opened: _Open, membership: Membership, offer: Offer) -> Response:
    visitor, to = opened.visitor, opened.to
    owner = await deeds.people.organisation_name(to.app.organisation_id)
    request_parameter = urlencode({"request": opened.pending.id})
    following = deeds.pushed_requests.after_sign_in(opened.came)
    sign_in = urlencode({"next": f"/oauth/authorize?{urlencode(following)}", "again": "1"})
    titles = deeds.role_book.role_titles(membership.holder.roles, membership.holder.custom_permissions)
    shown = {one.name for one in offer.shown}
    page = ConsentPage(
        request=opened.pending.id,
        app=to.app.name,
        registered_by=owner,
        registered_at=to.app.created_at,
        verified=False,
        redirect_host=host_of(to.redirect_uri),
        loopback=is_loopback(to.redirect_uri),
        person_name=visitor.user.name,
        person_email=visitor.user.email,
        organisation=membership.organisation.id,
        organisation_name=membership.organisation.name,
        switch_account_href=f"/sign-in?{sign_in}",
        scopes=tuple(_shown(one, titles) for one in offer.shown),
        already_approved=tuple(deeds.catalog.scopes[name].title for name in offer.standing if name not in shown),
        choose_organisation_href=f"/consent?{request_parameter}" if len(visitor.memberships) > 1 else None,
        refusal=_find_refusal(offer, membership),
    )
    response = render("consent", frame=frame_for(request, deeds, visitor, f"Connect {to.app.name}"), view=page)
    allow_form_target(response, to.redirect_uri)
    return response


def _shown(offered: OfferedScope, role_titles: Sequence[str]) -> ConsentScope:
    entry, missing = offered.coverage.scope, offered.coverage.missing
    return ConsentScope(
        name=offered.name,
        title=entry.title,
        access=entry.access,
        required=offered.required,
        held=_HELD[offered.coverage.holding],
        reason=missing_reason(missing, role_titles) if missing else None,
    )


def _find_refusal(offer: Offer, membership: Membership) -> str | None:
    if not offer.may_install:
        return (
            f"Your role in {membership.organisation.name} does not include connecting apps. "
            "Ask an administrator of the organisation to connect it, or to change your role."
        )
    if not offer.standing and not any(one.can_be_approved for one in offer.shown):
        return "Your role includes nothing of what this app asks for, so there is nothing that you could approve."
    return None


_HELD: dict[Holding, Literal["fully", "partly", "none"]] = {
    Holding.FULL: "fully",
    Holding.PARTIAL: "partly",
    Holding.NONE: "none",
}
