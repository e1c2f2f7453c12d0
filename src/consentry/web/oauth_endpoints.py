"""The endpoints that programs call: token, revocation, introspection, metadata and public keys.

Bare ASGI callables beside the pages' routes, because a platform's API may call them on every request. RFC 6749 §3.2,
RFC 7009, RFC 7662, RFC 8414, RFC 7517, RFC 9701.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from consentry.catalog_reference import SCOPES_PATH
from consentry.flows.authenticate_client import TooManyAttemptsError
from consentry.model.client import Client
from consentry.model.introspected import DETAIL, GUARD_DETAIL
from consentry.model.secret import CredentialKind
from consentry.oauth.bearer import parse_bearer
from consentry.oauth.client_authentication import parse_client_authentication
from consentry.oauth.errors import ErrorCode, OAuthError
from consentry.oauth.metadata import authorization_server_metadata
from consentry.oauth.responses import error_body
from consentry.oauth.signed_introspection import MEDIA_TYPE, TYP, introspection_claims, prefers_signed
from consentry.oauth.token_request import AuthorizationCodeRequest, parse_token_request
from consentry.web.caller import caller_address
from consentry.web.form_body import BodyTooLargeError, ClientGoneError, UnsupportedMediaTypeError, read_form
from consentry.web.json_answer import Header, send_bytes, send_json

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.types import Receive, Scope, Send

    from consentry.model.organisation import ResourceServer
    from consentry.oauth.parameters import Parameters
    from consentry.wiring import Deeds

_NO_STORE: Header = (b"cache-control", b"no-store")
_PUBLIC_CACHE = b"public, max-age=300"
_CORS: tuple[Header, ...] = (
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", b"WWW-Authenticate"),
)
_PREFLIGHT: tuple[Header, ...] = (
    *_CORS,
    (b"access-control-allow-methods", b"GET, POST, OPTIONS"),
    (b"access-control-allow-headers", b"Authorization, Content-Type, MCP-Protocol-Version, Mcp-Method, Mcp-Name"),
    (b"access-control-max-age", b"86400"),
    (b"cache-control", b"no-store"),
)


@dataclass(frozen=True, slots=True)
class SignedAnswer:
    """An introspection answer as a JWT. RFC 9701 §5."""

    jwt: str


@dataclass(frozen=True, slots=True)
class OAuthEndpoints:
    """The protocol's endpoints over the deeds. Each is an ASGI application for one path."""

    deeds: Deeds

    async def token(self, scope: Scope, receive: Receive, send: Send) -> None:
        """`POST /oauth/token`. RFC 6749 §3.2."""
        await self._answer_post(scope, receive, send, self._token)

    async def revoke(self, scope: Scope, receive: Receive, send: Send) -> None:
        """`POST /oauth/revoke`: 200 with nothing in it, whatever the token was. RFC 7009 §2.2."""
        await self._answer_post(scope, receive, send, self._revoke)

    async def introspect(self, scope: Scope, receive: Receive, send: Send) -> None:
        """`POST /oauth/introspect`, for authenticated callers only. RFC 7662 §2.1; signed on request, RFC 9701 §4."""
        await self._answer_post(scope, receive, send, self._introspect, cross_origin=False)

    async def metadata(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """`GET /.well-known/oauth-authorization-server`. RFC 8414 §3."""
        await self._answer_get(scope, send, self._metadata)

    async def jwks(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """`GET /oauth/jwks`: the public keys that check our signatures. RFC 7517 §5."""
        await self._answer_get(scope, send, self.deeds.signing_keys.jwks)

    async def _answer_get(self, scope: Scope, send: Send, document: Callable[[], Awaitable[dict[str, object]]]) -> None:
        if scope["method"] == "OPTIONS":
            await send_bytes(send, b"", status=204, headers=_PREFLIGHT)
        elif scope["method"] not in {"GET", "HEAD"}:
            await _refuse_method(send, b"GET, HEAD, OPTIONS")
        else:
            await send_json(send, await document(), headers=_CORS, cache=_PUBLIC_CACHE)

    async def _metadata(self) -> dict[str, object]:
        issuer = self.deeds.settings.issuer
        return authorization_server_metadata(
            issuer, scopes=tuple(self.deeds.catalog.scopes), service_documentation=issuer + SCOPES_PATH
        )

    async def _answer_post(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        endpoint: Callable[[Scope, Parameters], Awaitable[dict[str, object] | SignedAnswer | None]],
        *,
        cross_origin: bool = True,
    ) -> None:
        headers = _CORS if cross_origin else ()
        if scope["method"] == "OPTIONS" and cross_origin:
            await send_bytes(send, b"", status=204, headers=_PREFLIGHT)
            return
        if scope["method"] != "POST":
            await _refuse_method(send, b"POST, OPTIONS" if cross_origin else b"POST")
            return
        try:
            _refuse_query(scope)
            form = await read_form(scope, receive)
            await _send_answer(send, await endpoint(scope, form), headers)
        except OAuthError as error:
            await _send_error(send, error, headers)
        except UnsupportedMediaTypeError as error:
            await _send_error(send, OAuthError(ErrorCode.INVALID_REQUEST, str(error)), headers, status=415)
        except BodyTooLargeError as error:
            await _send_error(send, OAuthError(ErrorCode.INVALID_REQUEST, str(error)), headers, status=413)
        except TooManyAttemptsError as error:
            wait = ((b"retry-after", str(error.retry_after).encode()), *headers)
            await _send_error(send, OAuthError(ErrorCode.INVALID_CLIENT, str(error)), wait, status=429)
        except ClientGoneError:
            return

    async def _token(self, scope: Scope, form: Parameters) -> dict[str, object]:
        client = await self._client(scope, form)
        request = parse_token_request(form)
        if isinstance(request, AuthorizationCodeRequest):
            response = await self.deeds.authorization_code_grant.exchange(request, client)
        else:
            response = await self.deeds.refresh_token_grant.refresh(request, client)
        return response.to_json_object()

    async def _revoke(self, scope: Scope, form: Parameters) -> None:
        client = await self._client(scope, form)
        await self.deeds.revoke_token.revoke(form.required("token"), client)

    async def _introspect(self, scope: Scope, form: Parameters) -> dict[str, object] | SignedAnswer:
        caller = await self._introspecting(scope, form)
        audience = _audience_of(caller)
        signed = audience is not None and prefers_signed(_accept(scope))
        response = await self.deeds.introspect_token.introspect(
            form.required("token"),
            caller,
            address=form.one("address"),
            # RFC 9701 §5: of an inactive token a signed answer says nothing else at all.
            for_guard=form.one(DETAIL) == GUARD_DETAIL and not signed,
        )
        answer = response.to_json_object()
        if audience is None or not signed:
            return answer
        issuer, now = self.deeds.settings.issuer, self.deeds.clock.now()
        claims = introspection_claims(answer, issuer=issuer, audience=audience, now=now)
        return SignedAnswer(await self.deeds.signing_keys.sign(claims, typ=TYP))

    async def _introspecting(self, scope: Scope, form: Parameters) -> Client | ResourceServer | None:
        authorization = _authorization(scope)
        bearer = parse_bearer(authorization)
        if bearer is not None:
            if bearer.startswith(CredentialKind.OPERATOR_TOKEN) and await self.deeds.operators.find(bearer) is not None:
                return None
            raise OAuthError(ErrorCode.INVALID_CLIENT, "Only an operator token can be sent as a bearer token here.")
        credentials = parse_client_authentication(authorization, form)
        if credentials.client_secret is None:
            # RFC 7662 §2.1: a client ID without a secret proves nothing, so nobody may fish with it.
            raise OAuthError(ErrorCode.INVALID_CLIENT, "Introspection needs client authentication with a secret.")
        address = caller_address(scope, self.deeds.settings.trusted_proxies)
        if credentials.client_id.startswith("res_"):
            return await self.deeds.authenticate_resource_server.authenticate(credentials, address=address)
        return await self.deeds.authenticate_client.authenticate(credentials, address=address)

    async def _client(self, scope: Scope, form: Parameters) -> Client:
        credentials = parse_client_authentication(_authorization(scope), form)
        address = caller_address(scope, self.deeds.settings.trusted_proxies)
        return await self.deeds.authenticate_client.authenticate(credentials, address=address)


def _authorization(scope: Scope) -> str | None:
    values = [value for name, value in scope["headers"] if name == b"authorization"]
    if len(values) > 1:
        raise OAuthError(ErrorCode.INVALID_REQUEST, "The request has more than one Authorization header.")
    return values[0].decode("latin-1") if values else None


def _accept(scope: Scope) -> str:
    return ",".join(value.decode("latin-1") for name, value in scope["headers"] if name == b"accept")


def _audience_of(caller: Client | ResourceServer | None) -> str | None:
    """Return what the caller is called as the audience of a JWT; an operator is nobody's audience."""
    if caller is None:
        return None
    return caller.app.client_id if isinstance(caller, Client) else caller.identifier


def _refuse_query(scope: Scope) -> None:
    # RFC 6749 §2.3.1: credentials in the query would end up in logs.
    if scope["query_string"]:
        raise OAuthError(ErrorCode.INVALID_REQUEST, "Send the parameters in the body, not in the query.")


async def _send_answer(send: Send, body: dict[str, object] | SignedAnswer | None, headers: tuple[Header, ...]) -> None:
    match body:
        case None:
            await send_bytes(send, b"", status=200, headers=(_NO_STORE, *headers))
        case SignedAnswer():
            kind = (b"content-type", MEDIA_TYPE.encode())
            await send_bytes(send, body.jwt.encode(), status=200, headers=(kind, _NO_STORE, *headers))
        case _:
            await send_json(send, body, headers=headers)


async def _send_error(send: Send, error: OAuthError, headers: tuple[Header, ...], *, status: int | None = None) -> None:
    if status is None:
        status = 401 if error.code is ErrorCode.INVALID_CLIENT else 400
    if status == 401:  # noqa: PLR2004 - the status that RFC 6749 §5.2 asks for
        headers = (*headers, (b"www-authenticate", b'Basic realm="consentry", charset="UTF-8"'))
    await send_json(send, error_body(error), status=status, headers=headers)


async def _refuse_method(send: Send, allowed: bytes) -> None:
    error = OAuthError(ErrorCode.INVALID_REQUEST, f"This endpoint takes {allowed.decode()} only.")
    await send_json(send, error_body(error), status=405, headers=((b"allow", allowed),))
