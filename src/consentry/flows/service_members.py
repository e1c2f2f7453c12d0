"""Letting an app act for the organisation that owns it, and taking that back. RFC 6749 §4.4."""

from dataclasses import dataclass, replace

from consentry.flows.app_registry import AppRegistry
from consentry.flows.connections import Connections
from consentry.flows.consent import PAGE_VERSION
from consentry.model.acting import Acting
from consentry.model.app import App
from consentry.model.catalog import Catalog
from consentry.model.connection import Connection
from consentry.model.event import Event, EventKind
from consentry.model.faults import ConflictError, Fault, InvalidInputError
from consentry.model.ids import CONNECTION, EVENT, ConnectionId, EventId
from consentry.model.member_change import MEMBER_MANAGE
from consentry.model.permission import render_permissions
from consentry.model.service_member import ServiceAllowance, service_permissions, service_scopes, service_user_id
from consentry.oauth.client_metadata import CLIENT_CREDENTIALS, GRANT_TYPES
from consentry.ports.authorizations import AuthorizationStore
from consentry.ports.service_members import ServiceMemberStore
from consentry.ports.world import Clock, SecretSource


@dataclass(frozen=True, slots=True)
class ServiceMembers:
    """Whether an app may act by itself: a member of its own, and a connection of that member to the app.

    The member can be narrowed, suspended and removed, and the connection ended, like all others; each stops the app at
    once. Every method raises NotFoundError and PermissionMissingError as `AppRegistry` does.
    """

    store: ServiceMemberStore
    authorizations: AuthorizationStore
    registry: AppRegistry
    connections: Connections
    catalog: Catalog
    clock: Clock
    secrets: SecretSource

    async def find(self, acting: Acting, client_id: str) -> Connection | None:
        """Return the connection by which the app acts by itself, or None where it may not."""
        return await self._find(await self.registry.get(acting, client_id))

    async def allow(self, acting: Acting, client_id: str) -> Connection:
        """Let the app act for its organisation, with its scopes as they are now; again, to give it those added since.

        Needs `member.manage` beside `oauth_app.manage`. The member gets of what the scopes stand for only what whoever
        allows it holds at this moment. Raises InvalidInputError for a public app and for one without a scope that
        would give anything; ConflictError where the app was changed meanwhile.
        """
        app = await self.registry.get(acting, client_id)
        acting.require(MEMBER_MANAGE, app.organisation_id, what="app")
        scopes = service_scopes(app, self.catalog)
        permissions = service_permissions(scopes, self.catalog, acting)
        self._require_possible(app, permissions)
        now = self.clock.now()
        grants = frozenset({*app.metadata.grant_types, CLIENT_CREDENTIALS})
        metadata = replace(app.metadata, grant_types=tuple(one for one in GRANT_TYPES if one in grants))
        allowance = ServiceAllowance(
            app=app,
            changed=replace(app, metadata=metadata, updated_at=now),
            organisation_id=app.organisation_id,
            user_id=service_user_id(app.id),
            permissions=render_permissions(permissions),
            scopes=scopes,
            connection_id=ConnectionId(self.secrets.new_id(CONNECTION)),
            consent_id=self.secrets.new_id(),
            page_version=PAGE_VERSION,
            event=Event(
                EventId(self.secrets.new_id(EVENT)),
                now,
                EventKind.APP_MAY_ACT,
                app.organisation_id,
                acting.actor,
                app.id,
                {"app": app.name, "scope": str(scopes), "permissions": render_permissions(permissions)},
            ),
            at=now,
        )
        connection = await self._find(app) if await self.store.allow(allowance) else None
        if connection is None:
            raise ConflictError("Somebody else changed this app in the meantime. Look at it again, then repeat.")
        return connection

    async def stop(self, acting: Acting, client_id: str) -> None:
        """End the connection by which the app acts by itself: its tokens do nothing any more. Idempotent."""
        connection = await self.find(acting, client_id)
        if connection is not None:
            await self.connections.end(acting, connection.id)

    async def _find(self, app: App) -> Connection | None:
        return await self.authorizations.find_live_connection(service_user_id(app.id), app.organisation_id, app.id)

    @staticmethod
    def _require_possible(app: App, permissions: frozenset[str]) -> None:
        if app.is_public:
            raise InvalidInputError(
                Fault("grant_types", "A public app has no secret, so it cannot act by itself (client_credentials).")
            )
        if not permissions:
            raise InvalidInputError(
                Fault("scopes", "None of the app's scopes stands for anything that you may do, so it could do nothing.")
            )
