"""The client credentials grant: an app acts for the organisation that owns it. RFC 6749 §4.4."""

from dataclasses import dataclass

from consentry.flows.authorize import Authorize
from consentry.flows.issue_tokens import TokenMint
from consentry.model.approval import ApprovalBook
from consentry.model.client import Client
from consentry.model.connection import Connection
from consentry.model.ids import ConnectionId
from consentry.model.live_grant import LiveFamily
from consentry.model.membership import RoleBook
from consentry.model.micros import MICROSECOND
from consentry.model.service_member import SERVICE_FAMILY_LIFETIME, service_family_id, service_user_id
from consentry.oauth.client_metadata import CLIENT_CREDENTIALS
from consentry.oauth.errors import ErrorCode, OAuthError
from consentry.oauth.responses import TokenResponse
from consentry.oauth.scope import Scope, narrowed
from consentry.oauth.token_request import ClientCredentialsRequest
from consentry.ports.authorizations import AuthorizationStore
from consentry.ports.credentials import CredentialStore
from consentry.ports.service_members import ServiceMemberStore
from consentry.ports.world import Clock


@dataclass(frozen=True, slots=True)
class _Opening:
    """What the family of an app's own connection is opened with."""

    connection_id: ConnectionId
    scope: Scope
    resource: str | None = None


@dataclass(frozen=True, slots=True)
class ClientCredentialsGrant:
    """Issues access tokens under the connection of the app's own member; never a refresh token (§4.4.3)."""

    authorize: Authorize
    authorizations: AuthorizationStore
    credentials: CredentialStore
    services: ServiceMemberStore
    mint: TokenMint
    approvals: ApprovalBook
    roles: RoleBook
    clock: Clock

    async def issue(
        self, request: ClientCredentialsRequest, client: Client, *, jkt: str | None = None
    ) -> TokenResponse:
        """Return an access token for what the app may do now, or for the part of it that it asks for.

        It is bound to the key of thumbprint `jkt` where one was proved.

        Raises OAuthError: UNAUTHORIZED_CLIENT for an app that is not registered for the grant or that no administrator
        lets act by itself now; INVALID_SCOPE for more than was allowed; INVALID_TARGET. *Source:* RFC 6749 §4.4.2,
        §5.2; RFC 8707 §2.2.
        """
        client.require_grant(CLIENT_CREDENTIALS)
        wanted = self.authorize.meant_for(request.resource)
        await self.authorize.require_askable(client.app, request.scope or Scope(), wanted)
        now = self.clock.micros()
        live = await self._find(client, now)
        scope = self._scope_of(request, live)
        family = live._replace(resource=wanted[0] if wanted else None)
        access = self.mint.access_token(family, scope, now, jkt=jkt)
        if not await self.credentials.extend_family(access.row, idle_expires_micros=self.mint.idle_end(now)):
            raise _not_allowed()
        return access.response()

    async def _find(self, client: Client, now: int) -> LiveFamily:
        app = client.app
        connection = await self.authorizations.find_live_connection(
            service_user_id(app.id), app.organisation_id, app.id
        )
        # RFC 6749 §4.4: for confidential clients only.
        if connection is None or app.is_public:
            raise _not_allowed()
        live = await self.credentials.find_family(service_family_id(connection.id))
        if live is None:
            # Never opened yet, or swept away after it was not used for long.
            await self._open(connection, now)
            live = await self.credentials.find_family(service_family_id(connection.id))
        if live is None or live.is_ended:
            raise _not_allowed()
        return live

    async def _open(self, connection: Connection, now: int) -> None:
        family = self.mint.family(_Opening(connection.id, connection.scopes), now).row
        ends = now + SERVICE_FAMILY_LIFETIME // MICROSECOND
        await self.services.open_family(family._replace(id=service_family_id(connection.id), expires_micros=ends))

    def _scope_of(self, request: ClientCredentialsRequest, live: LiveFamily) -> Scope:
        approval = self.approvals.approved(live.connection_scopes, live.connection_scopes, live.app_scopes)
        usable = self.approvals.still_covered(approval.scope, self.roles.held_by(live.holder))
        if not usable:
            raise OAuthError(ErrorCode.INVALID_SCOPE, "Nothing of what was allowed to this app is left to it.")
        return narrowed(usable, request.scope)


def _not_allowed() -> OAuthError:
    return OAuthError(
        ErrorCode.UNAUTHORIZED_CLIENT,
        "Nobody lets this app act for its organisation now: an administrator switches it on, on the app's page.",
    )
