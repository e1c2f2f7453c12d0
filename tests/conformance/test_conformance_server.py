"""The one command that makes a server ready for the OpenID Foundation's suite."""

import json
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from conformance_server import EXAMPLE, ConformanceServer
from user_agent import forms_of

pytestmark = pytest.mark.parametrize("lend_database", ["sqlite"], indirect=True)


@pytest.fixture(scope="module")
def server(conformance_server: ConformanceServer) -> ConformanceServer:
    return conformance_server


def configuration(server: ConformanceServer, name: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((server.folder / name).read_text("utf-8"))
    return read


def test_it_serves_https_and_is_found_where_the_suite_is_told(server: ConformanceServer) -> None:
    for name in ("oidc.json", "fapi2.json"):
        url = configuration(server, name)["server"]["discoveryUrl"]
        with server.http() as http:
            assert http.get(url).json()["issuer"] == server.issuer


def test_the_suite_is_told_the_clients_of_the_file(server: ConformanceServer) -> None:
    told = configuration(server, "oidc.json")

    for name, client in zip(("client", "client2"), server.clients, strict=True):
        assert told[name] == {"client_id": client.client_id, "client_secret": client.client_secret}


def test_private_keys_are_made_at_the_start_and_for_their_owner_to_read(server: ConformanceServer) -> None:
    told = configuration(server, "fapi2.json")

    assert all("d" in key for name in ("client", "client2") for key in told[name]["jwks"]["keys"])
    for name in ("fapi2.json", "tls.pem"):
        assert stat.S_IMODE((server.folder / name).stat().st_mode) == 0o600


def test_the_elements_that_the_suite_is_told_to_use_are_on_the_sign_in_page(server: ConformanceServer) -> None:
    tasks = {task["task"]: task for task in configuration(server, "oidc.json")["browser"][0]["tasks"]}
    ids = [command[2] for command in tasks["Sign in"]["commands"]]

    with server.http() as http:
        page = http.get("/sign-in").text

    assert ids == ["email", "password", "sign-in"]
    assert all(f'id="{one}"' in page for one in ids)
    assert any(form.action == "/sign-in" for form in forms_of(page))


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


def test_make_passes_the_address_and_the_file_of_clients_on() -> None:
    words = ["ISSUER=https://consentry.test:8443", "CLIENTS_FILE=mine.json"]

    planned = subprocess.run(
        ["make", "-n", "conformance-server", *words],
        cwd=EXAMPLE.parent.parent,
        capture_output=True,
        text=True,
        check=True,
    )

    assert "start.py --issuer https://consentry.test:8443 --clients mine.json" in planned.stdout
