"""A client that binds its tokens to a key of its own (RFC 9449) calls the MCP server with a proof, and only so."""

from hashlib import sha256
from typing import Any

import httpx
import pytest
from mcp_world import McpWorld

from client_keys import a_key, encoded_bytes, proof
from consentry.clock import SystemClock
from live_server import RegisteredClient
from user_agent import VERIFIER, UserAgent


def call(world: McpWorld, token: str, tool: str, scheme: str = "DPoP") -> httpx.Response:
    ath = encoded_bytes(sha256(token.encode()).digest())
    proved = proof(a_key(), SystemClock(), htm="POST", htu=world.url, ath=ath)
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": tool, "arguments": {}}}
    headers = {"Accept": "application/json, text/event-stream", "Authorization": f"{scheme} {token}", "DPoP": proved}
    return httpx.post(world.url, json=message, headers=headers)


@pytest.fixture
def bound_token(world: McpWorld, client: RegisteredClient) -> str:
    """A token that was asked for with a proof."""
    with UserAgent(world.site) as agent:
        agent.sign_in(world.site.ana)
        code = agent.approve(client, scope="invoicing:read", resource=world.url)["code"]
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": client.redirect_uri,
        "code_verifier": VERIFIER,
        "client_id": client.client_id,
    }
    url = f"{world.site.issuer}/oauth/token"
    proved = proof(a_key(), SystemClock(), htu=url)
    answer: dict[str, Any] = httpx.post(url, data=form, headers={"DPoP": proved}).json()
    assert answer["token_type"] == "DPoP", answer
    token: str = answer["access_token"]
    return token


@pytest.mark.shows("RFC 9449 §7.1")
def test_it_is_let_in_with_a_proof_and_not_as_a_bearer(world: McpWorld, bound_token: str) -> None:
    assert call(world, bound_token, "list_invoices").status_code == 200
    assert call(world, bound_token, "list_invoices", "Bearer").status_code == 401


@pytest.mark.parametrize(("tool", "error"), [("list_contacts", "insufficient_scope"), ("unheard_of", "access_denied")])
def test_what_it_lacks_is_told_in_its_own_scheme(world: McpWorld, bound_token: str, tool: str, error: str) -> None:
    told = call(world, bound_token, tool)

    assert told.status_code == 403
    challenge = told.headers["www-authenticate"]
    assert challenge.startswith("DPoP ")
    assert f'error="{error}"' in challenge
