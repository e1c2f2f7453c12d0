"""What the processes of a revocation run tell each other: a file in memory that all of them map.

Times are those of the monotonic clock, which is one for all processes of a machine.
"""

import mmap
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Self

CALLERS_MOST = 8
# What each caller counts: calls accepted, refused and broken; those accepted that began after the revocation returned;
# those refused that did. Its own place each, so that nobody waits.
ACCEPTED, REFUSED, BROKEN, WRONG, RIGHT = range(5)
_COUNTS = 5
_HEAD = 2


@dataclass(frozen=True)
class Board:
    """64-bit numbers: who is revoked next, whether to stop, what each caller counted, when each revocation returned."""

    numbers: memoryview

    @classmethod
    def open(cls, path: Path, connections: int = 0) -> Self:
        """Open the file; with a number of connections, make it first."""
        if connections:
            path.write_bytes(bytes(8 * (_HEAD + CALLERS_MOST * _COUNTS + connections)))
        with path.open("r+b") as file:
            return cls(memoryview(mmap.mmap(file.fileno(), 0)).cast("q"))

    @property
    def next(self) -> int:
        """The number of the connection that is revoked now, or next."""
        return self.numbers[0]

    @property
    def stopped(self) -> bool:
        """Whether the callers shall end."""
        return bool(self.numbers[1])

    def stop(self) -> None:
        """Let the callers end."""
        self.numbers[1] = 1

    def returned(self, connection: int) -> None:
        """Note that the revocation of this connection has returned, now."""
        self.numbers[self._time_of(connection)] = time.monotonic_ns()
        self.numbers[0] = connection + 1

    def revoked_at(self, connection: int) -> int:
        """Return when the revocation returned; 0 where it has not."""
        return self.numbers[self._time_of(connection)]

    def count(self, caller: int, what: int) -> None:
        """Count one more for this caller."""
        self.numbers[self._place(caller, what)] += 1

    def counted(self, what: int) -> int:
        """Return what all callers counted."""
        return sum(self.numbers[self._place(caller, what)] for caller in range(CALLERS_MOST))

    def counted_by(self, caller: int, what: int) -> int:
        """Return what one caller counted."""
        return self.numbers[self._place(caller, what)]

    @staticmethod
    def _place(caller: int, what: int) -> int:
        return _HEAD + caller * _COUNTS + what

    @staticmethod
    def _time_of(connection: int) -> int:
        return _HEAD + CALLERS_MOST * _COUNTS + connection


def settle(board: Board, caller: int, connection: int, began: int, *, accepted: bool) -> None:
    """Count one call, by when it began and whether its connection's revocation had returned by then."""
    revoked_at = board.revoked_at(connection)
    after = revoked_at != 0 and began > revoked_at
    board.count(caller, ACCEPTED if accepted else REFUSED)
    if after:
        board.count(caller, WRONG if accepted else RIGHT)
