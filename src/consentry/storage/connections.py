"""Connections in the database: lists, one by one, and their end."""

from collections.abc import Sequence

from consentry.model.app import AppOrigin
from consentry.model.connection import Connection, ConnectionDetails, EndedBy
from consentry.model.event import Event
from consentry.model.ids import AppId, ClientId, ConnectionId, OrganisationId, UserId
from consentry.oauth.scope import Scope
from consentry.ports.connections import ConnectionFilter, FoundConnection, Named
from consentry.storage import events
from consentry.storage.database import (
    Database,
    Row,
    Statement,
    Value,
    from_micros,
    from_micros_or_none,
    to_micros,
)
from consentry.storage.events import LAST
from consentry.storage.holder import APP_STANDING, HOLDER_COLUMNS, HOLDER_WIDTH, holder_joins, read_holder

_OWN_WIDTH = 23
_SELECT = f"""
SELECT c.id, c.organisation_id, c.user_id, c.app_id, c.scopes, c.declined_scopes, c.created_at, c.updated_at,
    c.first_used_at, c.last_used_at, c.ended_at, c.ended_by,
    a.name, ao.name, a.client_id, trim(a.required_scopes || ' ' || a.optional_scopes), {APP_STANDING},
    o.name, u.email, u.name, a.created_at, a.origin, a.vouched_by,
    {HOLDER_COLUMNS}
FROM connections c
JOIN apps a ON a.id = c.app_id
JOIN organisations ao ON ao.id = a.organisation_id
{holder_joins("c.organisation_id", "c.user_id")}
"""  # noqa: S608 - composed of constants only

_FIND = f"{_SELECT} WHERE c.id = $1"

# One look into the index for each app, however many connections there are to it.
_APPS = """
WITH RECURSIVE connected (app_id) AS (
    SELECT * FROM (
        SELECT app_id FROM connections WHERE organisation_id = $1 ORDER BY app_id LIMIT 1
    ) first_one
    UNION ALL
    SELECT (SELECT c.app_id FROM connections c WHERE c.organisation_id = $1 AND c.app_id > connected.app_id
            ORDER BY c.app_id LIMIT 1)
    FROM connected WHERE connected.app_id IS NOT NULL
)
SELECT a.client_id, a.name FROM (SELECT app_id FROM connected LIMIT $2) one JOIN apps a ON a.id = one.app_id
"""
_USERS = """
SELECT u.id, u.name FROM (
    SELECT user_id FROM connections WHERE organisation_id = $1 ORDER BY id DESC LIMIT $2
) newest JOIN users u ON u.id = newest.user_id
"""

_TO_APP = "c.app_id = (SELECT id FROM apps WHERE client_id = ${})"
# A user has few connections and an app may have a million: the expression keeps SQLite, which has no statistics, from
# starting at the app.
_ALSO_TO_APP = "c.app_id || '' = (SELECT id FROM apps WHERE client_id = ${})"

_END = """
UPDATE connections SET ended_at = $2, ended_by = $3, updated_at = $2
WHERE id = $1 AND ended_at IS NULL
RETURNING id
"""


class SqlConnectionStore:
    """The store of connections over either engine."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, connection_id: ConnectionId) -> FoundConnection | None:
        """Return the connection, live or ended, or None."""
        for row in await self._database.read(_FIND, connection_id):
            return _found(row)
        return None

    async def page(
        self, wanted: ConnectionFilter, *, after: ConnectionId | None, limit: int
    ) -> tuple[FoundConnection, ...]:
        """Return up to `limit` connections, newest first, that come after `after` in that order."""
        conditions = ["c.id < $1"]
        args: list[Value] = [after or LAST, limit]
        for condition, value in (
            ("c.organisation_id = ${}", wanted.organisation_id),
            ("c.user_id = ${}", wanted.user_id),
            (_TO_APP if wanted.user_id is None else _ALSO_TO_APP, wanted.client_id),
        ):
            if value is not None:
                args.append(value)
                conditions.append(condition.format(len(args)))
        if not wanted.include_ended:
            conditions.append("c.ended_at IS NULL")
        sql = f"{_SELECT} WHERE {' AND '.join(conditions)} ORDER BY c.id DESC LIMIT $2"
        return tuple(_found(row) for row in await self._database.read(sql, *args))

    async def connected_apps(self, organisation_id: OrganisationId, *, limit: int) -> tuple[Named, ...]:
        """Return up to `limit` apps, by client ID and name, that the organisation has connections to; by name."""
        return _by_name(await self._database.read(_APPS, organisation_id, limit))

    async def connected_users(self, organisation_id: OrganisationId, *, limit: int) -> tuple[Named, ...]:
        """Return the users of the newest `limit` connections in the organisation; by name."""
        return _by_name(await self._database.read(_USERS, organisation_id, limit))

    async def end(self, connection_id: ConnectionId, ended_by: EndedBy, event: Event) -> bool:
        """End the connection at the event's time: one row, and with it all that hangs on it."""
        args = (connection_id, to_micros(event.at), ended_by)
        return await self._database.write(events.changing, Statement(_END, args), event)


def _by_name(rows: Sequence[Row]) -> tuple[Named, ...]:
    """Return each of them once. Sorted here: a sort in the statement would make it read every row first."""
    return tuple(sorted({Named(*row) for row in rows}, key=lambda named: (named.name.casefold(), named.id)))


def read_connection(row: Row) -> Connection:
    """Return the connection from the first columns, which are those of `connections` in the order of the schema."""
    return Connection(
        ConnectionId(row[0]),
        OrganisationId(row[1]),
        UserId(row[2]),
        AppId(row[3]),
        Scope.parse(row[4]),
        Scope.parse(row[5]),
        from_micros(row[6]),
        from_micros(row[7]),
        from_micros_or_none(row[8]),
        from_micros_or_none(row[9]),
        from_micros_or_none(row[10]),
        None if row[11] is None else EndedBy(row[11]),
    )


def _found(row: Row) -> FoundConnection:
    details = ConnectionDetails(
        connection=read_connection(row),
        app_name=row[12],
        registered_by=row[13],
        client_id=ClientId(row[14]),
        app_scopes=Scope.parse(row[15]),
        app_standing=row[16],
        organisation_name=row[17],
        user_email=row[18],
        user_name=row[19],
        app_created_at=from_micros(row[20]),
        app_registered_itself=row[21] != AppOrigin.REGISTERED,
        app_vouched_by=row[22],
    )
    return FoundConnection(details, read_holder(row[_OWN_WIDTH : _OWN_WIDTH + HOLDER_WIDTH]))
