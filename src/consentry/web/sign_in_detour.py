"""From the authorization endpoint to the sign-in page and back. OpenID Connect Core 1.0 §3.1.2.1, §3.1.2.3."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from starlette.responses import RedirectResponse

from consentry.flows.authorize import UntrustedRequestError
from consentry.model.email_address import find_email_fault, normalise_email
from consentry.oauth.errors import ErrorCode, OAuthError
from consentry.oauth.metadata import AUTHORIZATION_PATH
from consentry.oauth.parameters import Parameters

if TYPE_CHECKING:
    from starlette.responses import Response

    from consentry.flows.authorize import TrustedRedirect
    from consentry.flows.pushed_requests import Presented
    from consentry.oauth.authorization_request import AuthorizationRequest
    from consentry.web.visitor import Visitor
    from consentry.wiring import Deeds

_SEE_OTHER = 303
_SIGNED_IN = "signed_in"
_FRESH = frozenset({"login", "select_account"})


async def must_sign_in_again(
    deeds: Deeds, to: TrustedRedirect, came: Presented, asked: AuthorizationRequest, visitor: Visitor
) -> bool:
    """Tell whether the app wants a new sign-in, or one of another user, before it takes an answer.

    Raises OAuthError(LOGIN_REQUIRED) where that is so and no page may be shown, or the user has just signed in and is
    still not the one whom the app means.
    """
    met = came.is_met_by(visitor.authenticated_at) or any(name == _SIGNED_IN for name, _ in came.sent.pairs)
    if await deeds.meant_user.is_other(to.app, asked, visitor.user.id):
        if met or "none" in asked.prompt:
            raise OAuthError(ErrorCode.LOGIN_REQUIRED, "The user who is signed in is not the one that the app means.")
        return True
    if met or not _is_too_old(deeds, to, asked, visitor):
        return False
    if "none" in asked.prompt:
        raise OAuthError(ErrorCode.LOGIN_REQUIRED, "The sign-in is older than max_age allows.")
    return True


def to_sign_in(deeds: Deeds, came: Presented, *, again: bool = False) -> Response:
    """Send the browser to sign in, and back here after it; `again` asks for the password whoever is signed in."""
    pairs = [pair for pair in deeds.pushed_requests.after_sign_in(came) if pair[0] != _SIGNED_IN]
    if came.pushed is None:
        # What asked for a sign-in is met by it, and must not ask again after it. Whoever puts this into an address by
        # hand could as well take out what asked: an app that must know looks at auth_time.
        pairs.append((_SIGNED_IN, "1"))
    parameters = {"next": f"{AUTHORIZATION_PATH}?{urlencode(pairs)}"}
    if again:
        parameters["again"] = "1"
    return RedirectResponse(f"/sign-in?{urlencode(parameters)}", _SEE_OTHER)


async def read_next(next_url: str, deeds: Deeds) -> tuple[TrustedRedirect | None, str]:
    """Return the app and redirect URI that a sign-in leads to, and the e-mail address that the app hints at.

    None and "" where `next_url` is not an authorization request of an app.
    """
    path, _, raw = next_url.partition("?")
    if path != AUTHORIZATION_PATH:
        return None, ""
    try:
        came = await deeds.pushed_requests.present(Parameters.from_query(raw))
        to = await deeds.authorize.trust(came.query, pushed=came.pushed_id)
        hint = normalise_email(came.query.one("login_hint") or "")
    except (OAuthError, UntrustedRequestError):
        return None, ""
    return to, "" if find_email_fault(hint) else hint


def _is_too_old(deeds: Deeds, to: TrustedRedirect, asked: AuthorizationRequest, visitor: Visitor) -> bool:
    if asked.prompt & _FRESH:
        return True
    # OpenID Connect Dynamic Client Registration §2: the app's default holds where the request says nothing.
    most = to.app.metadata.default_max_age if asked.max_age is None else asked.max_age
    age = deeds.clock.now() - visitor.authenticated_at
    return most is not None and age.total_seconds() > most
