"""Load on one URL of this machine for a few seconds: by `wrk` where it is installed, else by a loop of our own.

Where the machine has two cores the load stays on one that no server is given: see cores.py.
"""

import asyncio
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from statistics import quantiles
from urllib.parse import urlsplit

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE / "peers")]

from cores import LOAD, on_core

SCRIPT = HERE / "bearers.lua"
_RESULT = re.compile(r"\n +50%\s+(\S+).*\n +99%\s+(\S+).*Requests/sec:\s+(\S+)", re.DOTALL)
_UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60000.0}


class RefusedError(Exception):
    """The server gave another answer than 200: what was measured is not what was meant."""


@dataclass(frozen=True)
class Load:
    """What one round gave. Latencies are in milliseconds."""

    requests_per_second: float
    p50: float
    p99: float


def loader() -> str:
    """Say what makes the load."""
    return "wrk with one thread" if shutil.which("wrk") else "the bench's own loop"


def measure(url: str, bearers: Sequence[str], *, seconds: int, connections: int) -> Load:
    """Call `url` on so many connections for so long, each time with another credential. Raises RefusedError."""
    if shutil.which("wrk"):
        return _by_wrk(url, bearers, seconds, connections)
    return asyncio.run(_by_loop(url, bearers, seconds, connections))


def _by_wrk(url: str, bearers: Sequence[str], seconds: int, connections: int) -> Load:
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write("".join(f"{bearer}\n" for bearer in bearers))
        file.flush()
        wrk = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", str(SCRIPT), url, "--", file.name]
        ran = subprocess.run(on_core(LOAD, wrk), capture_output=True, text=True, check=True, timeout=seconds + 30)
    found = _RESULT.search(ran.stdout)
    if found is None or "Non-2xx" in ran.stdout or "Socket errors" in ran.stdout:
        raise RefusedError(ran.stdout)
    p50, p99, rate = found.groups()
    return Load(float(rate), _milliseconds(p50), _milliseconds(p99))


def _milliseconds(text: str) -> float:
    number = text.rstrip("umsh")
    return float(number) * _UNITS[text[len(number) :]]


async def _by_loop(url: str, bearers: Sequence[str], seconds: int, connections: int) -> Load:
    taken: list[float] = []
    turns = cycle(bearers)
    started = time.perf_counter()
    await asyncio.gather(*(_call_on(url, turns, started + seconds, taken) for _ in range(connections)))
    lasted = time.perf_counter() - started
    parts = quantiles(taken, n=100)
    return Load(len(taken) / lasted, parts[49] * 1000, parts[98] * 1000)


async def _call_on(url: str, bearers: "cycle[str]", until: float, taken: list[float]) -> None:
    address = urlsplit(url)
    head = f"GET {address.path} HTTP/1.1\r\nHost: {address.netloc}\r\nAuthorization: Bearer "
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    try:
        while (started := time.perf_counter()) < until:
            writer.write(f"{head}{next(bearers)}\r\n\r\n".encode())
            answer = await reader.readuntil(b"\r\n\r\n")
            if b" 200 " not in answer.partition(b"\r\n")[0]:
                raise RefusedError(answer.decode("latin-1"))
            length = re.search(rb"content-length: (\d+)", answer, re.IGNORECASE)
            await reader.readexactly(int(length[1]) if length else 0)
            taken.append(time.perf_counter() - started)
    finally:
        writer.close()
