"""`/consent`: the organisation picker, the consent screen and the user's decision."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from consentry.flows.authorize import UntrustedRequestError
from consentry.model.faults import InvalidInputError
from consentry.oauth.errors import ErrorCode, OAuthError
from consentry.oauth.parameters import Parameters
from consentry.web.authorization_answer import answer_with_code, answer_with_error
from consentry.web.authorize import show_untrusted
from consentry.web.consent_screen import Question, find_membership, show_picker, show_screen
from consentry.web.visitor import read_checked_form, require_visitor

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request
    from starlette.responses import Response

    from consentry.flows.authorize import TrustedRedirect
    from consentry.flows.pushed_requests import Presented
    from consentry.model.connection import PendingAuthorization
    from consentry.oauth.authorization_request import AuthorizationRequest
    from consentry.web.visitor import Visitor
    from consentry.wiring import Deeds


CONSENT_PATH = "/consent"


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
            return show_picker(request, deeds, visitor, _question(deeds, opened))
        membership = find_membership(members, chosen)
        offer = await deeds.consent.offer(opened.to, opened.asked, membership.holder)
        code = await deeds.consent.answer_remembered(opened.to, opened.asked, offer, session=visitor.live.session)
        if code is not None:
            return answer_with_code(request, deeds, opened.to, code, opened.came.query)
        return await show_screen(request, deeds, visitor, _question(deeds, opened), membership, offer)

    return await _with_open(request, deeds, visitor, request_id, show)


async def decide(request: Request, deeds: Deeds) -> Response:
    """`POST /consent`: `decision` is `approve` or `decline`; everything else of the request is the stored one's."""
    visitor = await require_visitor(request, deeds)
    form = await read_checked_form(request, deeds, visitor)
    decision = form.required("decision")
    if decision not in {"approve", "decline"}:
        raise OAuthError(ErrorCode.INVALID_REQUEST, "The decision must be approve or decline.")

    async def answer(opened: _Open) -> Response:
        membership = find_membership(visitor.memberships, form.one("organisation"))
        offer = await deeds.consent.offer(opened.to, opened.asked, membership.holder)
        if decision == "decline":
            await deeds.consent.decline(opened.pending, opened.to, offer)
            raise OAuthError(ErrorCode.ACCESS_DENIED, "The user declined.")
        code = await deeds.consent.approve(
            opened.pending, opened.to, opened.asked, offer, form.all("scope"), session=visitor.live.session
        )
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


def _question(deeds: Deeds, opened: _Open) -> Question:
    following = deeds.pushed_requests.after_sign_in(opened.came)
    sign_in = urlencode({"next": f"/oauth/authorize?{urlencode(following)}", "again": "1"})
    return Question(opened.to.app, opened.pending.id, CONSENT_PATH, f"/sign-in?{sign_in}", opened.to.redirect_uri)
