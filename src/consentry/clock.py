"""The system's clock: the only place that asks what time it is."""

from datetime import UTC, datetime
from time import time_ns


class SystemClock:
    """The present, in UTC."""

    def now(self) -> datetime:
        """Return the present as an aware UTC datetime."""
        return datetime.now(UTC)

    def micros(self) -> int:
        """Return the present in microseconds since the epoch."""
        return time_ns() // 1000
