"""oauth4webapi and openid-client go the whole way, as a confidential and as a public app.

Each runs in Node and talks to the test in lines of JSON; the test plays the person and the product's API.
"""

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from live_server import RegisteredClient, Site
from user_agent import introspect, is_active

pytestmark = pytest.mark.clients
NODE = Path(__file__).parent / "node"


@pytest.fixture(scope="module")
def node() -> str:
    """The program that runs JavaScript. Where it or the libraries are missing the tests fail: they never skip."""
    program = shutil.which("node")
    assert program is not None, "There is no node. Run: scripts/setup tests"
    assert (NODE / "node_modules").is_dir(), "The JavaScript clients are not installed. Run: scripts/setup tests"
    return program


@pytest.mark.interop(
    "oauth4webapi", "discovery", "authorization code with PKCE", "refresh", "introspection", "revocation"
)
@pytest.mark.interop(
    "openid-client", "discovery", "authorization code with PKCE", "refresh", "introspection", "revocation"
)
@pytest.mark.parametrize("library", ["oauth4webapi", "openid-client"])
def test_a_javascript_client_connects_calls_refreshes_and_revokes(
    site: Site, client: RegisteredClient, person_approves: Callable[[str], str], node: str, library: str
) -> None:
    given = {
        "issuer": site.issuer,
        "client_id": client.client_id,
        "client_secret": client.secret,
        "redirect_uri": client.redirect_uri,
        "scope": "invoicing:read contacts:read",
    }
    tokens: list[dict[str, Any]] = []
    done = False
    with subprocess.Popen(
        [node, f"{library}.mjs"],
        cwd=NODE,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None

        def reply(message: object) -> None:
            process.stdin.write(json.dumps(message) + "\n")  # type: ignore[union-attr] # asserted above
            process.stdin.flush()  # type: ignore[union-attr] # asserted above

        reply(given)
        for line in process.stdout:
            said = json.loads(line)
            if "authorize" in said:
                reply(person_approves(said["authorize"]))
            elif "token" in said:
                tokens.append(said["token"])
                found = introspect(site, site.resource, said["token"]["access_token"]).json()
                assert found["permissions"] == ["client.read", "invoice.read"]
                reply("ok")
            else:
                done = said["done"]
                process.stdin.close()  # the program ends once nobody can say anything more to it
        complaints = process.stderr.read()

    assert done, complaints
    assert process.returncode == 0, complaints
    assert tokens[0]["access_token"] != tokens[1]["access_token"]
    assert not any(is_active(site, token["access_token"]) for token in tokens)
