"""The server of examples/conformance, started as its README says, and what is known of it from its files."""

import json
import os
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from live_server import reserved_port

EXAMPLE = Path(__file__).parent.parent / "examples" / "conformance"


@dataclass(frozen=True, slots=True)
class KnownClient:
    """A client as clients.json has it."""

    client_id: str
    client_secret: str
    redirect_uri: str
    members: dict[str, Any]


@dataclass(frozen=True, slots=True)
class ConformanceServer:
    """Where it is, whom it knows, and what trusts its certificate."""

    issuer: str
    folder: Path
    clients: tuple[KnownClient, KnownClient]
    person: dict[str, Any]
    trusted: ssl.SSLContext

    def http(self) -> httpx.Client:
        """A client of its own cookies, which follows no redirect."""
        return httpx.Client(base_url=self.issuer, verify=self.trusted, trust_env=False, timeout=20)


@contextmanager
def running_conformance_server(
    folder: Path, clients: Path = EXAMPLE / "clients.json", environ: Mapping[str, str] | None = None
) -> Iterator[ConformanceServer]:
    """Start it on a free port, with these clients and further variables; wait until it answers, and end it."""
    with reserved_port() as port:
        yield from _running(folder, port, clients, environ or {})


def _running(folder: Path, port: int, clients: Path, environ: Mapping[str, str]) -> Iterator[ConformanceServer]:
    issuer = f"https://localhost:{port}"
    options = ["--issuer", issuer, "--folder", str(folder), "--clients", str(clients)]
    with subprocess.Popen(
        [sys.executable, str(EXAMPLE / "start.py"), *options],
        env=_environ() | dict(environ),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            _wait(process, issuer, folder)
            yield ConformanceServer(
                issuer,
                folder,
                _read(clients),
                json.loads((EXAMPLE / "person.json").read_text("utf-8")),
                _trusted(folder),
            )
        finally:
            process.terminate()
            process.communicate(timeout=30)


def _wait(process: subprocess.Popen[str], issuer: str, folder: Path) -> None:
    until = time.monotonic() + 120
    while time.monotonic() < until and process.poll() is None:
        try:
            # The settings of the suite are the last thing written before the server serves.
            if (folder / "fapi2.json").exists():
                httpx.get(f"{issuer}/healthz", verify=_trusted(folder), trust_env=False)
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    process.kill()
    raise AssertionError(process.communicate()[0])


def _trusted(folder: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(folder / "tls.pem"))


def _environ() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("CONSENTRY_")}


def _read(clients: Path) -> tuple[KnownClient, KnownClient]:
    first, second = (
        KnownClient(one["client_id"], one["client_secret"], one["redirect_uris"][0], one)
        for one in json.loads(clients.read_text("utf-8"))["clients"]
    )
    return first, second
