"""`/oauth/userinfo`: GET, or POST with the token in the header or in a form. OpenID Connect Core 1.0 §5.3, RFC 6750."""

from __future__ import annotations

from typing import TYPE_CHECKING

from consentry.flows.dpop_proofs import NonceRequiredError
from consentry.flows.user_info import SignedUserInfo
from consentry.oauth.bearer import challenge, parse_bearer
from consentry.oauth.dpop import ALGORITHMS, SCHEME, parse_dpop_token
from consentry.oauth.errors import ErrorCode, OAuthError
from consentry.oauth.identity_scopes import OPENID
from consentry.oauth.openid_metadata import USER_INFO_PATH
from consentry.oauth.parameters import Parameters
from consentry.oauth.responses import error_body
from consentry.oauth.scope import Scope
from consentry.web.form_body import BodyTooLargeError, UnsupportedMediaTypeError, announces_more, require_form
from consentry.web.form_endpoint import CORS, preflight, refuse_method
from consentry.web.json_answer import json_answer
from consentry.web.program_endpoint import Header, ProgramAnswer

if TYPE_CHECKING:
    from consentry.oauth.dpop import DpopProof
    from consentry.web.program_endpoint import ProgramRequest
    from consentry.wiring import Deeds

_REALM = "consentry"
_BAD, _UNAUTHORIZED, _FORBIDDEN, _TOO_LARGE = 400, 401, 403, 413
_JWT: Header = (b"content-type", b"application/jwt")
_NO_STORE: Header = (b"cache-control", b"no-store")
_STATUS = {
    ErrorCode.INVALID_TOKEN: _UNAUTHORIZED,
    ErrorCode.INVALID_DPOP_PROOF: _UNAUTHORIZED,
    ErrorCode.USE_DPOP_NONCE: _UNAUTHORIZED,
    ErrorCode.INSUFFICIENT_SCOPE: _FORBIDDEN,
}


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
        if not declared.isdigit() or announces_more(declared, self.body_limit):
            return self._too_large()
        return None

    async def answer(self, request: ProgramRequest, body: bytes | None) -> ProgramAnswer:
        """Return the claims, or what is wrong with the token."""
        if body is None:
            return self._too_large()
        try:
            text, bound = _find_token(request, body)
            if text is None:
                # RFC 6750 §3.1: who sends no credential at all is told no error.
                return json_answer({}, status=_UNAUTHORIZED, headers=(*CORS, _challenge(None)))
            proof = await self._prove(request, text) if bound else None
            claims = await self._deeds.user_info.tell(text, jkt=None if proof is None else proof.jkt)
        except OAuthError as error:
            status = _STATUS.get(error.code, _BAD)
            answer = json_answer(error_body(error), status=status, headers=(*CORS, _challenge(error)))
            return answer._replace(varying=_nonce_of(error))
        if isinstance(claims, SignedUserInfo):
            return ProgramAnswer(200, (_JWT, _NO_STORE, *CORS), claims.jwt.encode())
        return json_answer(claims, headers=CORS)

    async def _prove(self, request: ProgramRequest, text: str) -> DpopProof:
        """Return the proof that came with a token of the scheme DPoP. Raises OAuthError. RFC 9449 §7.1."""
        headers = [value.decode("latin-1") for value in request.values(b"dpop")]
        url = self._deeds.settings.issuer + USER_INFO_PATH
        return await self._deeds.dpop_proofs.require(headers, method=request.method, url=url, access_token=text)

    def _too_large(self) -> ProgramAnswer:
        error = OAuthError(ErrorCode.INVALID_REQUEST, str(BodyTooLargeError(self.body_limit)))
        return json_answer(error_body(error), status=_TOO_LARGE, headers=CORS)


def _find_token(request: ProgramRequest, body: bytes) -> tuple[str | None, bool]:
    """Return the access token, and whether it was sent as one that is bound to a key."""
    if any(name == "access_token" for name, _ in Parameters.from_query(request.query).pairs):
        raise OAuthError(ErrorCode.INVALID_REQUEST, "Send the access token in the header, not in the address.")
    values = request.values(b"authorization")
    if len(values) > 1:
        raise OAuthError(ErrorCode.INVALID_REQUEST, "The request has more than one Authorization header.")
    authorization = values[0].decode("latin-1") if values else ""
    bound = parse_dpop_token(authorization)
    in_header = bound or parse_bearer(authorization)
    in_form = _read_form(request, body).one("access_token") if request.method == "POST" and body else None
    if in_header is not None and in_form is not None:
        # RFC 6750 §2.
        raise OAuthError(ErrorCode.INVALID_REQUEST, "Send the access token in the header or in the form, not in both.")
    return in_header or in_form, bound is not None


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
    bearer = challenge(_REALM, code, description, scope)
    # RFC 9449 §7.1: the other scheme that is taken here, and which algorithms.
    return b"www-authenticate", f'{bearer}, {SCHEME} algs="{ALGORITHMS}"'.encode()


def _nonce_of(error: OAuthError) -> tuple[Header, ...]:
    return ((b"dpop-nonce", error.nonce.encode()),) if isinstance(error, NonceRequiredError) else ()
