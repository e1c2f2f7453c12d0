"""`/guard/forward-auth`: a gateway asks about a call, and is told who calls or what to answer.

For nginx `auth_request`, Caddy and Traefik `forward_auth`, and Envoy `ext_authz` over HTTP. A bare ASGI callable: it is
asked on every request of the API behind the gateway.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from consentry.gate.answer import CallRefusedError, answer_refused
from consentry.gate.call import Call, call_of
from consentry.gate.gate import Gate
from consentry.model.access import Access, Reason, Refused
from consentry.model.guard_routes import GuardRoutes
from consentry.model.guard_routes_reading import parse_guard_routes
from consentry.model.permission import render_permissions
from consentry.model.request_path import AmbiguousRequestError
from consentry.web.gateway_request import FORWARD_AUTH_PATH, is_from_nginx, read_gateway_request
from consentry.web.json_answer import Header, send_bytes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import Receive, Scope, Send

    from consentry.gate.answer import Answer
    from consentry.model.guard_routes import GuardRoute
    from consentry.web.gateway_request import GatewayRequest
    from consentry.wiring import Deeds

__all__ = [
    "FORWARD_AUTH_PATH",
    "IDENTITY_HEADERS",
    "IDENTITY_LIFETIME",
    "IDENTITY_TYPE",
    "ForwardAuth",
    "load_guard_routes",
]

IDENTITY_TYPE = "consentry-identity+jwt"
"""The `typ` of the JWT that tells the API who calls, so that no other JWT is taken for it. RFC 8725 §3.11."""

IDENTITY_LIFETIME = timedelta(seconds=60)
"""How long that JWT is good: for one call on its way through the inside."""

IDENTITY_HEADERS = tuple(
    b"x-consentry-" + name
    for name in (b"subject", b"organisation", b"app", b"connection", b"api-key", b"permissions", b"identity")
)
"""The headers that tell the API who calls."""

_NO_STORE: Header = (b"cache-control", b"no-store")
_UNDECLARED = Refused(
    Reason.ROUTE_NOT_DECLARED, "No line of the API's routes file is about this method and path, so nobody may call it."
)
_UNKNOWN_TO_NGINX = frozenset({400})
"""Refusals that nginx takes for a failure of the check."""


def load_guard_routes(deeds: Deeds) -> GuardRoutes:
    """Return the routes of the file that the settings name; none without one, so that every call is refused.

    Raises GuardRoutesError and OSError for a file that cannot be used.
    """
    file = deeds.settings.guard_routes
    return GuardRoutes() if file is None else parse_guard_routes(file.read_text(encoding="utf-8"), deeds.catalog)


@dataclass(frozen=True, slots=True)
class ForwardAuth:
    """Answers gateways by the routes file and by what the caller's credential may do now."""

    deeds: Deeds
    routes: GuardRoutes

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """Answer 200 with who calls, or 401, 403, 400 or 503 with what the caller is to be told."""
        try:
            request = read_gateway_request(scope)
            route = self.routes.find(request.method, request.segments)
            if route is None:
                await _refuse(scope, send, self._answer(_UNDECLARED))
            elif route.public:
                await _let_in(send, {})
            else:
                await _let_in(send, await self._identify(await self._check(scope, request, route), request))
        except AmbiguousRequestError as fault:
            await _refuse(scope, send, self._answer(Refused(Reason.REQUEST_AMBIGUOUS, str(fault))))
        except CallRefusedError as refusal:
            await _refuse(scope, send, refusal.answer)

    async def _check(self, scope: Scope, request: GatewayRequest, route: GuardRoute) -> Access:
        gate = Gate(self.deeds.catalog, self.deeds.settings.issuer)
        seen = call_of(scope, self.deeds.settings.trusted_proxies)
        call = Call(seen.authorization, request.query, seen.address)
        bearer = gate.read(call)
        try:
            checked = await self.deeds.check_bearer.check(bearer, address=call.address, resource=self.routes.resource)
        except Exception as fault:
            raise gate.failure(fault) from fault
        return gate.judge(checked, route.permissions)

    async def _identify(self, access: Access, request: GatewayRequest) -> dict[bytes, str | None]:
        audience = self.routes.identity_audience
        return {
            b"x-consentry-subject": access.user_id,
            b"x-consentry-organisation": access.organisation_id,
            b"x-consentry-app": access.app_id,
            b"x-consentry-connection": access.connection_id,
            b"x-consentry-api-key": access.api_key_id,
            b"x-consentry-permissions": render_permissions(access.permissions),
            b"x-consentry-identity": None if audience is None else await self._sign(access, request, audience),
        }

    async def _sign(self, access: Access, request: GatewayRequest, audience: str) -> str:
        now = int(self.deeds.clock.now().timestamp())
        claims: dict[str, object] = {
            "iss": self.deeds.settings.issuer,
            "aud": audience,
            "sub": access.user_id,
            "iat": now,
            "exp": now + int(IDENTITY_LIFETIME.total_seconds()),
            "method": request.method,
            "path": request.path,
            "organisation": access.organisation_id,
            "app": access.app_id,
            "client_id": access.client_id,
            "connection": access.connection_id,
            "api_key": access.api_key_id,
            "permissions": sorted(access.permissions),
        }
        present = {name: value for name, value in claims.items() if value is not None}
        return await self.deeds.signing_keys.sign(present, typ=IDENTITY_TYPE)

    def _answer(self, refused: Refused) -> Answer:
        return answer_refused(refused, issuer=self.deeds.settings.issuer)


async def _let_in(send: Send, identity: Mapping[bytes, str | None]) -> None:
    # Every header each time, empty where there is nothing to say: a gateway that copies them then overwrites what the
    # client sent under the same name, and Caddy 2.6 copies a placeholder for one that is missing.
    named = ((name, (identity.get(name) or "").encode()) for name in IDENTITY_HEADERS)
    await send_bytes(send, b"", status=200, headers=(_NO_STORE, *named))


async def _refuse(scope: Scope, send: Send, answer: Answer) -> None:
    headers = [(name.encode(), value.encode()) for name, value in answer.headers.items()]
    status = answer.status
    if is_from_nginx(scope):
        # nginx drops the body: it hands this header's text on instead.
        headers.append((b"x-consentry-refusal", answer.body))
        status = 403 if status in _UNKNOWN_TO_NGINX else status
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})
