"""`consentry serve` with a certificate of its own serves https, in one process and in several."""

import json
import os
import signal
import ssl
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from certificates import write_certificate
from live_server import reserved_port

COMMAND = [sys.executable, "-m", "consentry"]


@pytest.fixture
def environ() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("CONSENTRY_")}


@pytest.fixture
def served_folder(folder: Path, environ: dict[str, str]) -> Path:
    subprocess.run([*COMMAND, "init"], cwd=folder, env=environ, check=True, capture_output=True)
    return folder


def answer_of(url: str, server: subprocess.Popen[str], trusted: ssl.SSLContext) -> httpx.Response:
    until = time.monotonic() + 30
    while time.monotonic() < until and server.poll() is None:
        try:
            return httpx.get(url, trust_env=False, verify=trusted)
        except httpx.TransportError:
            time.sleep(0.1)
    server.kill()
    raise AssertionError(server.communicate()[1])


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_certificate_makes_it_https(served_folder: Path, environ: dict[str, str], workers: str) -> None:
    certificate = write_certificate(served_folder / "tls.pem", "localhost")
    options = ["--workers", workers, "--ssl-certfile", "tls.pem"]
    with (
        reserved_port() as port,
        subprocess.Popen(
            [*COMMAND, "serve", "--json", "--port", str(port), *options],
            cwd=served_folder,
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as server,
    ):
        trusted = ssl.create_default_context(cafile=str(certificate))
        answer = answer_of(f"https://127.0.0.1:{port}/.well-known/oauth-authorization-server", server, trusted)
        server.send_signal(signal.SIGINT)
        out, err = server.communicate(timeout=30)

    assert answer.status_code == 200
    assert json.loads(out)["listening"] == f"https://127.0.0.1:{port}"
    assert server.returncode == 0, err


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--ssl-keyfile", "tls.pem"], "ssl_certfile is not"),
        (["--ssl-certfile", "none.pem"], "No such file"),
        (["--ssl-certfile", "catalog.toml"], "Name a PEM file"),
    ],
)
def test_a_certificate_that_cannot_be_used_is_told_before_anything_is_served(
    served_folder: Path, environ: dict[str, str], options: list[str], complaint: str
) -> None:
    answer = subprocess.run(
        [*COMMAND, "serve", *options], cwd=served_folder, env=environ, capture_output=True, text=True, check=False
    )

    assert answer.returncode == 1
    assert complaint in answer.stderr
    assert "Traceback" not in answer.stderr
