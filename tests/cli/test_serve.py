"""`consentry serve` from an empty folder: it makes its schema and key, answers, and stops when asked."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from live_server import reserved_port


def answer_of(url: str, server: subprocess.Popen[str]) -> httpx.Response:
    until = time.monotonic() + 30
    while time.monotonic() < until and server.poll() is None:
        try:
            return httpx.get(url, trust_env=False)
        except httpx.TransportError:
            time.sleep(0.1)
    server.kill()
    raise AssertionError(server.communicate()[1])


@pytest.mark.parametrize("workers", ["1", "2"])
def test_serve_starts_from_the_starter_files_answers_and_stops(folder: Path, workers: str) -> None:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("CONSENTRY_")}
    command = [sys.executable, "-m", "consentry"]
    subprocess.run([*command, "init"], cwd=folder, env=environ, check=True, capture_output=True)
    with (
        reserved_port() as port,
        subprocess.Popen(
            [*command, "serve", "--json", "--port", str(port), "--workers", workers],
            cwd=folder,
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as server,
    ):
        answer = answer_of(f"http://127.0.0.1:{port}/healthz", server)
        server.send_signal(signal.SIGINT)
        out, err = server.communicate(timeout=30)

    assert answer.status_code == 200
    assert "server" not in answer.headers
    assert json.loads(out)["listening"] == f"http://127.0.0.1:{port}"
    assert server.returncode == 0, err
    assert "Traceback" not in err
