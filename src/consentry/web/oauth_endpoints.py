"""The endpoints that programs call: token, pushed requests, revocation, introspection, metadata and public keys.

RFC 6749 §3.2, RFC 7009, RFC 7662, RFC 8414, RFC 7517, RFC 8628, RFC 9126, RFC 9701.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from consentry.caller_address import UNKNOWN, address_of
from consentry.catalog_reference import SCOPES_PATH
from consentry.model.client import Client
from consentry.model.introspected import DETAIL, GUARD_DETAIL
from consentry.model.registration import Registration
from consentry.model.secret import CredentialKind
from consentry.oauth.bearer import parse_bearer
from consentry.oauth.client_authentication import parse_basic, parse_client_authentication
from consentry.oauth.device_authorization import DeviceAuthorizationRequest
from consentry.oauth.errors import ErrorCode, OAuthError
from consentry.oauth.metadata import (
    DEVICE_AUTHORIZATION_PATH,
    INTROSPECTION_PATH,
    JWKS_PATH,
    PUSHED_REQUEST_PATH,
    REGISTRATION_PATH,
    REVOCATION_PATH,
    TOKEN_PATH,
    authorization_server_metadata,
    well_known_path,
)
from consentry.oauth.openid_metadata import USER_INFO_PATH, openid_configuration_paths, openid_metadata
from consentry.oauth.signed_introspection import MEDIA_TYPE, TYP, introspection_claims, prefers_signed
from consentry.oauth.token_request import (
    AuthorizationCodeRequest,
    ClientCredentialsRequest,
    DeviceCodeRequest,
    parse_token_request,
)
from consentry.web.document_endpoint import DocumentEndpoint
from consentry.web.dpop_header import bound_to, find_proof, is_proof_due, with_next_nonce
from consentry.web.form_endpoint import FormEndpoint, SignedAnswer
from consentry.web.user_info_endpoint import UserInfoEndpoint

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from consentry.device_wiring import DeviceDeeds
    from consentry.model.organisation import ResourceServer
    from consentry.oauth.client_authentication import ClientCredentials
    from consentry.oauth.parameters import Parameters
    from consentry.web.form_endpoint import NonceAnswer
    from consentry.web.program_endpoint import ProgramEndpoint, ProgramRequest
    from consentry.wiring import Deeds

_RESOURCE_SERVER = "res_"
_SIGNED = MEDIA_TYPE.encode()


@dataclass(frozen=True, slots=True)
class OAuthEndpoints:
    """The protocol's endpoints over the deeds."""

    deeds: Deeds

    def by_path(self) -> dict[str, ProgramEndpoint]:
        """Return each endpoint by its path."""
        devices = self.deeds.settings.device_authorization
        return {
            TOKEN_PATH: FormEndpoint(self.token),
            PUSHED_REQUEST_PATH: FormEndpoint(self.push, status=201),
            REVOCATION_PATH: FormEndpoint(self.revoke),
            INTROSPECTION_PATH: FormEndpoint(self.introspect, cross_origin=False),
            JWKS_PATH: DocumentEndpoint(self.deeds.signing_keys.jwks),
            well_known_path(self.deeds.settings.issuer): DocumentEndpoint(self.metadata),
            **({DEVICE_AUTHORIZATION_PATH: FormEndpoint(self.device_authorization)} if devices else {}),
            **self._of_registration(),
            **(self._of_openid_connect() if self.deeds.settings.openid_connect else {}),
        }

    def _of_registration(self) -> dict[str, ProgramEndpoint]:
        if self.deeds.settings.dynamic_registration is Registration.OFF:
            return {}
        from consentry.web.registration_endpoint import RegistrationEndpoint  # noqa: PLC0415 - most servers need none

        return {REGISTRATION_PATH: RegistrationEndpoint(self.deeds)}

    def _of_openid_connect(self) -> dict[str, ProgramEndpoint]:
        # One document under several names: what the two specifications share cannot differ.
        document = DocumentEndpoint(self.metadata)
        paths = openid_configuration_paths(self.deeds.settings.issuer)
        return {USER_INFO_PATH: UserInfoEndpoint(self.deeds), **dict.fromkeys(paths, document)}

    async def metadata(self) -> dict[str, object]:
        """`GET /.well-known/oauth-authorization-server`. RFC 8414 §3; also OpenID Connect's. Discovery 1.0 §4."""
        issuer = self.deeds.settings.issuer
        document = authorization_server_metadata(
            issuer,
            scopes=tuple(self.deeds.catalog.scopes),
            service_documentation=issuer + SCOPES_PATH,
            require_pushed=self.deeds.settings.require_pushed_requests,
            devices=self.deeds.settings.device_authorization,
            registration=self.deeds.settings.dynamic_registration is not Registration.OFF,
            client_id_metadata_documents=self.deeds.settings.client_id_metadata_documents,
        )
        return {**document, **openid_metadata(issuer)} if self.deeds.settings.openid_connect else document

    async def token(self, request: ProgramRequest, form: Parameters) -> dict[str, object] | NonceAnswer:
        """`POST /oauth/token`. RFC 6749 §3.2, RFC 9449 §5."""
        client = await self._client(request, form)
        asked = parse_token_request(form)
        due = is_proof_due(request, client)
        proof = await find_proof(self.deeds, request, client, TOKEN_PATH) if due else None
        jkt = None if proof is None else proof.jkt
        if isinstance(asked, AuthorizationCodeRequest):
            response = await self.deeds.authorization_code_grant.exchange(asked, client, jkt=jkt)
        elif isinstance(asked, ClientCredentialsRequest):
            response = await self.deeds.services.grant.issue(asked, client, jkt=jkt)
        elif isinstance(asked, DeviceCodeRequest):
            response = await self._devices().grant.exchange(asked, client, jkt=jkt)
        else:
            response = await self.deeds.refresh_token_grant.refresh(asked, client, jkt=jkt)
        return with_next_nonce(self.deeds, proof, response.to_json_object())

    async def push(self, request: ProgramRequest, form: Parameters) -> dict[str, object] | NonceAnswer:
        """`POST /oauth/par`: 201 with a reference to the authorization request. RFC 9126 §2, RFC 9449 §10.1."""
        client = await self._client(request, form)
        proof = await find_proof(self.deeds, request, None, PUSHED_REQUEST_PATH)
        bound = form if proof is None else bound_to(proof, form)
        answer = await self.deeds.pushed_requests.push(bound, client, dpop_jkt=bound.one("dpop_jkt"))
        return with_next_nonce(self.deeds, proof, answer.to_json_object())

    async def device_authorization(self, request: ProgramRequest, form: Parameters) -> dict[str, object]:
        """`POST /oauth/device_authorization`: the codes of a device. RFC 8628 §3.1, §3.2."""
        client = await self._client(request, form)
        asked, address = DeviceAuthorizationRequest.parse(form), self._address(request)
        return (await self.deeds.devices.authorization.begin(asked, client, address=address)).to_json_object()

    async def revoke(self, request: ProgramRequest, form: Parameters) -> None:
        """`POST /oauth/revoke`: 200 with nothing in it, whatever the token was. RFC 7009 §2.2."""
        client = await self._client(request, form)
        await self.deeds.revoke_token.revoke(form.required("token"), client)

    async def introspect(self, request: ProgramRequest, form: Parameters) -> dict[str, object] | SignedAnswer:
        """`POST /oauth/introspect`, for authenticated callers only. RFC 7662 §2.1; signed on request, RFC 9701 §4."""
        caller = await self._introspecting(request, form)
        audience = _audience_of(caller)
        signed = audience is not None and request.read(_prefers_signed)
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

    def _devices(self) -> DeviceDeeds:
        if not self.deeds.settings.device_authorization:
            raise OAuthError(ErrorCode.UNSUPPORTED_GRANT_TYPE, "This server connects no devices.")
        return self.deeds.devices

    async def _introspecting(self, request: ProgramRequest, form: Parameters) -> Client | ResourceServer | None:
        bearer = request.read(_bearer)
        if bearer is not None:
            if bearer.startswith(CredentialKind.OPERATOR_TOKEN) and await self.deeds.operators.find(bearer) is not None:
                return None
            raise OAuthError(ErrorCode.INVALID_CLIENT, "Only an operator token can be sent as a bearer token here.")
        credentials = _credentials(request, form)
        if credentials.method == "none":
            # RFC 7662 §2.1: a client ID alone proves nothing, so nobody may fish with it.
            raise OAuthError(ErrorCode.INVALID_CLIENT, "Introspection needs client authentication.")
        if credentials.client_id.startswith(_RESOURCE_SERVER):
            address = self._address(request)
            return await self.deeds.authenticate_resource_server.authenticate(credentials, address=address)
        return await self._authenticated(request, credentials)

    def _client(self, request: ProgramRequest, form: Parameters) -> Awaitable[Client]:
        return self._authenticated(request, _credentials(request, form))

    def _authenticated(self, request: ProgramRequest, credentials: ClientCredentials) -> Awaitable[Client]:
        return self.deeds.authenticate_client.authenticate(credentials, address=self._address(request))

    def _address(self, request: ProgramRequest) -> str:
        return address_of(request.client or UNKNOWN, request.headers, self.deeds.settings.trusted_proxies)


def _authorization(request: ProgramRequest) -> str | None:
    values = request.values(b"authorization")
    if len(values) > 1:
        raise OAuthError(ErrorCode.INVALID_REQUEST, "The request has more than one Authorization header.")
    return values[0].decode("latin-1") if values else None


def _bearer(request: ProgramRequest) -> str | None:
    return parse_bearer(request.read(_authorization))


def _basic(request: ProgramRequest) -> ClientCredentials:
    return parse_basic(request.read(_authorization) or "")


def _credentials(request: ProgramRequest, form: Parameters) -> ClientCredentials:
    authorization = request.read(_authorization)
    return parse_client_authentication(authorization, form, basic=lambda _: request.read(_basic))


def _prefers_signed(request: ProgramRequest) -> bool:
    accept = b",".join(request.values(b"accept"))
    # Most callers accept anything, or say nothing: their header need not be read further.
    return _SIGNED in accept.lower() and prefers_signed(accept.decode("latin-1"))


def _audience_of(caller: Client | ResourceServer | None) -> str | None:
    """Return what the caller is called as the audience of a JWT; an operator is nobody's audience."""
    if caller is None:
        return None
    return caller.app.client_id if isinstance(caller, Client) else caller.identifier
