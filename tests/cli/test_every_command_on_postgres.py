"""Every command of the command line, each run over PostgreSQL; a new one has to be added here."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
import typer
from typer.testing import CliRunner

from consentry.cli import build_app
from live_server import reserved_port
from postgres_server import PostgresServer, in_thread

NOT_HERE = {
    ("demo",): "it keeps its people in an SQLite file of its own",
    ("doctor",): "it asks a running server, whatever that keeps its rows in",
    ("serve",): "it does not return: the test below",
}
BO = "bo@acme.test"


class CommandLine:
    """The command line in this process, which remembers what it ran."""

    def __init__(self) -> None:
        self.app = build_app()
        self.ran: set[tuple[str, ...]] = set()

    def names(self) -> set[tuple[str, ...]]:
        return set(_leaves(typer.main.get_command(self.app), ()))

    def run(self, *arguments: str, typed: str = "", as_json: bool = True) -> Any:
        told = CliRunner().invoke(self.app, [*arguments, *(["--json"] if as_json else [])], input=typed)
        assert told.exit_code == 0, (arguments, told.output, told.exception)
        self.ran |= {name for name in self.names() if arguments[: len(name)] == name}
        return json.loads(told.stdout) if as_json else told.stdout


def _leaves(command: Any, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    inner = getattr(command, "commands", None)
    if inner is None:
        yield path
        return
    for name, one in inner.items():
        yield from _leaves(one, (*path, name))


@pytest.fixture
def environ(postgres: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    monkeypatch.chdir(tmp_path)
    with postgres.new_database("template0") as url:
        given = {"CONSENTRY_DATABASE_URL": url, "CONSENTRY_SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyz"}
        for name, value in given.items():
            monkeypatch.setenv(name, value)
        yield given


async def _connect(url: str, organisation: str, user: str, app: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(
        "INSERT INTO connections (id, organisation_id, user_id, app_id, scopes, declined_scopes, created_at, "
        "updated_at) VALUES ('con_0000000000000000000001', $1, $2, $3, 'projects:read', '', 0, 0)",
        *(organisation, user, app),
    )
    await connection.close()


def _acts_by_itself(run: Callable[..., Any]) -> None:
    robot = run(
        *("app", "register", "Acme", "--name", "Robot", "--type", "confidential", "--scope", "projects:read"),
        *("--grant-type", "client_credentials"),
    )
    for name in ("allow-acting", "stop-acting", "delete"):
        run("app", name, robot["client_id"])


def test_every_command_works_on_postgresql(environ: dict[str, str]) -> None:
    line = CommandLine()
    run = line.run
    run("init", as_json=False)
    run("migrate")
    acme = run("org", "create", "Acme")["id"]
    bo = run("user", "create", BO)["id"]
    run("user", "password", BO, typed="correct horse battery\n", as_json=False)
    run("role", "set", "Acme", "clerk", "--permission", "project.read")
    run("member", "set", "Acme", BO, "--role", "clerk")
    app = run(
        *("app", "register", "Acme", "--name", "Ledgerly", "--type", "confidential"),
        *("--redirect-uri", "https://client.test/cb", "--scope", "projects:read"),
    )
    in_thread(_connect(environ["CONSENTRY_DATABASE_URL"], acme, bo, app["id"]))
    secret = run("app", "secret", "add", app["client_id"])
    run("app", "secret", "retire", app["client_id"], secret["id"])
    key = run("key", "create", "Acme", BO, "--name", "Nightly", "--permission", "project.read")
    run("explain", key["id"])
    run("explain", "Acme", "--who-can", "project.read")
    run("explain", "Acme", "--what-if", "--member", BO, "--suspended")
    for name in ("list", "show"):
        run("app", name, *([app["client_id"]] if name == "show" else []))
    for name in ("deactivate", "reactivate"):
        run("app", name, app["client_id"])
    assert [one["id"] for one in run("connection", "list", "Acme", "--app", app["client_id"])]
    run("connection", "revoke", "con_0000000000000000000001")
    assert [one["id"] for one in run("key", "list", "Acme")] == [key["id"]]
    run("key", "revoke", key["id"])
    run("app", "edit", app["client_id"], "--name", "Ledgerly Pro")
    run("app", "delete", app["client_id"])
    _acts_by_itself(run)
    granted = run("registration-token", "create", "Partners")
    run("registration-token", "list")
    run("registration-token", "revoke", granted["id"])
    run("user", "claims", BO)
    run("user", "sign-out", BO)
    for name in ("suspend", "reinstate"):
        run("org", name, "Acme")
        run("user", name, BO)
    assert run("org", "unverified-apps", "Acme", "refused")["unverified_apps"] == "refused"
    assert BO in [one["email"] for one in run("user", "list")]
    assert [one["name"] for one in run("org", "list")] == ["Acme"]
    assert BO in [one["email"] for one in run("member", "list", "Acme")]
    run("role", "list", "Acme")
    run("member", "remove", "Acme", BO)
    run("role", "remove", "Acme", "clerk")
    made = run("operator", "create", "Night shift")
    run("operator", "list")
    run("operator", "revoke", made["id"])
    run("resource", "register", "Books", "--identifier", "https://api.books.test")
    run("resource", "list")
    run("keys", "rotate")
    run("keys", "list")
    for name in ("markdown", "openapi"):
        run("catalog", name, as_json=False)

    assert line.names() - line.ran == NOT_HERE.keys()


def test_serve_answers_over_postgresql_and_ends_when_told_to(environ: dict[str, str]) -> None:
    CommandLine().run("init", as_json=False)
    CommandLine().run("migrate")
    with (
        reserved_port() as port,
        subprocess.Popen(
            [sys.executable, "-m", "consentry", "serve", "--port", str(port)],
            env={**os.environ, "CONSENTRY_ISSUER": f"http://127.0.0.1:{port}", **environ},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        ) as process,
    ):
        url = f"http://127.0.0.1:{port}"
        try:
            ready, page = _ask(f"{url}/readyz", process), httpx.get(f"{url}/sign-in")
        finally:
            process.send_signal(signal.SIGTERM)
            _, said = process.communicate(timeout=30)

    assert (ready, page.status_code) == (200, 200)
    assert b"Traceback" not in said


def _ask(url: str, process: "subprocess.Popen[bytes]") -> int:
    for _ in range(600):
        assert process.poll() is None, process.communicate()
        try:
            return httpx.get(url).status_code
        except httpx.TransportError:
            time.sleep(0.05)
    raise AssertionError("the server did not start")
