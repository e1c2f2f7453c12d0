"""Which apps a session signed in to, and the queue of those that are told of its end."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from consentry.model.ids import AppId, ClientId, SessionId, UserId
from consentry.model.logout_delivery import LogoutDelivery
from consentry.oauth.client_metadata import ClientMetadata
from consentry.storage.database import Database, Operation, Row, Statement, Value, from_micros, to_micros

# Held until the end of the transaction, so that whoever ends the session finds the app among those to be told.
_TAKE_SESSION = "SELECT id FROM sessions WHERE id = $1 AND ended_at IS NULL FOR SHARE"

_NOTE = """
INSERT INTO session_apps (session_id, app_id, user_id, created_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (session_id, app_id) DO NOTHING
"""

_ENQUEUE = """
INSERT INTO logout_deliveries (id, app_id, uri, subject, session_id, attempts, created_at, next_at)
VALUES ($1, $2, $3, $4, $5, 0, $6, $6)
"""


@dataclass(frozen=True, slots=True)
class _Telling:
    """What is done about the apps of sessions that end: one of them, or all of a user's."""

    apps: str
    forget_apps: str
    end_families: str


def _telling_of(sessions: str) -> _Telling:
    """Return the statements for `sessions`, a condition on a session's ID."""
    return _Telling(
        f"""
        SELECT s.session_id, s.app_id, s.user_id, a.metadata FROM session_apps s JOIN apps a ON a.id = s.app_id
        WHERE s.session_id {sessions} AND a.status = 'active'
        """,  # noqa: S608 - composed of constants only
        f"DELETE FROM session_apps WHERE session_id {sessions}",  # noqa: S608 - as above
        # Back-Channel Logout §2.7: what was given for as long as the person is signed in ends with that.
        f"""
        UPDATE token_families SET ended_at = $2
        WHERE session_id {sessions} AND ended_at IS NULL
          AND ' ' || scope || ' ' LIKE '% openid %' AND ' ' || scope || ' ' NOT LIKE '% offline_access %'
        """,  # noqa: S608 - as above
    )


_OF_ONE = _telling_of("= $1")
_OF_LIVE = _telling_of("IN (SELECT id FROM sessions WHERE user_id = $1 AND ended_at IS NULL)")
_OF_ENDED = _telling_of("IN (SELECT id FROM sessions WHERE user_id = $1 AND ended_at = $2)")

_DUE = """
SELECT d.id, d.app_id, a.client_id, d.uri, d.subject, d.session_id, d.attempts, d.next_at
FROM logout_deliveries d JOIN apps a ON a.id = d.app_id
WHERE d.done_at IS NULL AND d.next_at <= $1 ORDER BY d.next_at LIMIT $2
"""

# One statement with one winner: a second server finds the attempt counted.
_CLAIM = """
UPDATE logout_deliveries SET attempts = attempts + 1, next_at = $3
WHERE id = $1 AND attempts = $2 AND done_at IS NULL RETURNING id
"""
_FINISH = "UPDATE logout_deliveries SET done_at = $2, next_at = NULL, outcome = $3 WHERE id = $1 AND done_at IS NULL"


def telling_of_end(session_id: SessionId, at: int) -> Operation[None]:
    """Put the apps of a session that ends into the queue, and end what was given for its time; part of an operation.

    `at` is in microseconds.
    """
    yield from _telling(_OF_ONE, (session_id,), at)


def telling_of_ends(user_id: UserId, at: int, *, ended: bool) -> Operation[None]:
    """Do the same for all sessions of a user, in as many statements as for one beside those that tell an app.

    They are those that ended at that very moment, in this operation; or, where none has ended, all that live.
    """
    if ended:
        yield from _telling(_OF_ENDED, (user_id, at), at)
    else:
        yield from _telling(_OF_LIVE, (user_id,), at)


def _telling(sql: _Telling, sessions: tuple[Value, ...], at: int) -> Operation[None]:
    for session_id, app_id, user_id, metadata in (yield Statement(sql.apps, sessions)):
        uri = ClientMetadata.from_json(metadata).backchannel_logout_uri
        if uri is not None:
            # The moment is part of the identifier: a session that is resumed may end once more.
            yield Statement(_ENQUEUE, (f"{session_id}.{app_id}.{at}", app_id, uri, user_id, session_id, at))
    yield Statement(sql.forget_apps, sessions)
    yield Statement(sql.end_families, (sessions[0], at))


def _noting(session_id: SessionId, app_id: AppId, user_id: UserId, now: datetime) -> Operation[bool]:
    if not (yield Statement(_TAKE_SESSION, (session_id,))):
        return False
    yield noting_app(session_id, app_id, user_id, now)
    return True


def noting_app(session_id: SessionId, app_id: AppId, user_id: UserId, now: datetime) -> Statement:
    """Return what remembers that the app signed in under a session; part of an operation that holds the session."""
    return Statement(_NOTE, (session_id, app_id, user_id, to_micros(now)))


class SqlLogoutStore:
    """The `SessionAppStore` and the `LogoutDeliveryStore` of the ports over either engine."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def note(self, session_id: SessionId, app_id: AppId, user_id: UserId, *, now: datetime) -> bool:
        """Remember that the app signed in under the session; False, and nothing is written, if that has ended."""
        return await self._database.write(_noting, session_id, app_id, user_id, now)

    async def due(self, *, now: datetime, limit: int) -> Sequence[LogoutDelivery]:
        """Return up to `limit` deliveries that are due, those first that have been due for longest."""
        return [_delivery(row) for row in await self._database.read(_DUE, to_micros(now), limit)]

    async def claim(self, delivery: LogoutDelivery, *, next_at: datetime) -> bool:
        """Count an attempt and put off the next; False if another server has begun one meanwhile."""

        def operation() -> Operation[bool]:
            return bool((yield Statement(_CLAIM, (delivery.id, delivery.attempts, to_micros(next_at)))))

        return await self._database.write(operation)

    async def finish(self, delivery: LogoutDelivery, outcome: str, *, now: datetime) -> None:
        """Take the delivery out of the queue; `outcome` says how it ended."""

        def operation() -> Operation[None]:
            yield Statement(_FINISH, (delivery.id, to_micros(now), outcome))

        await self._database.write(operation)


def _delivery(row: Row) -> LogoutDelivery:
    return LogoutDelivery(
        row[0],
        AppId(row[1]),
        ClientId(row[2]),
        row[3],
        UserId(row[4]),
        SessionId(row[5]),
        row[6],
        from_micros(row[7]),
    )
