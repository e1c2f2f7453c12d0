"""Looks after server processes that share listening sockets: replaces one that ends, and ends all together.

uvicorn's own supervisor gives up all workers when one cannot start, as when the database is away for a moment, and then
exits with 0; it also loads the application's command line once more in every worker. So this is ours: it loads nothing
of the application, and a worker is a fresh process that inherits the sockets.
"""

import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from logging import getLogger

from consentry.web.serving import GRACE_SECONDS

STEADY_SECONDS = 10.0
"""A worker that lived so long had started: the next one takes its place at once."""

LONGEST_PAUSE_SECONDS = 30.0

_MORE_SECONDS = 5.0
_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD)
_log = getLogger("consentry.workers")


@dataclass(slots=True)
class _Place:
    """A place for one worker: who is in it, since when, how many died young in a row, and when the next one is due."""

    process: subprocess.Popen[bytes] | None = None
    since: float = 0.0
    young_deaths: int = 0
    due: float = 0.0


@dataclass(slots=True)
class Supervisor:
    """Keeps `workers` processes serving on the sockets. One process has one supervisor, in its main thread."""

    listening: Sequence[socket.socket]
    workers: int
    _places: list[_Place] = field(default_factory=list)
    _alive: tuple[int, int] = (-1, -1)

    def run(self) -> int:
        """Serve until SIGTERM or SIGINT; return 0 once all have ended by themselves, 1 where one had to be killed.

        Ctrl-C while they end kills them at once.
        """
        self._places = [_Place() for _ in range(self.workers)]
        self._alive = os.pipe()
        with _signals() as told:
            try:
                while not told.to_end(self._fill()):
                    self._look()
                return self._end(told)
            finally:
                self._kill()

    def _fill(self) -> float | None:
        """Start the workers that are due; return the seconds until the next one is, None where all are there."""
        now = time.monotonic()
        empty = [place for place in self._places if place.process is None]
        for place in empty:
            if place.due <= now:
                self._start_in(place, now)
        waiting = [place.due - now for place in empty if place.process is None]
        return min(waiting, default=None)

    def _start_in(self, place: _Place, now: float) -> None:
        try:
            place.process, place.since = self._start(), now
        except OSError as fault:
            place.young_deaths += 1
            place.due = now + max(1.0, pause_after(place.young_deaths))
            _log.error("No worker can be started: %s.", fault.strerror)

    def _start(self) -> subprocess.Popen[bytes]:
        sockets = [one.fileno() for one in self.listening]
        alive = self._alive[0]
        # -P: what lies in the folder in which the server was started is not to be loaded. A group of its own: Ctrl-C
        # is for the supervisor, who tells each worker once.
        return subprocess.Popen(  # noqa: S603 - our own interpreter and module, and numbers
            [sys.executable, "-P", "-m", "consentry.web.worker", *map(str, (alive, *sockets))],
            stdin=subprocess.DEVNULL,
            pass_fds=(alive, *sockets),
            process_group=0,
        )

    def _look(self) -> None:
        """Empty the places of those who ended, and say when others come."""
        now = time.monotonic()
        for place in self._places:
            if place.process is None or place.process.poll() is None:
                continue
            ended, code = place.process.pid, place.process.returncode
            place.process = None
            place.young_deaths = 0 if now - place.since >= STEADY_SECONDS else place.young_deaths + 1
            pause = pause_after(place.young_deaths)
            place.due = now + pause
            after = "at once" if pause == 0 else f"in {pause:.0f} s"
            _log.warning("Worker %d ended by itself (%s). Another one starts %s.", ended, _how(code), after)

    def _end(self, told: "_Told") -> int:
        # From here on, callers are refused rather than left waiting for somebody who does not come.
        for one in self.listening:
            one.close()
        for process in self._running():
            process.terminate()
        deadline = time.monotonic() + GRACE_SECONDS + _MORE_SECONDS
        while self._running() and (left := deadline - time.monotonic()) > 0:
            if signal.SIGINT in told.hear(left):
                break
        late = self._running()
        for process in late:
            _log.error("Worker %d did not end in time and is killed.", process.pid)
        return 1 if late else 0

    def _running(self) -> list[subprocess.Popen[bytes]]:
        there = [place.process for place in self._places if place.process is not None]
        return [process for process in there if process.poll() is None]

    def _kill(self) -> None:
        for process in self._running():
            process.kill()
            process.wait()
        for end in self._alive:
            os.close(end)


def pause_after(young_deaths: int) -> float:
    """Return the seconds before the next worker, after so many in a row that died young."""
    return 0.0 if young_deaths <= 1 else min(LONGEST_PAUSE_SECONDS, 2.0 ** (young_deaths - 2))


def _how(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"


@dataclass(frozen=True, slots=True)
class _Told:
    """What signals say, read one after the other from a socket that the interpreter writes their numbers to."""

    numbers: socket.socket

    def to_end(self, seconds: float | None) -> bool:
        """Wait for signals, so long at most; tell whether one of them was to end."""
        told = self.hear(seconds)
        return signal.SIGTERM in told or signal.SIGINT in told

    def hear(self, seconds: float | None) -> bytes:
        """Wait for signals, so long at most; return their numbers."""
        ready, _, _ = select.select([self.numbers], [], [], seconds)
        return self.numbers.recv(4096) if ready else b""


@contextmanager
def _signals() -> Iterator[_Told]:
    reading, writing = socket.socketpair()
    with reading, writing:
        reading.settimeout(0)
        writing.settimeout(0)
        # A handler must be there for the number to be written; it need not do anything.
        before = {number: signal.signal(number, _hear) for number in _SIGNALS}
        old = signal.set_wakeup_fd(writing.fileno(), warn_on_full_buffer=False)
        try:
            yield _Told(reading)
        finally:
            signal.set_wakeup_fd(old)
            for number, handler in before.items():
                signal.signal(number, handler)


def _hear(_number: int, _frame: object) -> None:
    """Do nothing: the number stands in the socket."""
