"""Load on one URL of this machine for a few seconds: by `wrk` where it is installed, else by a loop of our own."""

import asyncio
import re
import shutil
import subprocess
import time
from dataclasses import dataclass
from statistics import quantiles
from urllib.parse import urlsplit

_RESULT = re.compile(r"50%\s+(\S+).*99%\s+(\S+).*Requests/sec:\s+(\S+)", re.DOTALL)
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
    return "wrk" if shutil.which("wrk") else "the bench's own loop"


def measure(url: str, bearer: str, *, seconds: int, connections: int) -> Load:
    """Call `url` on so many connections for so long, with a credential. Raises RefusedError."""
    if shutil.which("wrk"):
        return _by_wrk(url, bearer, seconds, connections)
    return asyncio.run(_by_loop(url, bearer, seconds, connections))


def _by_wrk(url: str, bearer: str, seconds: int, connections: int) -> Load:
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-H", f"Authorization: Bearer {bearer}"]
    text = subprocess.run([*command, url], capture_output=True, text=True, check=True, timeout=seconds + 30).stdout
    found = _RESULT.search(text)
    if found is None or "Non-2xx" in text or "Socket errors" in text:
        raise RefusedError(text)
    p50, p99, rate = found.groups()
    return Load(float(rate), _milliseconds(p50), _milliseconds(p99))


def _milliseconds(text: str) -> float:
    number = text.rstrip("umsh")
    return float(number) * _UNITS[text[len(number) :]]


async def _by_loop(url: str, bearer: str, seconds: int, connections: int) -> Load:
    taken: list[float] = []
    started = time.perf_counter()
    await asyncio.gather(*(_call_on(url, bearer, started + seconds, taken) for _ in range(connections)))
    lasted = time.perf_counter() - started
    parts = quantiles(taken, n=100)
    return Load(len(taken) / lasted, parts[49] * 1000, parts[98] * 1000)


async def _call_on(url: str, bearer: str, until: float, taken: list[float]) -> None:
    address = urlsplit(url)
    request = (
        f"GET {address.path} HTTP/1.1\r\nHost: {address.netloc}\r\nAuthorization: Bearer {bearer}\r\n\r\n".encode()
    )
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    try:
        while (started := time.perf_counter()) < until:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            if b" 200 " not in head.partition(b"\r\n")[0]:
                raise RefusedError(head.decode("latin-1"))
            length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
            await reader.readexactly(int(length[1]) if length else 0)
            taken.append(time.perf_counter() - started)
    finally:
        writer.close()
