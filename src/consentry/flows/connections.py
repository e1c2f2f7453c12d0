"""Connections: one's own, those of the organisation, and their end.

What is shown of a connection is what works today, computed from the rows of one read. Ending one is one row: whatever
the number of tokens, all of them stop with it, and none of them is touched.
"""

from dataclasses import dataclass

from consentry.model.acting import Acting
from consentry.model.connection import Connection, EndedBy
from consentry.model.connection_today import ConnectionToday, connection_today
from consentry.model.event import Event, EventKind
from consentry.model.faults import NotFoundError
from consentry.model.ids import EVENT, ClientId, ConnectionId, EventId, OrganisationId, UserId
from consentry.model.membership import RoleBook
from consentry.ports.connections import ConnectionFilter, ConnectionStore, Named
from consentry.ports.world import Clock, SecretSource

MANAGE = "oauth_app.manage"
_WHAT = "connection"
_CHOICES_MOST = 200


@dataclass(frozen=True, slots=True)
class Connections:
    """What users, administrators and operators may do with connections."""

    connections: ConnectionStore
    roles: RoleBook
    clock: Clock
    secrets: SecretSource

    async def list_own(
        self,
        acting: Acting,
        *,
        client_id: ClientId | None = None,
        after: ConnectionId | None = None,
        limit: int = 50,
    ) -> tuple[ConnectionToday, ...]:
        """Return the connections of the user who acts, in every organisation, ended ones too, newest first.

        `client_id` asks for those to one app. Empty unless a user acts in person: an app or a key sees none.
        """
        if acting.user_id is None or acting.actor.through is not None:
            return ()
        wanted = ConnectionFilter(user_id=acting.user_id, client_id=client_id, include_ended=True)
        return await self._page(wanted, after, limit)

    async def list_all(
        self,
        acting: Acting,
        organisation_id: OrganisationId | None,
        *,
        client_id: ClientId | None = None,
        user_id: UserId | None = None,
        include_ended: bool = False,
        after: ConnectionId | None = None,
        limit: int = 50,
    ) -> tuple[ConnectionToday, ...]:
        """Return the organisation's connections (None: every organisation's, for operators), newest first.

        Raises PermissionMissingError without `oauth_app.manage`, NotFoundError for another organisation.
        """
        if organisation_id is None:
            acting.require_operator()
        else:
            acting.require(MANAGE, organisation_id, what="organisation")
        return await self._page(ConnectionFilter(organisation_id, user_id, client_id, include_ended), after, limit)

    async def find_choices(
        self, acting: Acting, organisation_id: OrganisationId
    ) -> tuple[tuple[Named, ...], tuple[Named, ...]]:
        """Return apps and users to which `list_all` can be narrowed, up to 200 each. Raises as it does.

        The users are those of the newest connections.
        """
        acting.require(MANAGE, organisation_id, what="organisation")
        apps = await self.connections.connected_apps(organisation_id, limit=_CHOICES_MOST)
        return apps, await self.connections.connected_users(organisation_id, limit=_CHOICES_MOST)

    async def get(self, acting: Acting, connection_id: ConnectionId) -> ConnectionToday:
        """Return one's own connection, or any of the organisation with `oauth_app.manage`.

        Raises NotFoundError, which does not tell whether there is such a connection elsewhere.
        """
        found = await self.connections.find(connection_id)
        if found is None or _end_as(acting, found.details.connection) is None:
            raise NotFoundError(_WHAT)
        return connection_today(found.details, found.holder, self.roles)

    async def end(self, acting: Acting, connection_id: ConnectionId) -> ConnectionToday:
        """End a connection: when this returns, no code, token or family under it does anything any more.

        One's own, always; any of the organisation's with `oauth_app.manage`. Idempotent: an ended one keeps its end.

        Raises NotFoundError.
        """
        today = await self.get(acting, connection_id)
        connection = today.details.connection
        ended_by = _end_as(acting, connection)
        if ended_by is None or not connection.is_live:
            return today
        event = Event(
            EventId(self.secrets.new_id(EVENT)),
            self.clock.now(),
            EventKind.CONNECTION_ENDED,
            connection.organisation_id,
            acting.actor,
            connection.id,
            {
                "app": today.details.app_name,
                "client_id": today.details.client_id,
                "user": today.details.user_email,
                "ended_by": ended_by.value,
            },
        )
        await self.connections.end(connection_id, ended_by, event)
        return await self.get(acting, connection_id)

    async def _page(
        self, wanted: ConnectionFilter, after: ConnectionId | None, limit: int
    ) -> tuple[ConnectionToday, ...]:
        found = await self.connections.page(wanted, after=after, limit=limit)
        return tuple(connection_today(each.details, each.holder, self.roles) for each in found)


def _end_as(acting: Acting, connection: Connection) -> EndedBy | None:
    """Return as whom the one who acts would end the connection; None for those who may not even know of it."""
    if acting.user_id == connection.user_id and acting.actor.through is None:
        return EndedBy.USER
    if acting.is_operator:
        return EndedBy.OPERATOR
    return EndedBy.ADMINISTRATOR if acting.may(MANAGE, connection.organisation_id) else None
