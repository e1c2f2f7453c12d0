"""`consentry doctor` says where a client that knows nothing would get stuck, and nothing of what is well. Row C-36."""

import json
import os
import subprocess
import sys
from typing import Any

import httpx
import pytest
from mcp_world import McpWorld

from consentry.cli.doctor_checks import Doctor, Finding, Outcome
from live_server import Site
from small_world import FixedClock

ISSUER = "https://connect.books.test"
API = "https://books.test/mcp"
DATE = "Tue, 24 Nov 2026 09:00:03 GMT"
OPEN = {"access-control-allow-origin": "*", "date": DATE}
SERVER = {"issuer": ISSUER, "client_id_metadata_document_supported": True}
DOCUMENT = {"resource": API, "authorization_servers": [ISSUER], "scopes_supported": ["invoicing:read"]}
CHALLENGE = 'Bearer realm="x", resource_metadata="https://books.test/.well-known/oauth-protected-resource/mcp"'


def run_doctor(site: Site, *arguments: str) -> tuple[int, list[dict[str, str]]]:
    settings = site.deeds.settings
    environ = {
        **os.environ,
        "CONSENTRY_ISSUER": settings.issuer,
        "CONSENTRY_DATABASE_URL": settings.database_url,
        "CONSENTRY_CATALOG": str(settings.catalog),
        "CONSENTRY_SECRET_KEY": settings.secret_key.reveal(),
        # Nobody outside is asked: https goes to a port of this computer at which nobody listens.
        "HTTPS_PROXY": "http://127.0.0.1:9",
    }
    done = subprocess.run(
        [sys.executable, "-m", "consentry", "doctor", "--json", *arguments],
        env=environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert not done.stderr, done.stderr
    return done.returncode, json.loads(done.stdout)


def test_c_36_the_doctor_finds_a_sound_server_and_a_sound_api_well(world: McpWorld) -> None:
    code, found = run_doctor(world.site, world.url)

    assert [one for one in found if one["outcome"] == "bad"] == []
    assert code == 0
    told = {one["finding"] for one in found}
    assert "The metadata are there, and name the issuer to the letter." in told
    assert "The API describes itself, and names this server." in told
    assert "A call without a token is told where to find the way." in told


def test_c_36_without_a_url_the_doctor_looks_at_every_registered_api(world: McpWorld) -> None:
    code, found = run_doctor(world.site)

    # Nobody is at https://api.books.test, which is registered too.
    assert code == 1
    assert {one["about"] for one in found if one["outcome"] == "bad"} >= {"https://api.books.test"}
    assert any(one["about"].startswith(world.origin) for one in found)


def answers(**changed: Any) -> dict[tuple[str, str], httpx.Response]:
    """What a sound server and a sound API answer, with some of it changed."""
    server, document = {**SERVER, **changed.get("server", {})}, {**DOCUMENT, **changed.get("document", {})}
    headers = {**OPEN, **changed.get("headers", {})}
    challenged = changed.get("challenged", httpx.Response(401, headers={**OPEN, "www-authenticate": CHALLENGE}))
    return {
        ("GET", f"{ISSUER}/.well-known/oauth-authorization-server"): httpx.Response(200, json=server, headers=headers),
        ("GET", f"{ISSUER}/oauth/jwks"): httpx.Response(200, json={"keys": changed.get("keys", [{"kty": "EC"}])}),
        ("GET", f"{ISSUER}/.well-known/openid-configuration"): changed.get("openid", httpx.Response(404)),
        ("GET", "https://books.test/.well-known/oauth-protected-resource/mcp"): changed.get(
            "metadata", httpx.Response(200, json=document, headers=OPEN)
        ),
        ("POST", API): challenged,
    }


def look(known: dict[tuple[str, str], httpx.Response]) -> list[Finding]:
    allowed = {**OPEN, "access-control-allow-headers": "Authorization, Content-Type"}

    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "OPTIONS":
            return httpx.Response(204, headers=allowed)
        return known[(request.method, str(request.url))]

    with httpx.Client(transport=httpx.MockTransport(answer)) as http:
        doctor = Doctor(http, ISSUER, ["invoicing:read"], FixedClock())
        return [*doctor.server(), *doctor.api(API)]


def test_c_36_a_sound_world_is_called_well() -> None:
    assert [one for one in look(answers()) if one.outcome is Outcome.BAD] == []


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"server": {"issuer": f"{ISSUER}/"}}, "letter by letter"),
        ({"headers": {"date": "Tue, 24 Nov 2026 09:00:30 GMT"}}, "30 s apart"),
        ({"headers": {"access-control-allow-origin": "https://books.test"}}, "of another origin may not read it"),
        ({"keys": []}, "consentry keys rotate"),
        ({"openid": httpx.Response(200, json={"issuer": ISSUER})}, "lacks jwks_uri"),
        ({"document": {"resource": "https://books.test"}}, "It describes 'https://books.test'"),
        ({"document": {"authorization_servers": ["https://other.test", ISSUER]}}, "The first of its authorization"),
        ({"document": {"scopes_supported": ["offline_access"]}}, "Take offline_access out"),
        ({"document": {"scopes_supported": ["ledger:read"]}}, "does not have its scopes ledger:read"),
        ({"metadata": httpx.Response(404)}, "It answers 404"),
        ({"metadata": httpx.Response(200, text="<html>")}, "not JSON"),
        ({"metadata": httpx.Response(301, headers={"location": "/x"})}, "which clients do not follow"),
        ({"challenged": httpx.Response(200, headers=OPEN)}, "answered 200 and not 401"),
        ({"challenged": httpx.Response(307, headers={"location": f"{API}/"})}, "lose their token on the way"),
        ({"challenged": httpx.Response(401, headers={"www-authenticate": "Bearer"})}, "does not name https://books"),
        (
            {"challenged": httpx.Response(401, headers={"www-authenticate": CHALLENGE})},
            "A script of another origin may not read it",
        ),
    ],
)
def test_c_36_each_fault_is_named_with_what_to_do(changed: dict[str, Any], words: str) -> None:
    found = [one.sentence for one in look(answers(**changed)) if one.outcome is Outcome.BAD]

    assert len(found) == 1
    assert words in found[0]


@pytest.mark.parametrize(
    ("fault", "words"),
    [(httpx.ConnectError("refused"), "cannot be reached"), (httpx.ReadTimeout("slow"), "within 10 s")],
)
def test_c_07_c_36_an_address_that_does_not_answer_in_time_is_named(fault: Exception, words: str) -> None:
    def answer(_request: httpx.Request) -> httpx.Response:
        raise fault

    with httpx.Client(transport=httpx.MockTransport(answer)) as http:
        found = [*Doctor(http, ISSUER, [], FixedClock()).server()]

    assert [one.outcome for one in found] == [Outcome.BAD]
    assert words in found[0].sentence
