"""Slowing down whoever fails again and again, or asks again and again for what is kept."""

import asyncio
import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from consentry.model.event import Event
from consentry.model.throttling import ThrottlePolicy
from consentry.ports.sign_in import ThrottleStore


class TooManyRequestsError(Exception):
    """Too many requests were made lately; `retry_after` is in seconds. The message is a sentence for a developer."""

    def __init__(self, what: str, wait: timedelta) -> None:
        self.retry_after = math.ceil(wait.total_seconds())
        super().__init__(f"Too many {what} lately. Try again in {self.retry_after} seconds.")


@dataclass(frozen=True, slots=True)
class Throttle:
    """Counts failures under keys of the caller's choice, and says how long the next try must wait.

    A key should hold nothing secret; it is stored. A success writes nothing unless a failure was remembered.
    """

    store: ThrottleStore
    policy: ThrottlePolicy

    async def check(self, key: str, now: datetime) -> timedelta | None:
        """Return how long the next try must still wait, or None if it may be made."""
        failures = await self.store.find_failures(key)
        if failures is None or now >= failures.blocked_until:
            return None
        return failures.blocked_until - now

    async def record_failure(self, key: str, now: datetime, *, event: Event | None = None) -> None:
        """Count a failure; `event`, where given, is written with it."""
        await self.store.record_failure(key, self.policy, now=now, event=event)

    async def count_failure(self, key: str, now: datetime) -> timedelta | None:
        """Count a failure that nothing led to, or return how long it came too early; then it is not counted."""
        # Read first: whoever goes on while blocked has nothing written.
        wait = await self.check(key, now)
        if wait is not None:
            return wait
        until = await self.store.count(key, self.policy, now=now)
        return None if until is None else until - now

    async def forgive(self, key: str) -> None:
        """Forget the failures under `key`, after a success."""
        if await self.store.find_failures(key) is not None:
            await self.store.forgive(key)


@dataclass(frozen=True, slots=True)
class Gates:
    """Several throttles that stand before one door, each with its key. The first is that of the narrowest circle."""

    pairs: tuple[tuple[Throttle, str], ...]

    @property
    def narrowest(self) -> str:
        """The key of the first."""
        return self.pairs[0][1]

    async def find_wait(self, now: datetime) -> timedelta | None:
        """Return the longest time that the next try must still wait, or None if it may be made."""
        waits = [await throttle.check(key, now) for throttle, key in self.pairs]
        return max((wait for wait in waits if wait is not None), default=None)

    async def count(self, now: datetime) -> timedelta | None:
        """Count a try at each of them, or return how long it came too early; then none counts it that was blocked."""
        wait = await self.find_wait(now)
        if wait is not None:
            return wait
        waits = await asyncio.gather(*(throttle.count_failure(key, now) for throttle, key in self.pairs))
        return max((wait for wait in waits if wait is not None), default=None)

    async def record_failure(self, now: datetime, event: Event) -> None:
        """Count a failure at each of them; the event is written once."""
        # All at once, so that they share one commit; the event rides with the first.
        await asyncio.gather(
            *(
                throttle.record_failure(key, now, event=event if index == 0 else None)
                for index, (throttle, key) in enumerate(self.pairs)
            )
        )

    async def forgive(self) -> None:
        """Forget the failures of the narrowest circle, after a success; the others remember."""
        throttle, key = self.pairs[0]
        await throttle.forgive(key)
