"""Telling apps that a session has ended: what is to be delivered, and how long it is tried."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from consentry.model.ids import AppId, ClientId, SessionId, UserId

DELAYS = (
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(minutes=30),
    timedelta(hours=1),
    timedelta(hours=2),
    timedelta(hours=4),
    timedelta(hours=8),
)
"""How long after each attempt the next one is made: less than a day in all. Each is far longer than an attempt."""


@dataclass(frozen=True, slots=True)
class LogoutDelivery:
    """One app that must be told that one session has ended. `attempts` are those that were begun."""

    id: str
    app_id: AppId
    client_id: ClientId
    uri: str
    user_id: UserId
    session_id: SessionId
    attempts: int
    next_at: datetime

    def next_attempt_at(self, now: datetime) -> datetime | None:
        """Return when it is tried again if the attempt that begins now fails; None where this is the last one."""
        return now + DELAYS[self.attempts] if self.attempts < len(DELAYS) else None
