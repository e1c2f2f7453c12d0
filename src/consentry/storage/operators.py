"""Operators and resource servers: those who do not act for a user."""

from collections.abc import Sequence
from datetime import datetime

from consentry.model.event import Event
from consentry.model.ids import OperatorId, ResourceId
from consentry.model.organisation import Operator, ResourceServer
from consentry.storage import events
from consentry.storage.database import (
    Database,
    KeyedRead,
    Operation,
    Row,
    Statement,
    from_micros,
    from_micros_or_none,
    to_micros,
)

_FIND_OPERATOR = "SELECT id, name, digest, created_at, revoked_at FROM operators WHERE id = $1"
_OPERATORS = "SELECT id, name, digest, created_at, revoked_at FROM operators ORDER BY id"
_CREATE_OPERATOR = "INSERT INTO operators (id, name, digest, created_at) VALUES ($1, $2, $3, $4)"
_REVOKE_OPERATOR = "UPDATE operators SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL RETURNING id"

_FIND_RESOURCE = KeyedRead("""
SELECT client_id, id, name, identifier, digest, created_at FROM resources WHERE client_id {key} AND retired_at IS NULL
""")
_IDENTIFIERS = "SELECT identifier FROM resources WHERE retired_at IS NULL ORDER BY id"
_RESOURCES = """
SELECT client_id, id, name, identifier, digest, created_at
FROM resources WHERE id > $1 AND retired_at IS NULL ORDER BY id LIMIT $2
"""
_REGISTER_RESOURCE = """
INSERT INTO resources (id, client_id, name, identifier, digest, created_at) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (identifier) DO NOTHING RETURNING id
"""


def _creating(operator: Operator, event: Event) -> Operation[None]:
    yield Statement(_CREATE_OPERATOR, (operator.id, operator.name, operator.digest, to_micros(operator.created_at)))
    yield events.append(event)


class SqlOperatorStore:
    """Keeps operators in the database; the `OperatorStore` of the ports."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find_operator(self, operator_id: OperatorId) -> Operator | None:
        """Return the operator, revoked or not, or None."""
        rows = await self._database.read(_FIND_OPERATOR, operator_id)
        return _operator_of(rows[0]) if rows else None

    async def operators(self) -> list[Operator]:
        """Return all operators, oldest first."""
        return [_operator_of(row) for row in await self._database.read(_OPERATORS)]

    async def create(self, operator: Operator, event: Event) -> None:
        """Write a new operator."""
        await self._database.write(_creating, operator, event)

    async def revoke(self, operator_id: OperatorId, now: datetime, event: Event) -> bool:
        """End the operator's token; False if it had ended already or never was."""
        return await self._database.write(
            events.changing, Statement(_REVOKE_OPERATOR, (operator_id, to_micros(now))), event
        )


class SqlResourceStore:
    """Keeps resource servers in the database; the `ResourceStore` of the ports."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find_resource_server(self, client_id: str) -> ResourceServer | None:
        """Return the resource server of this client ID, or None."""
        rows = await self._database.read_by_key(_FIND_RESOURCE, client_id)
        return _resource_of(rows[0]) if rows else None

    async def identifiers(self) -> Sequence[str]:
        """Return the RFC 8707 identifiers of all resource servers."""
        return [row[0] for row in await self._database.read(_IDENTIFIERS)]

    async def page(self, *, after: ResourceId | None, limit: int) -> list[ResourceServer]:
        """Return up to `limit` resource servers in the order of their registration."""
        return [_resource_of(row) for row in await self._database.read(_RESOURCES, after or "", limit)]

    async def register(self, resource: ResourceServer, event: Event) -> bool:
        """Write a new resource server; False if the identifier is in use."""
        statement = Statement(
            _REGISTER_RESOURCE,
            (
                resource.id,
                resource.client_id,
                resource.name,
                resource.identifier,
                resource.digest,
                resource.created_micros,
            ),
        )
        return await self._database.write(events.changing, statement, event)


def _operator_of(row: Row) -> Operator:
    return Operator(OperatorId(row[0]), row[1], row[2], from_micros(row[3]), from_micros_or_none(row[4]))


def _resource_of(row: Row) -> ResourceServer:
    # The columns are the fields.
    return tuple.__new__(ResourceServer, row)
