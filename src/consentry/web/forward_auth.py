"""`/guard/forward-auth`: a gateway asks about a call, and is told who calls or what to answer.

For nginx `auth_request`, Caddy and Traefik `forward_auth`, and Envoy `ext_authz` over HTTP. It is asked on every
request of the API behind the gateway.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from consentry.caller_address import UNKNOWN, address_of
from consentry.gate.answer import CallRefusedError
from consentry.gate.call import Call
from consentry.gate.gate import Gate
from consentry.gate.proved_request import ProvedRequest, origin_of
from consentry.gate.prover import Prover
from consentry.model.access import Access, Reason, Refused
from consentry.model.guard_routes import GuardRoutes
from consentry.model.guard_routes_reading import parse_guard_routes
from consentry.model.permission import render_permissions
from consentry.model.request_path import AmbiguousRequestError
from consentry.web.document_endpoint import DocumentEndpoint
from consentry.web.gateway_request import FORWARD_AUTH_PATH, is_from_nginx, read_gateway_request
from consentry.web.program_endpoint import Header, ProgramAnswer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from consentry.gate.answer import Answer
    from consentry.model.guard_routes import GuardRoute
    from consentry.web.gateway_request import GatewayRequest
    from consentry.web.program_endpoint import ProgramEndpoint, ProgramRequest
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

_LENGTH = "content-length"
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
    _gate: Gate = field(init=False, repr=False)

    def __post_init__(self) -> None:
        prover = Prover(self.deeds.clock, self.deeds.dpop_proofs.nonces)
        gate = Gate(self.deeds.catalog, self.deeds.settings.issuer, self.routes.protected_resource, prover)
        object.__setattr__(self, "_gate", gate)

    @property
    def body_limit(self) -> int:
        """The call's own body stays with the gateway: none is read here."""
        return 0

    def refuse(self, _request: ProgramRequest) -> ProgramAnswer | None:
        """Refuse nothing unread: the method is that of the call."""
        return None

    async def answer(self, request: ProgramRequest, _body: bytes | None) -> ProgramAnswer:
        """Answer 200 with who calls, or 401, 403, 400 or 503 with what the caller is to be told."""
        try:
            called = read_gateway_request(request)
            route = self.routes.find(called.method, called.segments)
            if route is None:
                return _refuse(request, self._answer(_UNDECLARED))
            if route.public:
                return _let_in({})
            return _let_in(await self._identify(await self._check(request, called, route), called))
        except AmbiguousRequestError as fault:
            return _refuse(request, self._answer(Refused(Reason.REQUEST_AMBIGUOUS, str(fault))))
        except CallRefusedError as refusal:
            return _refuse(request, refusal.answer)

    async def _check(self, request: ProgramRequest, called: GatewayRequest, route: GuardRoute) -> Access:
        gate = self._gate
        address = address_of(request.client or UNKNOWN, request.headers, self.deeds.settings.trusted_proxies)
        authorization = [value.decode("latin-1") for value in request.values(b"authorization")]
        call = Call(authorization, called.query, None if address == UNKNOWN else address)
        sent = gate.read(call)
        if isinstance(sent, str):
            return gate.judge(await self._checked(sent, call), route.permissions)
        call = call._replace(source=self._proved(request, called))
        proof = gate.prove(call, sent, ())
        return gate.judge_proved(await self._checked(sent.text, call, proof.jkt), proof, call, route.permissions)

    async def _checked(self, text: str, call: Call, jkt: str | None = None) -> Access | Refused:
        try:
            return await self.deeds.check_bearer.check(
                text, address=call.address, resource=self.routes.resource, jkt=jkt
            )
        except Exception as fault:
            raise self._gate.failure(fault) from fault

    def _proved(self, request: ProgramRequest, called: GatewayRequest) -> ProvedRequest:
        """Return what a proof must be of: the original call, at the API's own address or where the gateway says."""
        origin = origin_of(
            [value.decode("latin-1") for value in request.values(b"x-forwarded-proto")],
            [value.decode("latin-1") for value in request.values(b"x-forwarded-host")],
            request.client or UNKNOWN,
            self.deeds.settings.trusted_proxies,
            self._gate.resource,
        )
        proofs = [value.decode("latin-1") for value in request.values(b"dpop")]
        return ProvedRequest(proofs, called.method, None if origin is None else origin + called.path)

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

    def documents(self) -> dict[str, ProgramEndpoint]:
        """Return what serves the API's own metadata, by path, for the gateway to hand on. RFC 9728 §3."""
        resource = self.routes.protected_resource
        if resource is None:
            return {}
        content = resource.document(self.deeds.settings.issuer)

        async def read() -> dict[str, object]:
            return content

        return {path: DocumentEndpoint(read) for path in resource.metadata_paths}

    def _answer(self, refused: Refused) -> Answer:
        return self._gate.refusal(refused).answer


def _let_in(identity: Mapping[bytes, str | None]) -> ProgramAnswer:
    # Every header each time, empty where there is nothing to say: a gateway that copies them then overwrites what the
    # client sent under the same name, and Caddy 2.6 copies a placeholder for one that is missing.
    named = tuple((name, (identity.get(name) or "").encode()) for name in IDENTITY_HEADERS)
    return ProgramAnswer(200, (_NO_STORE,), b"", named)


def _refuse(request: ProgramRequest, answer: Answer) -> ProgramAnswer:
    headers = [(name.encode(), value.encode()) for name, value in answer.headers.items() if name != _LENGTH]
    status = answer.status
    if is_from_nginx(request):
        # nginx drops the body: it hands this header's text on instead.
        headers.append((b"x-consentry-refusal", answer.body))
        status = 403 if status in _UNKNOWN_TO_NGINX else status
    return ProgramAnswer(status, (), answer.body, tuple(headers))
