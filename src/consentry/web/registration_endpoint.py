"""`/oauth/register`: programs register apps, and look after what they registered. RFC 7591, RFC 7592."""

from __future__ import annotations

from typing import TYPE_CHECKING

from consentry.caller_address import UNKNOWN, address_of
from consentry.flows.throttle import TooManyRequestsError
from consentry.oauth.bearer import challenge, parse_bearer
from consentry.oauth.errors import ErrorCode, OAuthError
from consentry.oauth.parameters import Parameters
from consentry.oauth.responses import error_body
from consentry.web.form_endpoint import CORS, refuse_method
from consentry.web.json_answer import json_answer
from consentry.web.program_endpoint import Header, ProgramAnswer
from consentry.web.registration_answer import registration_answer

if TYPE_CHECKING:
    from consentry.flows.register_client import RegisteredClient
    from consentry.web.program_endpoint import ProgramRequest
    from consentry.wiring import Deeds

MAX_BYTES = 64 * 1024
"""Longest registration, in bytes."""

_METHODS = b"GET, POST, PUT, DELETE, OPTIONS"
_PREFLIGHT: tuple[Header, ...] = (
    *CORS,
    (b"access-control-allow-methods", _METHODS),
    (b"access-control-allow-headers", b"Authorization, Content-Type, MCP-Protocol-Version, Mcp-Method, Mcp-Name"),
    (b"access-control-max-age", b"86400"),
    (b"cache-control", b"no-store"),
)
_NO_STORE: Header = (b"cache-control", b"no-store")
_REALM = "consentry"


class RegistrationEndpoint:
    """POST registers; GET, PUT and DELETE at the address that the answer tells read, replace and remove."""

    body_limit = MAX_BYTES

    def __init__(self, deeds: Deeds) -> None:
        self._deeds = deeds

    def refuse(self, request: ProgramRequest) -> ProgramAnswer | None:
        """Return the answer to what could be no registration."""
        if request.method == "OPTIONS":
            return ProgramAnswer(204, _PREFLIGHT, b"")
        if request.method not in {"GET", "POST", "PUT", "DELETE"}:
            return refuse_method(_METHODS)
        media_type = b"".join(request.values(b"content-type")).partition(b";")[0].strip().lower()
        if request.method in {"POST", "PUT"} and media_type != b"application/json":
            # RFC 7591 §3.1.
            error = OAuthError(ErrorCode.INVALID_CLIENT_METADATA, "Send the metadata as application/json.")
            return _refusal(error, status=415)
        return None

    async def answer(self, request: ProgramRequest, body: bytes | None) -> ProgramAnswer:
        """Return the answer."""
        if body is None:
            error = OAuthError(ErrorCode.INVALID_CLIENT_METADATA, f"A registration may hold {MAX_BYTES} bytes.")
            return _refusal(error, status=413)
        try:
            return await self._act(request, body)
        except OAuthError as error:
            return _refusal(error, sent_token=bool(request.values(b"authorization")))
        except TooManyRequestsError as error:
            wait: Header = (b"retry-after", b"%d" % error.retry_after)
            return _refusal(OAuthError(ErrorCode.TEMPORARILY_UNAVAILABLE, str(error)), wait, status=429)

    async def _act(self, request: ProgramRequest, body: bytes) -> ProgramAnswer:
        registration, bearer = self._deeds.registration, _bearer(request)
        if request.method == "POST":
            address = address_of(request.client or UNKNOWN, request.headers, self._deeds.settings.trusted_proxies)
            return self._told(await registration.register.register(body, bearer=bearer, address=address), status=201)
        client_id = Parameters.from_query(request.query).one("client_id") or ""
        if request.method == "GET":
            return self._told(await registration.manage.read(client_id, bearer))
        if request.method == "PUT":
            return self._told(await registration.manage.replace(client_id, bearer, body))
        await registration.manage.remove(client_id, bearer)
        return ProgramAnswer(204, (_NO_STORE, *CORS), b"")

    def _told(self, registered: RegisteredClient, *, status: int = 200) -> ProgramAnswer:
        members = registration_answer(registered, self._deeds.settings.issuer, self._deeds.catalog)
        return json_answer(members, status=status, headers=CORS)


def _bearer(request: ProgramRequest) -> str | None:
    values = request.values(b"authorization")
    if len(values) > 1:
        raise OAuthError(ErrorCode.INVALID_REQUEST, "The request has more than one Authorization header.")
    return parse_bearer(values[0].decode("latin-1")) if values else None


def _refusal(error: OAuthError, *headers: Header, status: int | None = None, sent_token: bool = False) -> ProgramAnswer:
    if status is None:
        status = 401 if error.code is ErrorCode.INVALID_TOKEN else 400
    varying: tuple[Header, ...] = headers
    if status == 401:  # noqa: PLR2004 - as HTTP writes it
        # RFC 6750 §3.1: who sent no token is told of none.
        code, text = (error.code, error.description) if sent_token else (None, None)
        varying = (*varying, (b"www-authenticate", challenge(_REALM, code, text, None).encode()))
    return json_answer(error_body(error), status=status, headers=CORS)._replace(varying=varying)
