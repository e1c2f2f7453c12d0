"""`/oauth/userinfo`: GET, or POST with the token in the header or in a form. OpenID Connect Core 1.0 §5.3, RFC 6750."""

from __future__ import annotations

from typing import TYPE_CHECKING

from consentry.oauth.bearer import challenge, parse_bearer
from consentry.oauth.errors import ErrorCode, OAuthError
from consentry.oauth.identity_scopes import OPENID
from consentry.oauth.parameters import Parameters
from consentry.oauth.responses import error_body
from consentry.oauth.scope import Scope
from consentry.web.form_body import BodyTooLargeError, UnsupportedMediaTypeError, require_form
from consentry.web.form_endpoint import CORS, preflight, refuse_method
from consentry.web.json_answer import json_answer

if TYPE_CHECKING:
    from consentry.web.program_endpoint import Header, ProgramAnswer, ProgramRequest
    from consentry.wiring import Deeds

_REALM = "consentry"
_BAD, _UNAUTHORIZED, _FORBIDDEN, _TOO_LARGE = 400, 401, 403, 413
_STATUS = {ErrorCode.INVALID_TOKEN: _UNAUTHORIZED, ErrorCode.INSUFFICIENT_SCOPE: _FORBIDDEN}


class UserInfoEndpoint:
    """Answers with the claims of the user of an access token.

    Choice: a form may carry the token here (RFC 6750 §2.2), as clients of OpenID Connect do; an address never may, as
    it ends up in logs. One request says it in one way.
    """

    body_limit = 8192

    def __init__(self, deeds: Deeds) -> None:
        self._deeds = deeds

    def refuse(self, request: ProgramRequest) -> ProgramAnswer | None:
        """Return the answer to what is neither a GET nor a POST, or is too large."""
        if request.method == "OPTIONS":
            return preflight()
        if request.method not in {"GET", "HEAD", "POST"}:
            return refuse_method(b"GET, HEAD, POST, OPTIONS")
        declared = (request.values(b"content-length") or [b"0"])[0]
        if not declared.isdigit() or int(declared) > self.body_limit:
            return self._too_large()
        return None

    async def answer(self, request: ProgramRequest, body: bytes | None) -> ProgramAnswer:
        """Return the claims, or what is wrong with the token."""
        if body is None:
            return self._too_large()
        try:
            text = _find_token(request, body)
            if text is None:
                # RFC 6750 §3.1: who sends no credential at all is told no error.
                return json_answer({}, status=_UNAUTHORIZED, headers=(*CORS, _challenge(None)))
            claims = await self._deeds.user_info.tell(text)
        except OAuthError as error:
            status = _STATUS.get(error.code, _BAD)
            return json_answer(error_body(error), status=status, headers=(*CORS, _challenge(error)))
        return json_answer(claims, headers=CORS)

    def _too_large(self) -> ProgramAnswer:
        error = OAuthError(ErrorCode.INVALID_REQUEST, str(BodyTooLargeError(self.body_limit)))
        return json_answer(error_body(error), status=_TOO_LARGE, headers=CORS)


def _find_token(request: ProgramRequest, body: bytes) -> str | None:
    if any(name == "access_token" for name, _ in Parameters.from_query(request.query).pairs):
        raise OAuthError(ErrorCode.INVALID_REQUEST, "Send the access token in the header, not in the address.")
    values = request.values(b"authorization")
    if len(values) > 1:
        raise OAuthError(ErrorCode.INVALID_REQUEST, "The request has more than one Authorization header.")
    in_header = parse_bearer(values[0].decode("latin-1")) if values else None
    in_form = _read_form(request, body).one("access_token") if request.method == "POST" and body else None
    if in_header is not None and in_form is not None:
        # RFC 6750 §2.
        raise OAuthError(ErrorCode.INVALID_REQUEST, "Send the access token in the header or in the form, not in both.")
    return in_header or in_form


def _read_form(request: ProgramRequest, body: bytes) -> Parameters:
    try:
        require_form(request.headers, UserInfoEndpoint.body_limit)
    except UnsupportedMediaTypeError:
        # RFC 6750 §2.2: only a form can carry a token; what else the body holds is nothing to this endpoint.
        return Parameters()
    return Parameters.from_form(body)


def _challenge(error: OAuthError | None) -> Header:
    scope = Scope.of(OPENID) if error is not None and error.code is ErrorCode.INSUFFICIENT_SCOPE else None
    code, description = (None, None) if error is None else (error.code, error.description)
    return b"www-authenticate", challenge(_REALM, code, description, scope).encode()
