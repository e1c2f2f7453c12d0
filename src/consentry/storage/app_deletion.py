"""The end of an app: a tombstone at once, and its connections, of which there may be a million, in small batches."""

from collections.abc import Sequence
from dataclasses import replace

from consentry.model.event import Event
from consentry.model.ids import AppId
from consentry.model.service_member import service_user_id
from consentry.storage import app_secrets, events
from consentry.storage.database import Database, Operation, Row, Statement, to_micros

_DELETE = "UPDATE apps SET status = 'deleted', updated_at = $2 WHERE id = $1 AND status <> 'deleted' RETURNING id"
_COUNT_LIVE_CONNECTIONS = "SELECT count(*) FROM connections WHERE app_id = $1 AND ended_at IS NULL"

CONNECTIONS_AT_ONCE = 500

# An app may have a million: each batch is a transaction of its own, so that nobody waits for all of them.
_END_CONNECTIONS = """
UPDATE connections SET ended_at = $2, ended_by = 'app_deleted', updated_at = $2
WHERE ended_at IS NULL AND id IN (
    SELECT id FROM connections WHERE app_id = $1 AND id > $3 AND ended_at IS NULL ORDER BY id LIMIT $4
) RETURNING id
"""

# The member that an app is where it acts by itself (storage/service_members.py) stays for the audit.
_SUSPEND_SERVICE_MEMBER = "UPDATE members SET standing = 'suspended' WHERE organisation_id = $1 AND user_id = $2"


def deleting(app_id: AppId, event: Event, counted: int) -> Operation[str | None]:
    """Leave a tombstone, which every check reads, and end the first connections; None if it was deleted already.

    Return where the next batch begins, "" when all are ended. The event says how many there are: exactly so where one
    batch is all, and otherwise as many as were `counted` a moment before.
    """
    at = to_micros(event.at)
    rows = yield Statement(_DELETE, (app_id, at))
    if not rows:
        return None
    ended = yield ending_connections(app_id, at, "")
    yield Statement(_SUSPEND_SERVICE_MEMBER, (event.organisation_id, service_user_id(app_id)))
    yield app_secrets.retire_all(app_id, event.at)
    last = last_of_batch(ended)
    number = max(counted, len(ended)) if last else len(ended)
    yield events.append(replace(event, details={**event.details, "connections_ended": str(number)}))
    return last


def ending_connections(app_id: AppId, at: int, after: str) -> Statement:
    """Return what ends a batch of a deleted app's connections, those after the connection `after`.

    It is part of an operation; `at` is in microseconds.
    """
    return Statement(_END_CONNECTIONS, (app_id, at, after, CONNECTIONS_AT_ONCE))


def last_of_batch(ended: Sequence[Row]) -> str:
    """Return after which connection the next batch begins, "" where that was the last one."""
    return max(row[0] for row in ended) if len(ended) == CONNECTIONS_AT_ONCE else ""


def ending_batch(app_id: AppId, at: int, after: str) -> Operation[str]:
    """End a batch of a deleted app's connections; return where the next begins, "" when all are ended."""
    return last_of_batch((yield ending_connections(app_id, at, after)))


async def end_all_connections(database: Database, app_id: AppId, at: int, after: str) -> None:
    """End the connections of a deleted app after the connection `after`, in batches; `at` is in microseconds."""
    more = True
    while more:
        after = await database.write(ending_batch, app_id, at, after)
        more = after != ""


async def delete_app(database: Database, app_id: AppId, event: Event) -> bool:
    """Leave a tombstone and end secrets and connections; False if it was deleted already.

    Nothing of the app works from the first commit on. What is left of many connections, should the process end
    meanwhile, housekeeping ends.
    """
    ((counted,),) = await database.read(_COUNT_LIVE_CONNECTIONS, app_id)
    after = await database.write(deleting, app_id, event, counted)
    if after:
        await end_all_connections(database, app_id, to_micros(event.at), after)
    return after is not None
