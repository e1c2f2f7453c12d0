"""What the command that makes a server ready for the suite takes, and what it refuses, before there is a server."""

import json
import subprocess
import sys
from pathlib import Path

from conformance_server import EXAMPLE


def test_nothing_that_is_not_its_own_is_deleted(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")

    done = subprocess.run(
        [sys.executable, str(EXAMPLE / "start.py"), "--folder", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert "holds other things" in done.stderr
    assert (tmp_path / "mine.txt").exists()


def test_clients_of_two_plans_are_refused(tmp_path: Path) -> None:
    """The alias of the plan is part of every redirect URI, and there is one."""
    known = json.loads((EXAMPLE / "clients.json").read_text("utf-8"))
    known["clients"][1]["redirect_uris"] = ["https://suite.test/test/a/another/callback"]
    (tmp_path / "clients.json").write_text(json.dumps(known))

    done = subprocess.run(
        [
            *(sys.executable, str(EXAMPLE / "start.py"), "--folder", str(tmp_path / "running")),
            *("--clients", str(tmp_path / "clients.json")),
        ],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert "those of one plan" in done.stderr


def test_make_passes_the_address_the_port_and_the_file_of_clients_on() -> None:
    words = ["ISSUER=https://consentry.test", "PORT=9443", "HOST=0.0.0.0", "CLIENTS_FILE=mine.json"]

    planned = subprocess.run(
        ["make", "-n", "conformance-server", *words],
        cwd=EXAMPLE.parent.parent,
        capture_output=True,
        text=True,
        check=True,
    )

    run = " ".join(planned.stdout.replace("\\", " ").split())
    assert "start.py --issuer https://consentry.test --clients mine.json --host 0.0.0.0 --port 9443" in run
