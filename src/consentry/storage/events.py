"""Audit events: appended in the same transaction as the change that they tell of."""

import asyncio
from collections.abc import Mapping
from typing import Any

from consentry.model.event import Actor, Event, EventKind
from consentry.model.ids import API_KEY, APP, OPERATOR, ORGANISATION, RESOURCE, USER, EventId, OrganisationId
from consentry.storage.database import Database, KeyedRead, Operation, Row, Statement, from_micros, to_micros

_INSERT = """
INSERT INTO events (id, at, kind, organisation_id, user_id, operator_id, through, subject, details)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""

_PAGE = """
SELECT id, at, kind, organisation_id, user_id, operator_id, through, subject, details
FROM events WHERE organisation_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3
"""

_NAME_OF = {
    prefix: KeyedRead(f"SELECT id, name FROM {table} WHERE id {{key}}")  # noqa: S608 - constants
    for prefix, table in (
        (USER, "users"),
        (OPERATOR, "operators"),
        (APP, "apps"),
        (API_KEY, "api_keys"),
        (ORGANISATION, "organisations"),
        (RESOURCE, "resources"),
    )
}

# Sorts after every identifier, so that the first page needs no statement of its own.
LAST = "~"


def append(event: Event) -> Statement:
    """Return the statement that appends `event`, to be yielded inside the operation that makes the change."""
    # Loaded here, because a guard in a product's process writes no event.
    import orjson  # noqa: PLC0415 - see above

    return Statement(
        _INSERT,
        (
            event.id,
            to_micros(event.at),
            event.kind,
            event.organisation_id,
            event.actor.user_id,
            event.actor.operator_id,
            event.actor.through,
            event.subject,
            orjson.dumps(event.details).decode(),
        ),
    )


def changing(change: Statement, event: Event) -> Operation[bool]:
    """Make a change that returns the rows that it changed, and append the event if there are any; tell whether."""
    if not (yield change):
        return False
    yield append(event)
    return True


def appending(event: Event) -> Operation[None]:
    """Append an event that tells of no other change (a refused sign-in)."""
    yield append(event)


class EventStore:
    """Reads the audit of an organisation, newest first."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def append(self, event: Event) -> None:
        """Append one event."""
        await self._database.write(appending, event)

    async def page(self, organisation_id: OrganisationId, *, before: EventId | None, limit: int) -> list[Event]:
        """Return up to `limit` events of the organisation that came before `before`, newest first."""
        rows = await self._database.read(_PAGE, organisation_id, before or LAST, limit)
        return [_event(row) for row in rows]

    async def names_of(self, identifiers: frozenset[str]) -> Mapping[str, str]:
        """Return the names of those of these users, operators, apps, keys and organisations that have one."""
        # Asked for in one turn: PostgreSQL is sent one statement for each kind.
        asked = [
            self._database.read_by_key(read, one)
            for prefix, read in _NAME_OF.items()
            for one in sorted(identifiers)
            if one.startswith(prefix)
        ]
        return {row[0]: row[1] for rows in await asyncio.gather(*asked) for row in rows}


def _event(row: Row) -> Event:
    import orjson  # noqa: PLC0415 - see above

    details: dict[str, Any] = orjson.loads(row[8])
    return Event(
        EventId(row[0]),
        from_micros(row[1]),
        EventKind(row[2]),
        None if row[3] is None else OrganisationId(row[3]),
        Actor(row[4], row[5], row[6]),
        row[7],
        details,
    )
