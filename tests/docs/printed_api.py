"""What a page prints, done: its commands run, and its file served by a server process of its own."""

import contextlib
import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from docs_pages import commands

from live_server import reserved_port

_STARTED_WITHIN = 30


def run(folder: Path, shell: str) -> list[str]:
    """Run the `consentry` commands of a shell text in `folder`, one after the other; return what each printed."""
    printed = []
    for words in commands(shell):
        assert words[0] == "consentry"
        answer = subprocess.run(
            [sys.executable, "-m", *words], cwd=folder, env=clean_environ(), capture_output=True, text=True, check=False
        )
        assert answer.returncode == 0, answer.stderr
        printed.append(answer.stdout)
    return printed


def clean_environ() -> dict[str, str]:
    """The environment without anybody's own settings."""
    return {name: value for name, value in os.environ.items() if not name.startswith("CONSENTRY_")}


@contextlib.contextmanager
def serve(folder: Path, text: str, *options: str, **variables: str) -> Iterator[str]:
    """Serve a printed `api.py` in `folder`, by uvicorn, or a WSGI application by gunicorn; yield its URL.

    `options` are added to the server's command line, `variables` to its environment.
    """
    (folder / "api.py").write_text(text, encoding="utf-8")
    is_wsgi = "consentry.guard.flask" in text or "consentry.guard.django" in text
    environ = clean_environ() | {"PYTHONDONTWRITEBYTECODE": "1"} | variables
    with reserved_port() as port, (folder / "server.log").open("w+", encoding="utf-8") as log:
        server = (
            ["gunicorn", "api:app", "--no-control-socket", "--bind", f"127.0.0.1:{port}"]
            if is_wsgi
            else ["uvicorn", "api:app", "--port", str(port)]
        )
        process = subprocess.Popen(
            [sys.executable, "-m", *server, *options], cwd=folder, env=environ, stdout=log, stderr=log
        )
        try:
            _wait_for(port, process, folder / "server.log")
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(20)


@dataclass(frozen=True)
class Refusal:
    """What the guard told a caller that it did not let in."""

    status: int
    challenge: str | None
    reason: str


def refused(url: str, path: str, *authorization: str) -> Refusal:
    """Call with any number of `Authorization` headers."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=20)
    connection.putrequest("GET", path)
    for value in authorization:
        connection.putheader("Authorization", value)
    connection.endheaders()
    answer = connection.getresponse()
    told = Refusal(answer.status, answer.getheader("WWW-Authenticate"), json.loads(answer.read())["reason"])
    connection.close()
    return told


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _STARTED_WITHIN
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise AssertionError(f"the server did not start: {log.read_text('utf-8')}")
