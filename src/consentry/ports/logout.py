"""Which apps a session signed in to, and the queue of those that must be told of its end."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from consentry.model.ids import AppId, SessionId, UserId
from consentry.model.logout_delivery import LogoutDelivery


class SessionAppStore(Protocol):
    """Remembers which apps a session signed in to. Whoever ends a session puts them into the queue as it ends."""

    async def note(self, session_id: SessionId, app_id: AppId, user_id: UserId, *, now: datetime) -> bool:
        """Remember that the app signed in under the session; False, and nothing is written, if that has ended."""
        ...


class LogoutDeliveryStore(Protocol):
    """The queue of the apps that must be told. Any number of servers may work on it."""

    async def due(self, *, now: datetime, limit: int) -> Sequence[LogoutDelivery]:
        """Return up to `limit` deliveries that are due, those first that have been due for longest."""
        ...

    async def claim(self, delivery: LogoutDelivery, *, next_at: datetime) -> bool:
        """Begin an attempt: it is counted, and the next is due at `next_at` unless this one is finished.

        False if another server has begun one since `delivery` was read: of several that try, one wins.
        """
        ...

    async def finish(self, delivery: LogoutDelivery, outcome: str, *, now: datetime) -> None:
        """Take the delivery out of the queue; `outcome` says how it ended."""
        ...
