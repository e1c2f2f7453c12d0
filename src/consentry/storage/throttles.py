"""Failures remembered, so that the next try can be slowed down. Only a failure writes."""

from datetime import datetime

from consentry.model.event import Event
from consentry.model.throttling import Failures, ThrottlePolicy
from consentry.storage import events
from consentry.storage.database import Database, Operation, Statement, from_micros, to_micros

_FIND = "SELECT failures, last_at, blocked_until FROM throttles WHERE key = $1"
_COUNT = """
INSERT INTO throttles (key, failures, last_at, blocked_until) VALUES ($1, 1, $2, $2)
ON CONFLICT (key) DO UPDATE SET
    failures = CASE WHEN throttles.last_at < $3 THEN 1 ELSE throttles.failures + 1 END, last_at = $2
RETURNING failures
"""
# Of tries at one moment, each meets the block that the one before it left.
_COUNT_IN_TURN = """
INSERT INTO throttles (key, failures, last_at, blocked_until) VALUES ($1, 1, $2, $2)
ON CONFLICT (key) DO UPDATE SET
    failures = CASE WHEN throttles.last_at < $3 THEN 1 ELSE throttles.failures + 1 END, last_at = $2
WHERE throttles.blocked_until <= $2
RETURNING failures
"""
_BLOCK = "UPDATE throttles SET blocked_until = $2 WHERE key = $1"
_FORGIVE = "DELETE FROM throttles WHERE key = $1"


def _recording(key: str, policy: ThrottlePolicy, now: datetime, event: Event | None) -> Operation[None]:
    """Count in the statement itself, so that failures at one moment all count."""
    rows = yield Statement(_COUNT, (key, to_micros(now), to_micros(now - policy.memory)))
    yield Statement(_BLOCK, (key, to_micros(now + policy.delay_after(rows[0][0]))))
    if event is not None:
        yield events.append(event)


def _counting_in_turn(key: str, policy: ThrottlePolicy, now: datetime) -> Operation[datetime | None]:
    rows = yield Statement(_COUNT_IN_TURN, (key, to_micros(now), to_micros(now - policy.memory)))
    if not rows:
        for row in (yield Statement(_FIND, (key,))):
            return from_micros(row[2])
        return None
    yield Statement(_BLOCK, (key, to_micros(now + policy.delay_after(rows[0][0]))))
    return None


def _forgiving(key: str) -> Operation[None]:
    yield Statement(_FORGIVE, (key,))


class SqlThrottleStore:
    """Keeps failures in the database; the `ThrottleStore` of the ports."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find_failures(self, key: str) -> Failures | None:
        """Return what is remembered under `key`, or None."""
        rows = await self._database.read(_FIND, key)
        return Failures(rows[0][0], from_micros(rows[0][1]), from_micros(rows[0][2])) if rows else None

    async def record_failure(self, key: str, policy: ThrottlePolicy, *, now: datetime, event: Event | None) -> None:
        """Count one more failure and block the key for as long as the policy says."""
        await self._database.write(_recording, key, policy, now, event)

    async def count(self, key: str, policy: ThrottlePolicy, *, now: datetime) -> datetime | None:
        """Count one more try, or return until when the key is blocked; then it is not counted."""
        return await self._database.write(_counting_in_turn, key, policy, now)

    async def forgive(self, key: str) -> None:
        """Forget what is remembered under `key`."""
        await self._database.write(_forgiving, key)
