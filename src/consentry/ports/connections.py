"""The store of connections, as one's own page and the administrator's need it."""

from dataclasses import dataclass
from typing import Protocol

from consentry.model.connection import ConnectionDetails, EndedBy
from consentry.model.event import Event
from consentry.model.ids import ClientId, ConnectionId, OrganisationId, UserId
from consentry.model.membership import Holder


@dataclass(frozen=True, slots=True)
class FoundConnection:
    """A connection with its names, and the user behind it as the same read found them."""

    details: ConnectionDetails
    holder: Holder


@dataclass(frozen=True, slots=True)
class ConnectionFilter:
    """Which connections a list holds; None leaves a field open."""

    organisation_id: OrganisationId | None = None
    user_id: UserId | None = None
    client_id: ClientId | None = None
    include_ended: bool = False


@dataclass(frozen=True, slots=True)
class Named:
    """An app or a user that a list can be narrowed to."""

    id: str
    name: str


class ConnectionStore(Protocol):
    """Whole operations on connections. Approval and tokens are other stores' business."""

    async def find(self, connection_id: ConnectionId) -> FoundConnection | None:
        """Return the connection, live or ended, or None."""
        ...

    async def page(
        self, wanted: ConnectionFilter, *, after: ConnectionId | None, limit: int
    ) -> tuple[FoundConnection, ...]:
        """Return up to `limit` connections, newest first, that come after `after` in that order."""
        ...

    async def connected_apps(self, organisation_id: OrganisationId, *, limit: int) -> tuple[Named, ...]:
        """Return up to `limit` apps, by client ID and name, that the organisation has connections to; by name."""
        ...

    async def connected_users(self, organisation_id: OrganisationId, *, limit: int) -> tuple[Named, ...]:
        """Return the users of the newest `limit` connections in the organisation; by name."""
        ...

    async def end(self, connection_id: ConnectionId, ended_by: EndedBy, event: Event) -> bool:
        """End the connection at the event's time: one row, and with it all that hangs on it.

        False, and nothing written, when it was ended already.
        """
        ...
