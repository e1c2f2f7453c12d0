"""Server processes as a benchmark sees them: started, timed to their first answer, weighed, and ended.

Anybody's server is treated alike: what counts is the time from the exec of its command to the whole first answer, and
what the kernel says of the memory of the process and of those that it started.
"""

import contextlib
import http.client
import os
import re
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

LONGEST_START = 60.0
LONGEST_STOP = 20.0
PAUSE = 0.001
_ROLLUP = re.compile(r"^(Rss|Pss|Private_Dirty):\s+(\d+) kB", re.MULTILINE)


@dataclass(frozen=True)
class Request:
    """What is sent first. A body makes it a POST unless `method` says otherwise."""

    url: str
    body: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    method: str = ""


@dataclass(frozen=True)
class Memory:
    """What processes hold, in MiB. `pss` shares out the pages that several of them map.

    `own` are the pages that they have written. Those of mapped files do not count: programs and libraries, and an
    SQLite file, are the system's cache, which it may drop.
    """

    rss: float
    pss: float
    own: float


@dataclass(frozen=True)
class Started:
    """A server that answered, `seconds` after the exec."""

    process: subprocess.Popen[bytes]
    seconds: float


class NotStartedError(Exception):
    """The server ended, or gave no answer in a minute; the text ends with what it wrote to standard error."""


def free_port() -> int:
    """Return a port of the loopback interface on which nobody listens."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port


def first_answer(
    command: Sequence[str],
    url: str | Request,
    *,
    cwd: Path | None = None,
    environ: Mapping[str, str] | None = None,
    status: int = 200,
) -> float:
    """Start the server, return the seconds from exec to its first whole answer with this status, and end it.

    Raises NotStartedError.
    """
    with running(command, url, cwd=cwd, environ=environ, status=status) as started:
        return started.seconds


def median_first_answer(
    command: Sequence[str],
    url: str | Request,
    *,
    rounds: int = 9,
    cwd: Path | None = None,
    environ: Mapping[str, str] | None = None,
) -> float:
    """Return the median of several starts, after one that is not counted: it fills the machine's file cache."""
    first_answer(command, url, cwd=cwd, environ=environ)
    return median(first_answer(command, url, cwd=cwd, environ=environ) for _ in range(rounds))


@contextlib.contextmanager
def running(
    command: Sequence[str],
    url: str | Request,
    *,
    cwd: Path | None = None,
    environ: Mapping[str, str] | None = None,
    status: int = 200,
) -> Iterator[Started]:
    """Start the server in a session of its own, wait for its first answer, and end it with all that it started.

    `environ` is added to ours. Raises NotStartedError.
    """
    request = Request(url) if isinstance(url, str) else url
    with tempfile.TemporaryFile() as errors:
        begun = time.perf_counter()
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env={**os.environ, **(environ or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            start_new_session=True,
        )
        try:
            while _status_of(request) != status:
                if process.poll() is not None or time.perf_counter() - begun > LONGEST_START:
                    errors.seek(0)
                    raise NotStartedError(f"{' '.join(command)}: {errors.read()[-2000:].decode(errors='replace')}")
                time.sleep(PAUSE)
            yield Started(process, time.perf_counter() - begun)
        finally:
            _end(process)


def memory_of(pid: int) -> Memory:
    """Return what the process and all its descendants hold together."""
    found = [_memory_of_one(one) for one in (pid, *descendants(pid))]
    return Memory(*(sum(getattr(one, kind) for one in found) for kind in ("rss", "pss", "own")))


def descendants(pid: int) -> list[int]:
    """Return the processes that `pid` started, and those that they started."""
    found: list[int] = []
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            found += [int(child) for child in (task / "children").read_text().split()]
    return [one for child in found for one in (child, *descendants(child))]


def _memory_of_one(pid: int) -> Memory:
    kinds = {"Rss": 0, "Pss": 0, "Private_Dirty": 0}
    with contextlib.suppress(OSError):  # it ended between being listed and being read
        for kind, size in _ROLLUP.findall(Path(f"/proc/{pid}/smaps_rollup").read_text()):
            kinds[kind] = int(size)
    return Memory(*(size / 1024 for size in kinds.values()))


def _status_of(request: Request) -> int | None:
    """Ask once; None where nobody answers yet."""
    parts = urlsplit(request.url)
    connection = http.client.HTTPConnection(parts.hostname or "127.0.0.1", parts.port or 80, timeout=LONGEST_START)
    method = request.method or ("GET" if request.body is None else "POST")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request(method, target, request.body, {**request.headers, "Connection": "close"})
        answer = connection.getresponse()
        answer.read()
    except (OSError, http.client.HTTPException):
        return None
    else:
        return answer.status
    finally:
        connection.close()


def _end(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(LONGEST_STOP)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
