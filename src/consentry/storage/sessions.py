"""Sessions of people in browsers."""

from datetime import datetime

from consentry.model.event import Event
from consentry.model.ids import SessionId, UserId
from consentry.model.session import DeviceSession, LiveSession, Session
from consentry.storage import events
from consentry.storage.database import (
    Database,
    Operation,
    Statement,
    Value,
    from_micros,
    from_micros_or_none,
    to_micros,
)
from consentry.storage.logout import noting_app, telling_of_end
from consentry.storage.users import user_of

_FIND = """
SELECT s.id, s.digest, s.user_id, s.authenticated_at, s.seen_at, s.expires_at, s.ended_at,
       u.id, u.email, u.name, u.standing, u.created_at
FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.id = $1
"""
_SESSION_WIDTH = 7

# From a SELECT, so that a user who was suspended while the password was hashed gets no session.
_OPEN = """
INSERT INTO sessions (id, digest, user_id, authenticated_at, seen_at, expires_at)
SELECT $1, $2, id, $4, $5, $6 FROM users WHERE id = $3 AND standing = 'active' RETURNING id
"""
# The same person again: the session goes on under a new credential, so that apps which know it need not be told.
_RENEW = """
UPDATE sessions SET digest = $2, authenticated_at = $4, seen_at = $5, expires_at = $6
WHERE id = $1 AND user_id = $3 AND ended_at IS NULL
  AND EXISTS (SELECT 1 FROM users WHERE id = $3 AND standing = 'active')
RETURNING id
"""
# One that is opened in the same transaction as what its device gets, which was approved: whether the user may act at
# this moment is looked at whenever the device calls.
_OPEN_OF_DEVICE = """
INSERT INTO sessions (id, digest, user_id, authenticated_at, seen_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)
"""
_END = "UPDATE sessions SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL RETURNING id"
_SEE = """
UPDATE sessions SET seen_at = $2, expires_at = $3 WHERE id = $1 AND ended_at IS NULL AND seen_at < $2
"""


def _opening(session: Session, replacing: SessionId | None, event: Event) -> Operation[SessionId | None]:
    values = _values_of(session)
    opened = session.id
    if replacing is not None and (yield Statement(_RENEW, (replacing, *values))):
        opened = replacing
    elif not (yield Statement(_OPEN, (session.id, *values))):
        return None
    elif replacing is not None:
        yield from _ending(replacing, event)
    yield events.append(event)
    return opened


def opening_device_session(opened: DeviceSession) -> Operation[None]:
    """Store the session of a device, in the transaction in which the device gets its tokens."""
    session = opened.session
    yield Statement(_OPEN_OF_DEVICE, (session.id, *_values_of(session)))
    if opened.told_app is not None:
        yield noting_app(session.id, opened.told_app, session.user_id, session.seen_at)


def _values_of(session: Session) -> tuple[Value, ...]:
    return (
        session.digest,
        session.user_id,
        to_micros(session.authenticated_at),
        to_micros(session.seen_at),
        to_micros(session.expires_at),
    )


def _ending(session_id: SessionId, event: Event) -> Operation[bool]:
    at = to_micros(event.at)
    if not (yield Statement(_END, (session_id, at))):
        return False
    yield from telling_of_end(session_id, at)
    return True


def _signing_out(session_id: SessionId, event: Event) -> Operation[bool]:
    if not (yield from _ending(session_id, event)):
        return False
    yield events.append(event)
    return True


def _seeing(session_id: SessionId, seen_at: datetime, expires_at: datetime) -> Operation[None]:
    yield Statement(_SEE, (session_id, to_micros(seen_at), to_micros(expires_at)))


class SqlSessionStore:
    """Keeps sessions in the database; the `SessionStore` of the ports."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find_session(self, session_id: SessionId) -> LiveSession | None:
        """Return the session with its user as both stand now, or None."""
        rows = await self._database.read(_FIND, session_id)
        if not rows:
            return None
        row = rows[0]
        session = Session(
            SessionId(row[0]),
            row[1],
            UserId(row[2]),
            from_micros(row[3]),
            from_micros(row[4]),
            from_micros(row[5]),
            from_micros_or_none(row[6]),
        )
        return LiveSession(session, user_of(row[_SESSION_WIDTH:]))

    async def open_session(self, session: Session, *, replacing: SessionId | None, event: Event) -> SessionId | None:
        """Write a new session, or put its credential into the one that it replaces; None if the user may not act."""
        return await self._database.write(_opening, session, replacing, event)

    async def see(self, session_id: SessionId, *, seen_at: datetime, expires_at: datetime) -> None:
        """Put off the end of a session that lives."""
        await self._database.write(_seeing, session_id, seen_at, expires_at)

    async def end_session(self, session_id: SessionId, event: Event) -> bool:
        """End the session at the event's time, and see to it that its apps are told; False if it had ended."""
        return await self._database.write(_signing_out, session_id, event)
