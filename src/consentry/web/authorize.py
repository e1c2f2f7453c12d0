"""`/oauth/authorize`: from the app's request to a sign-in, a consent screen, or straight back with a code.

RFC 6749 §4.1, RFC 9207 §2, OpenID Connect Core 1.0 §3.1.2 for `prompt` and `max_age`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from starlette.responses import RedirectResponse

from consentry.caller_address import caller_address
from consentry.flows.authorize import UntrustedCode, UntrustedRequestError
from consentry.oauth.errors import ErrorCode, OAuthError
from consentry.oauth.metadata import AUTHORIZATION_PATH
from consentry.oauth.parameters import Parameters
from consentry.oauth.pushed_request import CLIENT_PROOF
from consentry.web.authorization_answer import answer_with_code, answer_with_error
from consentry.web.errors import request_id_of
from consentry.web.form_body import read_form
from consentry.web.pages import render
from consentry.web.sign_in_detour import must_sign_in_again, to_sign_in
from consentry.web.views.problem import AuthorizeProblemPage
from consentry.web.visitor import find_visitor, frame_for

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request
    from starlette.responses import Response

    from consentry.flows.authorize import TrustedRedirect
    from consentry.flows.consent import Offer
    from consentry.flows.pushed_requests import Presented
    from consentry.model.membership import Membership
    from consentry.oauth.authorization_request import AuthorizationRequest
    from consentry.web.visitor import Visitor
    from consentry.wiring import Deeds

_SEE_OTHER = 303
_SHOWN_LENGTH = 300


async def authorize(request: Request, deeds: Deeds) -> Response:
    """Answer an authorization request."""
    try:
        came = await deeds.pushed_requests.present(_parse_query(request))
        query = came.query
        address = caller_address(request.scope, deeds.settings.trusted_proxies)
        to = await deeds.authorize.trust(query, pushed=came.pushed_id, address=address)
    except UntrustedRequestError as error:
        return await show_untrusted(request, deeds, error)
    visitor = await find_visitor(request, deeds)
    if visitor is None and not _is_silent(query):
        return to_sign_in(deeds, came)
    try:
        asked = await deeds.authorize.read(query, to)
        if visitor is None:
            raise OAuthError(ErrorCode.LOGIN_REQUIRED, "Nobody is signed in.")
        if await must_sign_in_again(deeds, to, came, asked, visitor):
            return to_sign_in(deeds, came, again=True)
        return await _put_to_user(request, visitor, deeds, came, to, asked)
    except OAuthError as error:
        return answer_with_error(request, deeds, to, error, query)


async def take_posted(request: Request) -> Response:
    """`POST /oauth/authorize`: the same by GET. OpenID Connect Core 1.0 §3.1.2.1.

    A form from the client's site comes without the session's cookie, which is `SameSite=Lax`; the browser brings it
    along when it follows this redirect, before which nothing is done. What could prove a client is left behind: it does
    not belong into an address.
    """
    form = await read_form(request.scope, request.receive)
    kept = [(name, value) for name, value in form.pairs if name not in CLIENT_PROOF]
    return RedirectResponse(f"{AUTHORIZATION_PATH}?{urlencode(kept)}", _SEE_OTHER)


async def _put_to_user(
    request: Request, visitor: Visitor, deeds: Deeds, came: Presented, to: TrustedRedirect, asked: AuthorizationRequest
) -> Response:
    memberships = [one for one in visitor.memberships if one.holder.is_active]
    offer = await _offer_to_answer_silently(deeds, to, asked, memberships)
    if offer is not None:
        code = await deeds.consent.answer_remembered(to, asked, offer, session=visitor.live.session)
        if code is not None:
            return answer_with_code(request, deeds, to, code, came.query)
    if "none" in asked.prompt:
        raise OAuthError(ErrorCode.CONSENT_REQUIRED, "The user has not approved this, or must choose an organisation.")
    request_id = await deeds.consent.open(to, urlencode(came.sent.pairs), visitor.session_id, visitor.user.id)
    return RedirectResponse(f"/consent?{urlencode({'request': request_id})}", _SEE_OTHER)


async def _offer_to_answer_silently(
    deeds: Deeds, to: TrustedRedirect, asked: AuthorizationRequest, memberships: Sequence[Membership]
) -> Offer | None:
    """Return the one organisation's offer that consent given before answers.

    A user of several organisations chooses each time, unless the app asked for no page at all and only one of them is
    connected: nothing else tells which one is meant.
    """
    if len(memberships) > 1 and "none" not in asked.prompt:
        return None
    offers = [await deeds.consent.offer(to, asked, one.holder) for one in memberships]
    remembered = [offer for offer in offers if offer.remembered]
    return remembered[0] if len(remembered) == 1 else None


async def show_untrusted(request: Request, deeds: Deeds, error: UntrustedRequestError) -> Response:
    """Show, and never redirect, a request whose client or redirect URI is wrong.

    The app's owner finds both addresses side by side in the app's own log; a stranger learns which part differs.
    """
    if error.app is not None and error.sent is not None and error.mismatch is not None:
        await deeds.app_registry.record_redirect_refusal(error.app, error.sent, error.mismatch)
    mismatched = error.code is UntrustedCode.REDIRECT_URI_MISMATCH
    visitor = await find_visitor(request, deeds)
    return render(
        "authorize_problem",
        frame=frame_for(request, deeds, visitor, "This app could not be connected"),
        view=AuthorizeProblemPage(
            code=error.code,
            message="The address to send you back to is not one that is registered for it."
            if mismatched
            else error.sentence,
            request_id=request_id_of(request),
            mismatch=error.sentence if mismatched else None,
            received=error.sent[:_SHOWN_LENGTH] if error.sent is not None else None,
            app=error.app.name if error.app is not None else None,
        ),
        status=400,
    )


def _parse_query(request: Request) -> Parameters:
    try:
        return Parameters.from_query(request.scope["query_string"])
    except OAuthError as error:
        raise UntrustedRequestError(UntrustedCode.INVALID_REQUEST, error.description) from error


def _is_silent(query: Parameters) -> bool:
    try:
        return query.one("prompt") == "none"
    except OAuthError:
        return False
