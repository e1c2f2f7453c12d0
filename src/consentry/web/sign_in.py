"""`/sign-in` and `/sign-out`."""

from __future__ import annotations

import math
import secrets
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from starlette.responses import RedirectResponse
from starlette.routing import Route

from consentry.flows.sign_in import SignedIn, SignInRefused, SignInThrottled
from consentry.model.secret import Secret
from consentry.oauth.parameters import Parameters
from consentry.web.browser_safety import (
    PRE_SESSION_COOKIE,
    SESSION_COOKIE,
    CrossSiteRequestError,
    allow_form_target,
    check_csrf,
    clear_cookie,
    csrf_token,
    read_cookie,
    safe_next,
    set_cookie,
)
from consentry.web.caller import caller_address
from consentry.web.form_body import read_form
from consentry.web.pages import render
from consentry.web.provenance import stranger_of
from consentry.web.sign_in_detour import read_next
from consentry.web.views.sign_in import SignInPage, SignInThrottledPage
from consentry.web.visitor import find_visitor, form_secret, frame_for

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from consentry.wiring import Deeds

_SEE_OTHER, _BAD_REQUEST, _TOO_MANY = 303, 400, 429
_PURPOSE = "sign-in"
_WRONG = "That e-mail address and password do not belong together. Check both and try again."


async def show_sign_in(request: Request, deeds: Deeds) -> Response:
    """`GET /sign-in`: the form; whoever is signed in goes on, unless `again` asks for the password anew."""
    query = Parameters.from_query(request.scope["query_string"])
    following, again = safe_next(query.one("next")), query.one("again") is not None
    if not again and await find_visitor(request, deeds) is not None:
        return RedirectResponse(following, _SEE_OTHER)
    return await _show_form(request, deeds, SignInPage(next=following))


async def sign_in(request: Request, deeds: Deeds) -> Response:
    """`POST /sign-in` with `email`, `password`, `next`: a new session, whatever the browser brought (CS-03)."""
    issuer = deeds.settings.issuer
    form = await read_form(request.scope, request.receive)
    following, email = safe_next(form.one("next")), form.one("email") or ""
    password = Secret(form.one("password") or "")
    before = read_cookie(request, PRE_SESSION_COOKIE, issuer=issuer)
    check_csrf(request.headers, form.one("csrf"), session_secret=before, issuer=issuer, purpose=_PURPOSE)
    present = await find_visitor(request, deeds)
    answer = await deeds.sign_in.sign_in(
        email,
        password,
        address=caller_address(request.scope, deeds.settings.trusted_proxies),
        replacing=None if present is None else present.live,
    )
    match answer:
        case SignInThrottled(wait):
            frame = frame_for(request, deeds, None, "Too many attempts")
            view = SignInThrottledPage(wait, following)
            response: Response = render("sign_in_throttled", frame=frame, view=view, status=_TOO_MANY)
            response.headers["retry-after"] = str(math.ceil(wait.total_seconds()))
            return response
        case SignInRefused():
            page = SignInPage(email=email, next=following, error=_WRONG)
            return await _show_form(request, deeds, page, status=_BAD_REQUEST)
        case SignedIn():
            response = RedirectResponse(following, _SEE_OTHER)
            set_cookie(response, SESSION_COOKIE, answer.credential.reveal(), issuer=issuer)
            clear_cookie(response, PRE_SESSION_COOKIE, issuer=issuer)
            return response


async def sign_out(request: Request, deeds: Deeds) -> Response:
    """`POST /sign-out`: end the session, and take its cookie back."""
    issuer = deeds.settings.issuer
    visitor = await find_visitor(request, deeds)
    if visitor is not None:
        form = await read_form(request.scope, request.receive)
        cookie = read_cookie(request, SESSION_COOKIE, issuer=issuer) or ""
        # The button may stand on a page of any organisation of the person.
        secrets_of_forms = [cookie, *(form_secret(cookie, one) for one in visitor.memberships)]
        if not any(_is_form_of(request, form, secret, issuer=issuer) for secret in secrets_of_forms):
            raise CrossSiteRequestError("The form's token is not of this session.")
        await deeds.sign_in.sign_out(visitor.live)
        deeds.backchannel_logout.nudge()
    response = RedirectResponse("/sign-in", _SEE_OTHER)
    clear_cookie(response, SESSION_COOKIE, issuer=issuer)
    return response


async def _show_form(request: Request, deeds: Deeds, page: SignInPage, *, status: int = 200) -> Response:
    issuer = deeds.settings.issuer
    before = read_cookie(request, PRE_SESSION_COOKIE, issuer=issuer)
    secret = before or secrets.token_urlsafe()
    frame = replace(frame_for(request, deeds, None, "Sign in"), csrf=csrf_token(secret, _PURPOSE))
    target, hinted = await read_next(page.next, deeds)
    app = None if target is None else target.app
    name, provenance = (None, None) if app is None else (app.name, stranger_of(app))
    view = replace(page, app=name, provenance=provenance, email=page.email or hinted)
    response = render("sign_in", frame=frame, view=view, status=status)
    if target is not None:
        # The form may end, over the authorization endpoint, at the app itself: consent may have been given before.
        allow_form_target(response, target.redirect_uri)
    if before is None:
        set_cookie(response, PRE_SESSION_COOKIE, secret, issuer=issuer)
    return response


def _is_form_of(request: Request, form: Parameters, secret: str, *, issuer: str) -> bool:
    try:
        check_csrf(request.headers, form.one("csrf"), session_secret=secret, issuer=issuer)
    except CrossSiteRequestError:
        return False
    return True


def routes(deeds: Deeds) -> list[Route]:
    """Return the routes of these pages."""
    return [
        Route("/sign-in", partial(show_sign_in, deeds=deeds), methods=["GET"]),
        Route("/sign-in", partial(sign_in, deeds=deeds), methods=["POST"]),
        Route("/sign-out", partial(sign_out, deeds=deeds), methods=["POST"]),
    ]
