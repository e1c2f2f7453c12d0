"""The answer to an authorization request, on its way back to the app: a redirect, or a form that the browser posts.

RFC 6749 §4.1.2, RFC 9207 §2, OAuth 2.0 Form Post Response Mode §2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import escape
from starlette.responses import RedirectResponse

from consentry.oauth.authorization_request import find_state
from consentry.oauth.redirect_uri import host_of, response_uri
from consentry.oauth.response_mode import ResponseMode, find_response_mode
from consentry.oauth.responses import authorization_error_response, authorization_response
from consentry.web.browser_safety import allow_form_target
from consentry.web.pages import render
from consentry.web.views.sign_in import FormPostPage
from consentry.web.visitor import frame_for

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request
    from starlette.responses import Response

    from consentry.flows.authorize import TrustedRedirect
    from consentry.model.secret import Secret
    from consentry.oauth.errors import OAuthError
    from consentry.oauth.parameters import Parameters
    from consentry.wiring import Deeds

_SEE_OTHER = 303


def answer_with_code(request: Request, deeds: Deeds, to: TrustedRedirect, code: Secret, query: Parameters) -> Response:
    """Send the browser back to the app with a code."""
    answer = authorization_response(code.reveal(), find_state(query), deeds.settings.issuer)
    return _send(request, deeds, to, answer, query)


def answer_with_error(
    request: Request, deeds: Deeds, to: TrustedRedirect, error: OAuthError, query: Parameters
) -> Response:
    """Send the browser back to the app with an error, to a redirect URI that was checked."""
    answer = authorization_error_response(error, find_state(query), deeds.settings.issuer)
    return _send(request, deeds, to, answer, query)


def _send(
    request: Request, deeds: Deeds, to: TrustedRedirect, answer: Mapping[str, str], query: Parameters
) -> Response:
    if find_response_mode(query, to.redirect_uri) is ResponseMode.QUERY:
        # 303, so that no form is ever posted on (RFC 9700 §4.12).
        return RedirectResponse(response_uri(to.redirect_uri, answer), _SEE_OTHER)
    # Nobody's name and no button of ours on it: the page is there for a moment, and its one form is the app's.
    frame = frame_for(request, deeds, None, f"Back to {to.app.name}")
    # Escaped here, so that no character of a `state` is replaced as it would be in what people read.
    fields = tuple((name, escape(value)) for name, value in answer.items())
    view = FormPostPage(to.app.name, host_of(to.redirect_uri), to.redirect_uri, fields)
    response = render("form_post", frame=frame, view=view)
    allow_form_target(response, to.redirect_uri)
    return response
