"""`consentry demo` as a newcomer meets it: start, connect, narrow, disconnect, Ctrl-C."""

import json
import os
import shlex
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest
from demo_visitor import Visitor

from consentry.demo.people import PEOPLE
from postgres_server import PostgresServer

CARLA = next(person for person in PEOPLE if person.name.startswith("Carla"))
STOP_SECONDS = 15
FIRST_PORTS = count(20_000 + os.getpid() % 1_000 * 10, 3)
"""From where each demo looks for three free ports: below those that the kernel gives to whoever takes any."""


@dataclass
class Demo:
    process: subprocess.Popen[str]
    told: dict[str, Any]
    folder: Path

    def stop(self) -> tuple[int, str]:
        """Press Ctrl-C; return the exit code and what was said on standard error."""
        self.process.send_signal(signal.SIGINT)
        _, complaints = self.process.communicate(timeout=STOP_SECONDS)
        return self.process.returncode, complaints

    def consentry(self, *words: str) -> None:
        command = [sys.executable, "-m", "consentry", *words, "--config", str(self.folder / ".demo/consentry.toml")]
        subprocess.run(command, check=True, capture_output=True, cwd=self.folder)


@contextmanager
def running_demo(folder: Path, *words: str) -> Iterator[Demo]:
    command = [sys.executable, "-m", "consentry", "demo", "--json", "--port", str(next(FIRST_PORTS)), *words]
    process = subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        if not line:
            pytest.fail(f"The demo did not start: {process.communicate(timeout=STOP_SECONDS)[1]}")
        yield Demo(process, json.loads(line), folder)
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()


@pytest.fixture(params=["sqlite", "postgresql"])
def over(request: pytest.FixtureRequest) -> Iterator[tuple[str, ...]]:
    """The words that put the demo over each engine."""
    if request.param == "sqlite":
        yield ()
        return
    with request.getfixturevalue("postgres").new_database("template0") as url:
        yield ("--database-url", url)


@pytest.fixture
def new_visitor() -> Iterator[Callable[[], Visitor]]:
    with ExitStack() as browsers:

        def visitor() -> Visitor:
            opened = Visitor()
            browsers.enter_context(opened.http)
            return opened

        yield visitor


def connect(visitor: Visitor, told: dict[str, Any]) -> None:
    visitor.go(f"{told['web_app']}/connect")
    visitor.sign_in(CARLA.email, CARLA.password)
    assert "asks for access to" in visitor.text
    visitor.send("decision", decision="approve")


def call_again(visitor: Visitor) -> str:
    visitor.send("form_token")
    return visitor.text


def is_running(process_group: int) -> bool:
    try:
        os.killpg(process_group, 0)
    except ProcessLookupError:
        return False
    return True


def test_an_app_is_connected_narrowed_and_disconnected_and_ctrl_c_leaves_nothing_behind(
    tmp_path: Path, new_visitor: Callable[[], Visitor], over: tuple[str, ...]
) -> None:
    with running_demo(tmp_path, *over) as demo:
        visitor, told = new_visitor(), demo.told

        connect(visitor, told)
        assert visitor.url == f"{told['web_app']}/"
        assert "Your accounts are connected" in visitor.text
        assert "INV-1001" in visitor.text

        demo.consentry("member", "set", "Northmoor Traders", CARLA.email, "--role", "expense_submitter")
        narrowed = call_again(visitor)
        assert "HTTP 403" in narrowed
        assert "user_lacks_permission" in narrowed
        demo.consentry("member", "set", "Northmoor Traders", CARLA.email, "--role", "bookkeeper")
        assert "INV-1001" in call_again(visitor)

        visitor.go(f"{told['issuer']}/settings/connections")
        visitor.send("disconnect", action="disconnect")
        visitor.go(f"{told['web_app']}/")
        disconnected = call_again(visitor)
        assert "HTTP 401" in disconnected
        assert "revoked" in disconnected

        code, complaints = demo.stop()

    assert (code, complaints) == (0, "")
    assert not is_running(demo.process.pid)
    for name in ("issuer", "api", "web_app"):
        with pytest.raises(httpx.ConnectError):
            httpx.get(told[name], trust_env=False)


def test_a_second_start_keeps_what_happened_and_fresh_forgets_it(
    tmp_path: Path, new_visitor: Callable[[], Visitor]
) -> None:
    with running_demo(tmp_path) as first:
        connect(new_visitor(), first.told)
        assert first.stop()[0] == 0
    with running_demo(tmp_path) as second:
        visitor = new_visitor()
        visitor.go(f"{second.told['issuer']}/settings/connections")
        visitor.sign_in(CARLA.email, CARLA.password)
        assert "Paperlark" in visitor.text
        # On other ports than before: the app was told to come back to its new address.
        visitor.go(f"{second.told['web_app']}/connect")
        assert "Your accounts are connected" in visitor.text
        assert second.stop()[0] == 0
    with running_demo(tmp_path, "--fresh") as third:
        visitor = new_visitor()
        visitor.go(f"{third.told['issuer']}/settings/connections")
        visitor.sign_in(CARLA.email, CARLA.password)
        assert "Nothing is connected" in visitor.text
        assert third.stop()[0] == 0

    known = (first.told, second.told, third.told)
    client_ids = [told["command_line_app"]["client_id"] for told in known]
    assert client_ids[0] == client_ids[1] != client_ids[2]


def test_a_database_of_postgresql_is_kept_for_the_next_start_and_given_to_no_other_demo(
    tmp_path: Path, postgres: PostgresServer, new_visitor: Callable[[], Visitor]
) -> None:
    def refused(*words: str) -> str:
        command = [sys.executable, "-m", "consentry", "demo", *words]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 1
        return done.stderr

    with postgres.new_database("template0") as url, postgres.new_database() as of_others:
        with running_demo(tmp_path, "--database-url", url) as first:
            connect(new_visitor(), first.told)
            assert first.stop() == (0, "")
        with running_demo(tmp_path, "--database-url", url) as second:
            visitor = new_visitor()
            visitor.go(f"{second.told['issuer']}/settings/connections")
            visitor.sign_in(CARLA.email, CARLA.password)
            assert "Paperlark" in visitor.text
            assert second.stop() == (0, "")

        assert "Name an empty database" in refused("--database-url", of_others)
        assert "Name an empty database" in refused("--database-url", url, "--config", "elsewhere/consentry.toml")
        assert "a new, empty database" in refused("--database-url", url, "--fresh")
        assert "cannot be opened" in refused("--database-url", url.replace("consentry_test", "no_such"))
    assert "names a PostgreSQL database" in refused("--database-url", "sqlite:///own.sqlite3")
    config = tmp_path / ".demo" / "consentry.toml"
    assert stat.S_IMODE(config.stat().st_mode) == 0o600


def test_what_the_demo_keeps_is_for_its_owner_only(tmp_path: Path) -> None:
    with running_demo(tmp_path) as demo:
        folder = tmp_path / ".demo"
        kept = json.loads((folder / "paperlark.json").read_text(encoding="utf-8"))
        modes = {name: stat.S_IMODE((folder / name).stat().st_mode) for name in ("", "paperlark.json")}
        demo.stop()

    assert kept["client_secret"].startswith("cst_sk_")
    assert modes == {"": 0o700, "paperlark.json": 0o600}


def test_the_command_line_app_connects_with_the_command_that_is_told(
    tmp_path: Path, new_visitor: Callable[[], Visitor]
) -> None:
    with running_demo(tmp_path) as demo:
        command = [*shlex.split(demo.told["command_line_app"]["connect"]), "--no-browser"]
        app = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True)
        assert app.stdout is not None
        address = next(line.strip() for line in app.stdout if "/oauth/authorize?" in line)
        visitor = new_visitor()
        visitor.go(address)
        visitor.sign_in(CARLA.email, CARLA.password)
        visitor.send("decision", decision="approve")
        said, _ = app.communicate(timeout=STOP_SECONDS)
        listed = subprocess.run(
            [*command[: command.index("connect")], "invoices"], cwd=tmp_path, capture_output=True, text=True, check=True
        )
        demo.stop()

    assert "Connected. You approved: contacts:read invoicing:read" in said
    assert "INV-1001" in listed.stdout


def test_a_demo_that_runs_already_or_a_folder_of_somebody_elses_is_left_alone(tmp_path: Path) -> None:
    with running_demo(tmp_path) as demo:
        again = subprocess.run(
            [sys.executable, "-m", "consentry", "demo"], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        demo.stop()
    own = tmp_path / "own" / "consentry.toml"
    own.parent.mkdir()
    own.write_text('issuer = "https://id.example"\n', encoding="utf-8")
    elsewhere = subprocess.run(
        [sys.executable, "-m", "consentry", "demo", "--config", str(own)], capture_output=True, text=True, check=False
    )

    assert (again.returncode, elsewhere.returncode) == (1, 1)
    assert "runs in .demo already" in again.stderr
    assert "did not write" in elsewhere.stderr
    assert [file.name for file in own.parent.iterdir()] == ["consentry.toml"]


def test_ctrl_c_while_the_demo_is_being_prepared_stops_it_as_well(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "consentry", "demo", "--port", str(next(FIRST_PORTS))]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    configuration = tmp_path / ".demo" / "consentry.toml"
    while not configuration.exists():
        assert process.poll() is None
        time.sleep(0.01)

    process.send_signal(signal.SIGINT)
    said, complaints = process.communicate(timeout=STOP_SECONDS)

    assert (process.returncode, said, complaints) == (0, "Stopped.\n", "")
