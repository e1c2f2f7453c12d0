"""After a whole run with values that can be recognised, neither the logs nor the database holds one (OP-02, OP-03, S7).

The server is a process of its own, so that everything that it writes is seen.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from consentry.oauth.client_metadata import AUTHORIZATION_CODE, DEVICE_CODE, REFRESH_TOKEN
from live_server import RegisteredClient, Site, reserved_port
from postgres_server import in_thread
from small_world import SMALL_CATALOG
from user_agent import (
    VERIFIER,
    UserAgent,
    authorize_url,
    exchange,
    form_to,
    introspect,
    post,
    query_of,
    refresh,
    revoke,
)

PASSWORD = "canary-password-7391"
WRONG_PASSWORD = "canary-wrong-password-5512"
STATE = "canary-state-8820"
SECRET_KEY = "canary-secret-key-4417-0123456789abcdef"


@dataclass(frozen=True, slots=True)
class Member:
    email: str
    password: str = PASSWORD


@dataclass(slots=True)
class Served:
    """A `consentry serve` process, its folder, and the values that must never be found."""

    issuer: str
    folder: Path
    database_url: str
    canaries: set[str]

    def kept(self) -> dict[str, bytes]:
        """Return everything that was written, by the name of the file, or of the table of PostgreSQL."""
        files = {file.name: file.read_bytes() for file in self.folder.iterdir() if file.is_file()}
        return files if self.database_url.startswith("sqlite:") else files | in_thread(_tables(self.database_url))

    def command(self, *arguments: str, given: str | None = None) -> Any:
        done = subprocess.run(
            [sys.executable, "-m", "consentry", *arguments, "--json"],
            env=environment(self.issuer, self.folder, self.database_url),
            cwd=self.folder,
            input=given,
            capture_output=True,
            text=True,
            check=True,
        )
        with (self.folder / "commands.err").open("a") as log:
            log.write(done.stderr)
        return json.loads(done.stdout)


async def _tables(database_url: str) -> dict[str, bytes]:
    connection = await asyncpg.connect(database_url)
    try:
        named = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        held = {}
        for (name,) in named:
            # Bytes are written by PostgreSQL as hexadecimal digits, in which no text would be found.
            rows = await connection.fetch(f'SELECT * FROM "{name}"')  # noqa: S608 - the name of a table of ours
            held[name] = b"\n".join(one if isinstance(one, bytes) else str(one).encode() for row in rows for one in row)
        return held
    finally:
        await connection.close()


def environment(issuer: str, folder: Path, database_url: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CONSENTRY_")}
    return kept | {
        "CONSENTRY_ISSUER": issuer,
        "CONSENTRY_DATABASE_URL": database_url,
        "CONSENTRY_SECRET_KEY": SECRET_KEY,
        "CONSENTRY_CATALOG": str(folder / "catalog.toml"),
        "CONSENTRY_LOG_FORMAT": "json",
    }


@pytest.fixture
def served(database_url: str, tmp_path: Path) -> Iterator[Served]:
    (tmp_path / "catalog.toml").write_text(SMALL_CATALOG, encoding="utf-8")
    with (
        reserved_port() as port,
        (tmp_path / "server.out").open("wb") as out,
        (tmp_path / "server.err").open("wb") as err,
    ):
        issuer = f"http://127.0.0.1:{port}"
        process = subprocess.Popen(
            [sys.executable, "-m", "consentry", "serve", "--port", str(port)],
            env=environment(issuer, tmp_path, database_url),
            cwd=tmp_path,
            stdout=out,
            stderr=err,
        )
        try:
            _wait_until_ready(issuer, process, tmp_path / "server.err")
            yield Served(issuer, tmp_path, database_url, {PASSWORD, WRONG_PASSWORD, STATE, VERIFIER, SECRET_KEY})
        finally:
            process.terminate()
            process.wait(20)


def _wait_until_ready(issuer: str, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(1200):
        assert process.poll() is None, log.read_text()
        try:
            if httpx.get(f"{issuer}/readyz").status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    raise AssertionError("the server did not start")


def secret_part(credential: str) -> str:
    """Return the part that makes it a secret: after the prefix and the 22 characters that are an identifier."""
    return credential.rsplit("_", 1)[1][22:]


def test_op_02_op_03_no_secret_is_in_the_logs_or_in_the_database(served: Served) -> None:
    organisation = served.command("org", "create", "Acme Books")["id"]
    served.command("user", "create", "ana@acme.test", "--password-stdin", given=PASSWORD)
    served.command("member", "set", organisation, "ana@acme.test", "--role", "owner")
    made = served.command(
        *("app", "register", organisation, "--name", "Ledgerly", "--type", "confidential"),
        *("--redirect-uri", "https://client.test/cb", "--scope", "invoicing:read"),
        *(word for one in (AUTHORIZATION_CODE, REFRESH_TOKEN, DEVICE_CODE) for word in ("--grant-type", one)),
    )
    resource = served.command("resource", "register", "Books", "--identifier", "https://api.books.test")
    key = served.command(
        "key", "create", organisation, "ana@acme.test", "--name", "Night", "--permission", "invoice.read"
    )
    operator = served.command("operator", "create", "Op")
    app = RegisteredClient(made["client_id"], made["client_secret"])
    api = RegisteredClient(resource["client_id"], resource["client_secret"])
    credentials = [made["client_secret"], resource["client_secret"]]
    shown = [str(value) for value in (*key.values(), *operator.values())]
    credentials += [one for one in shown if one.startswith("cst_") and len(one) > 70]
    assert len(credentials) == 4

    credentials += _use_everything(served, app, api, credentials[2], credentials[3])

    credentials += _connect_a_device(served, app)

    assert len(credentials) == 4 + 7 + 3
    wanted = served.canaries | {secret_part(one) for one in credentials}
    held = served.kept()
    leaks = {f"{name}: {canary[:20]}" for name, what in held.items() for canary in wanted if canary.encode() in what}
    # The app's own, in its open request.
    allowed = {
        f"{place}: {STATE}" for place in ("consentry.sqlite3", "consentry.sqlite3-wal", "pending_authorizations")
    }
    assert leaks <= allowed
    assert any(made["client_id"].encode() in what for what in held.values())


def _use_everything(served: Served, app: RegisteredClient, api: RegisteredClient, key: str, operator: str) -> list[str]:
    """Go through every step, the failing ones too; return the credentials that were seen on the way."""
    site: Any = _Address(served.issuer)
    with UserAgent(site) as agent:
        agent.sign_in(Member("ana@acme.test", WRONG_PASSWORD))  # type: ignore[arg-type] # has what is read of a Person
        page = agent.sign_in(
            Member("ana@acme.test"),  # type: ignore[arg-type] # as above
            authorize_url(served.issuer, app, scope="invoicing:read", state=STATE),
        )
        code = query_of(agent.answer(page).headers["location"])["code"]
        session = agent.http.cookies["consentry"]
        exchange(site, app, code, code_verifier="w" * 43)
        tokens = exchange(site, app, code).json()
        introspect(site, api, tokens["access_token"])
        fresh = refresh(site, app, tokens["refresh_token"]).json()
        again = refresh(site, app, fresh["refresh_token"]).json()
        refresh(site, app, again["access_token"])
        for bearer in (key, operator, again["access_token"], "cst_at_broken"):
            httpx.get(f"{served.issuer}/api/v1/me/access", headers={"Authorization": f"Bearer {bearer}"})
            httpx.get(f"{served.issuer}/api/v1/apps", params={"api_key": bearer})
        httpx.post(f"{served.issuer}/oauth/token", params={"client_secret": app.secret or ""}, data={"code": code})
        exchange(site, app, code)
        revoke(site, app, fresh["refresh_token"])
    return [
        *(code, session, tokens["access_token"], tokens["refresh_token"]),
        *(fresh["access_token"], fresh["refresh_token"], again["access_token"]),
    ]


def _connect_a_device(served: Served, app: RegisteredClient) -> list[str]:
    """Connect a device by its code, with what goes wrong on the way; return its credentials."""
    site: Any = _Address(served.issuer)
    told = post(site, "/oauth/device_authorization", app, {"scope": "invoicing:read"}).json()
    served.canaries |= {told["user_code"], told["user_code"].replace("-", "")}
    form = {"grant_type": DEVICE_CODE, "device_code": told["device_code"]}
    post(site, "/oauth/token", app, form)
    httpx.post(f"{served.issuer}/oauth/token", params=form)
    with UserAgent(site) as agent:
        page = agent.sign_in(Member("ana@acme.test"), told["verification_uri_complete"])  # type: ignore[arg-type] # as above
        for action, decision in (("/device", None), ("/device/confirm", "continue"), ("/device/consent", "approve")):
            step = form_to(page.text, action)
            page = agent.submit(step, step.fields + ([("decision", decision)] if decision else []))
    tokens = post(site, "/oauth/token", app, form).json()
    post(site, "/oauth/token", app, form)
    return [told["device_code"], tokens["access_token"], tokens["refresh_token"]]


@dataclass(frozen=True, slots=True)
class _Address:
    """What the user agent needs of a site that is another process."""

    issuer: str


def test_op_02_a_fault_is_logged_without_its_text(site: Site, monkeypatch: pytest.MonkeyPatch, capfd: Any) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError("canary of a fault")

    monkeypatch.setattr(type(site.deeds.database), "read", broken)

    answer = httpx.get(f"{site.issuer}/oauth/authorize?client_id=x&redirect_uri=canary-of-a-query")

    said = "".join(capfd.readouterr())
    assert answer.status_code == 500
    assert answer.headers["x-request-id"] in said
    assert "canary" not in said
