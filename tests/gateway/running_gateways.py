"""Real gateways with the shipped configurations, in front of an API that says what reached it."""

import asyncio
import http.client
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.types import Receive, Scope, Send

from consentry.web.main import app_over
from consentry.wiring import Deeds
from live_server import free_socket, reserved_port, serve_in_thread

EXAMPLES = Path(__file__).parent.parent.parent / "examples" / "gateway"
SHIPPED_PORT = re.compile(r"\b(?:8400|9000|8080)\b")
PROGRAMS = ("nginx", "caddy", "envoy")


@dataclass(frozen=True, slots=True)
class Told:
    """An answer of the gateway; `reached` is what the API saw, if the call got there."""

    status: int
    headers: Mapping[str, list[str]]
    text: str

    @property
    def reached(self) -> dict[str, Any] | None:
        return json.loads(self.text) if "x-echo" in self.headers else None

    @property
    def identity(self) -> dict[str, str]:
        """The identity headers that reached the API; empty ones say nothing."""
        assert self.reached is not None, self.text
        found = [(name, value) for name, value in self.reached["headers"] if "consentry" in name.lower() and value]
        assert len(found) == len(dict(found)), found
        return {name.removeprefix("x-consentry-"): value for name, value in found}


@dataclass(frozen=True, slots=True)
class Gateway:
    """A gateway that listens on a port of this machine."""

    port: int

    def call(self, method: str, target: str, *headers: tuple[str, str], bearer: str | None = None) -> Told:
        """Send a call with the path and the headers exactly as they stand here."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.putrequest(method, target)
            for name, value in [*headers, *([("Authorization", f"Bearer {bearer}")] if bearer else [])]:
                connection.putheader(name, value)
            connection.endheaders()
            answer = connection.getresponse()
            told: dict[str, list[str]] = {}
            for name, value in answer.getheaders():
                told.setdefault(name.lower(), []).append(value)
            return Told(answer.status, told, answer.read().decode())
        finally:
            connection.close()


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with the call as it arrived: an API without any guard of its own."""
    if scope["type"] == "lifespan":
        for ending in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{ending}.complete"})
        return
    seen = {
        "method": scope["method"],
        "path": scope["raw_path"].decode("latin-1"),
        "query": scope["query_string"].decode("latin-1"),
        "headers": [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]],
    }
    headers = [(b"content-type", b"application/json"), (b"x-echo", b"1")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(seen).encode()})


@contextmanager
def serve(app: Any) -> Iterator[tuple[int, asyncio.AbstractEventLoop]]:
    """Serve an ASGI application on a free port, in an event loop of its own; yield both."""
    listening, port = free_socket()
    loop, thread = serve_in_thread(app, listening)
    try:
        yield port, loop
    finally:
        thread.end()
        listening.close()


@contextmanager
def run_gateway(kind: str, folder: Path, *, consentry: int, api: int) -> Iterator[Gateway]:
    """Run the gateway with its shipped configuration, in which only the addresses are changed."""
    copy = folder / "gateway" / kind
    shutil.copytree(EXAMPLES / kind, copy)
    with reserved_port() as port:
        own = {"8400": str(consentry), "9000": str(api), "8080": str(port)}
        for file in copy.iterdir():
            file.write_text(SHIPPED_PORT.sub(lambda shipped: own[shipped[0]], file.read_text("utf-8")), "utf-8")
        with run_until_it_listens(_command(kind, copy), folder, port):
            yield Gateway(port)


@contextmanager
def run_until_it_listens(command: Sequence[str], folder: Path, port: int) -> Iterator[None]:
    """Run a program in `folder` and go on once it listens; end it at the end."""
    log = folder / "gateway.log"
    home = {"HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    with log.open("w") as output:
        program = subprocess.Popen(
            command, cwd=folder, env={**os.environ, **home}, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        # A program of a hundred megabytes takes its time to be read for the first time.
        until = time.monotonic() + 90
        while time.monotonic() < until:
            assert program.poll() is None, log.read_text("utf-8")
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                break
            time.sleep(0.05)
        else:
            raise AssertionError(f"the gateway does not listen: {log.read_text('utf-8')}")
        yield
    finally:
        program.terminate()
        program.wait(20)


@contextmanager
def guarded_api(kind: str, deeds: Deeds, folder: Path) -> Iterator[tuple[Gateway, asyncio.AbstractEventLoop]]:
    """Run Consentry, the API and the gateway in front of it; yield the gateway, and the loop that Consentry is in."""
    with ExitStack() as running:
        api, _ = running.enter_context(serve(echo))
        consentry, loop = running.enter_context(serve(app_over(deeds)))
        yield running.enter_context(run_gateway(kind, folder, consentry=consentry, api=api)), loop


def find_program(kind: str) -> str | None:
    """Return where the gateway's program is: Debian keeps nginx where only root looks, Envoy comes as a library."""
    places = (os.environ["PATH"], "/usr/sbin", str(Path(sys.executable).parent))
    return shutil.which(kind, path=os.pathsep.join(places))


def _command(kind: str, copy: Path) -> list[str]:
    program = find_program(kind) or kind
    if kind == "caddy":
        return [program, "run", "--config", str(copy / "Caddyfile"), "--adapter", "caddyfile"]
    if kind == "envoy":
        return [program, "-c", str(copy / "envoy.yaml"), "--disable-hot-restart", "--concurrency", "1", "-l", "warn"]
    return [program, "-p", str(copy.parent.parent), "-c", str(copy / "nginx.conf"), "-e", "stderr"]
