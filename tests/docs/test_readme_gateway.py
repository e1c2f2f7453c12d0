"""The README's quick start behind nginx, done as it is printed: the routes file, the commands, the call."""

import json
import os
import shutil
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest
from docs_pages import ROOT, blocks

from live_server import free_socket

README = ROOT / "README.md"
GATEWAY = Path("examples") / "gateway" / "nginx"


def free_port() -> str:
    listening, port = free_socket()
    listening.close()
    return str(port)


def printed() -> tuple[str, str, list[str]]:
    """The commands that make a key, the routes file, and the commands after it."""
    shells = [block.text for block in blocks(README, "sh")]
    [setup] = [text for text in shells if "consentry init" in text]
    [start] = [text for text in shells if "nginx" in text]
    [routes] = [block.text for block in blocks(README, "toml") if "[routes]" in block.text]
    return setup, routes, start.splitlines()


@pytest.mark.skipif(
    shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin") is None, reason="no nginx is installed"
)
def test_the_quick_start_behind_nginx_lets_a_key_in_and_nobody_else(tmp_path: Path) -> None:
    setup, routes, start = printed()
    ports = {"8400": free_port(), "8080": free_port(), "9000": free_port()}
    clean = {name: value for name, value in os.environ.items() if not name.startswith("CONSENTRY_")}
    environ = {
        **clean,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}:/usr/sbin",
        "CONSENTRY_PORT": ports["8400"],
    }

    def elsewhere(text: str) -> str:
        for shipped, own in ports.items():
            text = text.replace(f":{shipped}", f":{own}").replace(f"listen {shipped}", f"listen {own}")
        return text

    def run(shell: str) -> str:
        answer = subprocess.run(
            ["bash", "-ec", shell], cwd=tmp_path, env=environ, capture_output=True, text=True, check=False, timeout=120
        )
        assert answer.returncode == 0, answer.stderr
        return answer.stdout

    shutil.copytree(ROOT / GATEWAY, tmp_path / GATEWAY)
    for file in (tmp_path / GATEWAY).iterdir():
        file.write_text(elsewhere(file.read_text("utf-8")), "utf-8")
    environ["KEY"] = run(setup).split()[-1]
    (tmp_path / "guard_routes.toml").write_text(routes, "utf-8")
    (tmp_path / "projects").write_text("the API was reached", "utf-8")
    api = f"python -m http.server {ports['9000']} --bind 127.0.0.1 &"

    with ExitStack() as running:
        answers = []
        for line in [api, *start]:
            if line.endswith("&"):
                program = subprocess.Popen(
                    ["bash", "-c", f"exec {elsewhere(line).removesuffix('&')}"],
                    cwd=tmp_path,
                    env=environ,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                )
                running.callback(program.wait, 20)
                running.callback(program.terminate)
            else:
                retrying = "curl --silent --retry 60 --retry-all-errors --retry-delay 1 --fail"
                answers.append(run(elsewhere(line).replace("curl", retrying)))
        call = elsewhere(next(line for line in start if line.startswith("curl")))
        nobody = run(f"unset KEY; {call.replace('curl', 'curl --silent')}")

    assert answers[-1] == "the API was reached"
    assert json.loads(nobody)["reason"] in {"credential_missing", "malformed_request"}
