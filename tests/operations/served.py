"""A real `consentry serve` in a process of its own, and what can be seen of its workers from outside."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import httpx

from live_server import reserved_port
from small_world import SMALL_CATALOG

PATIENCE_SECONDS = 30
SECRET = "0123456789abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Served:
    process: subprocess.Popen[str]
    url: str
    said: Path

    def workers(self) -> set[int]:
        """The processes that the supervisor started and that still run."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return {int(pid) for pid in children.read_text().split() if not is_zombie(int(pid))}

    def wait_for_workers(self, count: int, *, without: frozenset[int] = frozenset()) -> set[int]:
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until:
            found = self.workers()
            if len(found) == count and not found & without:
                return found
            time.sleep(0.02)
        raise AssertionError(self.said.read_text())

    def wait_until_it_said(self, words: str, times: int = 1) -> str:
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until:
            text = self.said.read_text()
            if text.count(words) >= times:
                return text
            time.sleep(0.02)
        raise AssertionError(self.said.read_text())

    def end(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(PATIENCE_SECONDS)


def environ_of(database_url: str, folder: Path) -> dict[str, str]:
    """Write a small catalog into the folder; return the settings of a server that uses it."""
    catalog = folder / "catalog.toml"
    catalog.write_text(SMALL_CATALOG, encoding="utf-8")
    return {
        "CONSENTRY_DATABASE_URL": database_url,
        "CONSENTRY_SECRET_KEY": SECRET,
        "CONSENTRY_CATALOG": str(catalog),
    }


@contextlib.contextmanager
def served(folder: Path, environ: Mapping[str, str], *, workers: int) -> Iterator[Served]:
    """Run the server in `folder`, return once it answers, and leave nothing of it behind."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("CONSENTRY_")}
    said = folder / "said.txt"
    with (
        reserved_port() as port,
        said.open("w") as errors,
        _process(clean | dict(environ), folder, port, workers, errors) as process,
    ):
        url = f"http://127.0.0.1:{port}"
        one = Served(process, url, said)
        try:
            _wait_for_answer(one)
            yield one
        finally:
            left = one.workers() if process.poll() is None else set()
            process.kill()
            process.wait()
            for pid in left:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)


def _process(
    environ: Mapping[str, str], folder: Path, port: int, workers: int, errors: IO[str]
) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "consentry", "serve", "--port", str(port), "--workers", str(workers)],
        cwd=folder,
        env=environ,
        stdout=subprocess.DEVNULL,
        stderr=errors,
        text=True,
    )


def _wait_for_answer(one: Served) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until and one.process.poll() is None:
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(f"{one.url}/readyz", trust_env=False, timeout=PATIENCE_SECONDS).is_success:
                return
        time.sleep(0.02)
    raise AssertionError(one.said.read_text())


def is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return False


def is_there(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists() and not is_zombie(pid)
