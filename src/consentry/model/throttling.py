"""How failures slow the next try down: a few are free, then the delay doubles up to a limit; never for good."""

from dataclasses import dataclass
from datetime import datetime, timedelta

# Beyond it every delay is at its limit; without it the number itself would grow without one.
_DOUBLINGS_MOST = 30


@dataclass(frozen=True, slots=True)
class Failures:
    """What is remembered of one key."""

    count: int
    last_at: datetime
    blocked_until: datetime


@dataclass(frozen=True, slots=True)
class ThrottlePolicy:
    """`free` failures cost nothing; the next blocks for `first_delay`, each further one for twice as long.

    No block is longer than `longest_delay`. `memory` after the last failure all is forgotten.
    """

    free: int
    first_delay: timedelta = timedelta(seconds=1)
    longest_delay: timedelta = timedelta(minutes=15)
    memory: timedelta = timedelta(hours=1)

    def delay_after(self, failures: int) -> timedelta:
        """Return how long the failure that makes it `failures` blocks the next try."""
        if failures <= self.free:
            return timedelta(0)
        doublings = min(failures - self.free - 1, _DOUBLINGS_MOST)
        return min(self.first_delay * (1 << doublings), self.longest_delay)
