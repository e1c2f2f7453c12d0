"""`/oauth/logout`: an app sends the browser here to sign the person out. OpenID Connect RP-Initiated Logout 1.0."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from markupsafe import escape
from starlette.responses import RedirectResponse
from starlette.routing import Route

from consentry.flows.logout import AskedLogout
from consentry.oauth.errors import OAuthError
from consentry.oauth.logout_request import FIELDS, LogoutRequest
from consentry.oauth.metadata import END_SESSION_PATH
from consentry.oauth.parameters import Parameters
from consentry.web.browser_safety import SESSION_COOKIE, allow_form_target, clear_cookie
from consentry.web.form_body import read_form
from consentry.web.pages import render
from consentry.web.provenance import stranger_of
from consentry.web.views.sign_in import SignedOutPage, SignOutPage
from consentry.web.visitor import find_visitor, frame_for, read_checked_form

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from consentry.web.visitor import Visitor
    from consentry.wiring import Deeds

CONFIRM_PATH = f"{END_SESSION_PATH}/confirm"

_SEE_OTHER, _BAD_REQUEST = 303, 400


async def take_logout(request: Request) -> Response:
    """`POST /oauth/logout`: the same by GET.

    A form from the app's site comes without the session's cookie, which is `SameSite=Lax`; the browser brings it along
    when it follows this redirect. Nothing was done yet, and what the GET does needs the app's proof or the person's
    own answer.
    """
    form = await read_form(request.scope, request.receive)
    kept = [(name, value) for name, value in form.pairs if name in FIELDS]
    return RedirectResponse(f"{END_SESSION_PATH}?{urlencode(kept)}", _SEE_OTHER)


async def log_out(request: Request, deeds: Deeds) -> Response:
    """`GET /oauth/logout`: sign out at once where the app showed that it means this session; else ask. §2."""
    try:
        parameters = Parameters.from_query(request.scope["query_string"])
        asked = await deeds.logout.read(LogoutRequest.parse(parameters))
    except OAuthError as error:
        parameters, asked = Parameters(), AskedLogout(fault=error.description)
    visitor = await find_visitor(request, deeds)
    if visitor is None:
        return _signed_out(request, deeds, asked)
    if deeds.logout.is_of(asked, visitor.live):
        return await _sign_out(request, deeds, visitor, asked)
    return _ask(request, deeds, visitor, parameters, asked)


async def confirm_logout(request: Request, deeds: Deeds) -> Response:
    """`POST /oauth/logout/confirm`: the person wants to sign out. The app's request comes along and is judged anew."""
    visitor = await find_visitor(request, deeds)
    if visitor is None:
        form = await read_form(request.scope, request.receive)
    else:
        form = await read_checked_form(request, deeds, visitor)
    try:
        asked = await deeds.logout.read(LogoutRequest.parse(form))
    except OAuthError as error:
        asked = AskedLogout(fault=error.description)
    if visitor is None:
        return _signed_out(request, deeds, asked)
    return await _sign_out(request, deeds, visitor, asked)


async def _sign_out(request: Request, deeds: Deeds, visitor: Visitor, asked: AskedLogout) -> Response:
    await deeds.sign_in.sign_out(visitor.live)
    deeds.backchannel_logout.nudge()
    return _signed_out(request, deeds, asked)


def _signed_out(request: Request, deeds: Deeds, asked: AskedLogout) -> Response:
    """Send the person back, to an address of the app's that was checked, or say that they are signed out. §3."""
    if asked.target is not None:
        response: Response = RedirectResponse(asked.target, _SEE_OTHER)
    else:
        frame = frame_for(request, deeds, None, "You are signed out")
        status = 200 if asked.fault is None else _BAD_REQUEST
        response = render("signed_out", frame=frame, view=SignedOutPage(asked.fault), status=status)
    clear_cookie(response, SESSION_COOKIE, issuer=deeds.settings.issuer)
    return response


def _ask(request: Request, deeds: Deeds, visitor: Visitor, parameters: Parameters, asked: AskedLogout) -> Response:
    # What was faulty is not sent along: the person signs out, and stays here.
    kept = parameters.pairs if asked.fault is None else ()
    fields = tuple((name, escape(value)) for name, value in kept if name in FIELDS)
    view = SignOutPage(fields, None if asked.app is None else asked.app.name, asked.fault, stranger_of(asked.app))
    status = 200 if asked.fault is None else _BAD_REQUEST
    frame = frame_for(request, deeds, visitor, "Sign out")
    response = render("sign_out", frame=frame, view=view, status=status)
    if asked.target is not None:
        allow_form_target(response, asked.target)
    return response


def routes(deeds: Deeds) -> list[Route]:
    """Return the routes of these pages."""
    return [
        Route(END_SESSION_PATH, partial(log_out, deeds=deeds), methods=["GET"]),
        Route(END_SESSION_PATH, take_logout, methods=["POST"]),
        Route(CONFIRM_PATH, partial(confirm_logout, deeds=deeds), methods=["POST"]),
    ]
