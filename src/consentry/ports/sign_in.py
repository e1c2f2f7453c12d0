"""What signing in needs of the world: sessions, a memory for failures, and slow hashes for passwords."""

from datetime import datetime
from typing import Protocol

from consentry.model.event import Event
from consentry.model.ids import SessionId
from consentry.model.secret import Secret
from consentry.model.session import LiveSession, Session
from consentry.model.throttling import Failures, ThrottlePolicy


class SessionStore(Protocol):
    """Keeps sessions of people in browsers."""

    async def find_session(self, session_id: SessionId) -> LiveSession | None:
        """Return the session with its user as both stand now, or None."""
        ...

    async def open_session(self, session: Session, *, replacing: SessionId | None, event: Event) -> SessionId | None:
        """Write a session; return its identifier, or None if the user may not act (any more).

        A session of the same user that it replaces goes on, under the new credential; another user's ends.
        """
        ...

    async def see(self, session_id: SessionId, *, seen_at: datetime, expires_at: datetime) -> None:
        """Put off the end of a session that lives."""
        ...

    async def end_session(self, session_id: SessionId, event: Event) -> bool:
        """End the session at the event's time, and see to it that its apps are told; False if it had ended."""
        ...


class ThrottleStore(Protocol):
    """Remembers failures."""

    async def find_failures(self, key: str) -> Failures | None:
        """Return what is remembered under `key`, or None."""
        ...

    async def record_failure(self, key: str, policy: ThrottlePolicy, *, now: datetime, event: Event | None) -> None:
        """Count one more failure and block the key for as long as the policy says, in one transaction.

        Failures that the policy has forgotten by now do not count. `event`, where given, is appended too.
        """
        ...

    async def count(self, key: str, policy: ThrottlePolicy, *, now: datetime) -> datetime | None:
        """Count one more try, or return until when the key is blocked; then it is not counted.

        Of many tries at one moment no more are counted than one after the other would be.
        """
        ...

    async def forgive(self, key: str) -> None:
        """Forget what is remembered under `key`."""
        ...


class Passwords(Protocol):
    """Hashes passwords slowly, away from the event loop."""

    async def hash(self, password: Secret) -> str:
        """Return the hash of a new password."""
        ...

    async def verify(self, stored: str | None, given: Secret) -> bool:
        """Tell whether `given` is the password of the hash `stored`.

        With no hash it does the same work and answers False, so that the time does not tell who has an account.
        """
        ...
