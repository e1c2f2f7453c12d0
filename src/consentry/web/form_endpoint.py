"""An endpoint of OAuth to which a program posts a form, and how its refusals are worded. RFC 6749 §3.2, §5.2."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from consentry.flows.authenticate_client import TooManyAttemptsError
from consentry.flows.dpop_proofs import NonceRequiredError
from consentry.flows.throttle import TooManyRequestsError
from consentry.oauth.errors import ErrorCode, OAuthError
from consentry.oauth.parameters import MAX_FORM_BYTES, Parameters
from consentry.oauth.responses import error_body
from consentry.oauth.signed_introspection import MEDIA_TYPE
from consentry.web.form_body import BodyTooLargeError, UnsupportedMediaTypeError, require_form
from consentry.web.json_answer import json_answer
from consentry.web.program_endpoint import Header, ProgramAnswer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from consentry.web.program_endpoint import ProgramRequest

CORS: tuple[Header, ...] = (
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", b"WWW-Authenticate, DPoP-Nonce, Retry-After"),
)
"""The headers by which a script of any origin may read an answer."""

_PREFLIGHT: tuple[Header, ...] = (
    *CORS,
    (b"access-control-allow-methods", b"GET, POST, OPTIONS"),
    (b"access-control-allow-headers", b"Authorization, Content-Type, DPoP, MCP-Protocol-Version, Mcp-Method, Mcp-Name"),
    (b"access-control-max-age", b"86400"),
    (b"cache-control", b"no-store"),
)
_NO_STORE: Header = (b"cache-control", b"no-store")
_CHALLENGE: Header = (b"www-authenticate", b'Basic realm="consentry", charset="UTF-8"')
_SIGNED_TYPE: Header = (b"content-type", MEDIA_TYPE.encode())
_TOO_LARGE, _WRONG_TYPE, _TOO_MANY, _UNAUTHORIZED, _BAD = 413, 415, 429, 401, 400


class SignedAnswer(NamedTuple):
    """An introspection answer as a JWT. RFC 9701 §5."""

    jwt: str


class NonceAnswer(NamedTuple):
    """The members of a JSON object, and the nonce that the client is to go on with. RFC 9449 §8.2."""

    members: dict[str, object]
    nonce: str


class FormEndpoint:
    """Answers a posted form by `act`, which raises OAuthError, TooManyAttemptsError and TooManyRequestsError.

    `act` returns the members of a JSON object, which is sent with `status`, or them with a nonce, a signed answer, or
    None for an answer with nothing in it. With `cross_origin` a script of any origin may call.
    """

    body_limit = MAX_FORM_BYTES

    def __init__(
        self,
        act: Callable[[ProgramRequest, Parameters], Awaitable[dict[str, object] | NonceAnswer | SignedAnswer | None]],
        *,
        cross_origin: bool = True,
        status: int = 200,
    ) -> None:
        self._act = act
        self._cross_origin = cross_origin
        self._status = status
        self._headers = CORS if cross_origin else ()

    def refuse(self, request: ProgramRequest) -> ProgramAnswer | None:
        """Return the answer to what is no form that could be read here."""
        if request.method != "POST":
            if not self._cross_origin:
                return refuse_method(b"POST")
            return preflight() if request.method == "OPTIONS" else refuse_method(b"POST, OPTIONS")
        if request.query:
            # RFC 6749 §2.3.1: credentials in the query would end up in logs.
            return self._error(
                OAuthError(ErrorCode.INVALID_REQUEST, "Send the parameters in the body, not in the query.")
            )
        try:
            require_form(request.headers, self.body_limit)
        except UnsupportedMediaTypeError as error:
            return self._error(OAuthError(ErrorCode.INVALID_REQUEST, str(error)), status=_WRONG_TYPE)
        except BodyTooLargeError:
            return self._too_large()
        return None

    async def answer(self, request: ProgramRequest, body: bytes | None) -> ProgramAnswer:
        """Return what is answered to the form."""
        if body is None:
            return self._too_large()
        try:
            result = await self._act(request, Parameters.from_form(body))
        except NonceRequiredError as error:
            return self._error(error)._replace(varying=((b"dpop-nonce", error.nonce.encode()),))
        except OAuthError as error:
            return self._error(error)
        except TooManyAttemptsError as error:
            return self._too_many(ErrorCode.INVALID_CLIENT, error)
        except TooManyRequestsError as error:
            return self._too_many(ErrorCode.TEMPORARILY_UNAVAILABLE, error)
        return self._success(result)

    def _success(self, result: dict[str, object] | NonceAnswer | SignedAnswer | None) -> ProgramAnswer:
        if result is None:
            return ProgramAnswer(200, (_NO_STORE, *self._headers), b"")
        if isinstance(result, SignedAnswer):
            return ProgramAnswer(200, (_SIGNED_TYPE, _NO_STORE, *self._headers), result.jwt.encode())
        if isinstance(result, NonceAnswer):
            answer = json_answer(result.members, status=self._status, headers=self._headers)
            return answer._replace(varying=((b"dpop-nonce", result.nonce.encode()),))
        return json_answer(result, status=self._status, headers=self._headers)

    def _too_large(self) -> ProgramAnswer:
        text = str(BodyTooLargeError(self.body_limit))
        return self._error(OAuthError(ErrorCode.INVALID_REQUEST, text), status=_TOO_LARGE)

    def _too_many(self, code: ErrorCode, error: TooManyAttemptsError | TooManyRequestsError) -> ProgramAnswer:
        wait: Header = (b"retry-after", b"%d" % error.retry_after)
        return self._error(OAuthError(code, str(error)), wait, status=_TOO_MANY)

    def _error(self, error: OAuthError, *headers: Header, status: int | None = None) -> ProgramAnswer:
        if status is None:
            status = _UNAUTHORIZED if error.code is ErrorCode.INVALID_CLIENT else _BAD
        last = (_CHALLENGE,) if status == _UNAUTHORIZED else ()
        return json_answer(error_body(error), status=status, headers=(*headers, *self._headers, *last))


def preflight() -> ProgramAnswer:
    """Return the answer to a browser that asks whether a script of another origin may call."""
    return ProgramAnswer(204, _PREFLIGHT, b"")


def refuse_method(allowed: bytes) -> ProgramAnswer:
    """Return the answer to a method that the endpoint does not take."""
    error = OAuthError(ErrorCode.INVALID_REQUEST, f"This endpoint takes {allowed.decode()} only.")
    return json_answer(error_body(error), status=405, headers=((b"allow", allowed),))
