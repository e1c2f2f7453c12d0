"""Programs that nobody sits before call the MCP server by the official SDKs: client credentials, secret or key."""

from dataclasses import dataclass
from typing import Any

import httpx2
import pytest
from mcp.client.auth.extensions.client_credentials import (
    ClientCredentialsOAuthProvider,
    PrivateKeyJWTOAuthProvider,
    SignedJWTParameters,
)
from mcp.client.client import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import OAuthClientInformationFull, OAuthToken
from mcp_world import McpWorld

from client_keys import a_key, key_set
from clients.node_program import converse
from live_server import OPERATOR, RegisteredClient
from user_agent import introspect

# The libraries meet HTTP only; test_mcp_clients.py goes the other ways on each engine.
pytestmark = [pytest.mark.clients, pytest.mark.parametrize("module_database_url", ["sqlite"], indirect=True)]
KEY = a_key("ES256")
SCOPE = "invoicing:read"


@dataclass
class Kept:
    """What the SDK calls a token storage."""

    tokens: OAuthToken | None = None

    async def get_tokens(self) -> OAuthToken | None:
        return self.tokens

    async def set_tokens(self, tokens: OAuthToken) -> None:
        self.tokens = tokens

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        return None

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        raise AssertionError(f"It is registered: {client_info}")


def add_service(world: McpWorld, proof: str) -> RegisteredClient:
    """Register an app that may act for the organisation, and proves itself in this way."""
    metadata: dict[str, Any] = {"token_endpoint_auth_method": proof}
    app = world.add_client(public=False, metadata=metadata | ({"jwks": key_set(KEY)} if "jwt" in proof else {}))
    world.site.run(world.site.deeds.services.members.allow(OPERATOR, app.client_id))
    return app


def is_bound(world: McpWorld, token: str) -> bool:
    """Tell whether the token is the MCP server's alone: another API learns nothing of it."""
    told: object = introspect(world.site, world.site.resource, token).json()
    return told == {"active": False}


@pytest.mark.interop("mcp (Python)", "client credentials", "private_key_jwt", "resource indicators")
@pytest.mark.shows("RFC 6749 §4.4.2 authenticated", "RFC 8707 §2.2")
@pytest.mark.parametrize("proof", ["client_secret_basic", "private_key_jwt"])
async def test_the_python_sdk_calls_by_itself(world: McpWorld, proof: str) -> None:
    app, kept = add_service(world, proof), Kept()
    if proof == "private_key_jwt":
        signing = SignedJWTParameters(
            issuer=app.client_id,
            subject=app.client_id,
            signing_key=KEY.key.as_pem(private=True).decode(),
            signing_algorithm="ES256",
        )
        provider: Any = PrivateKeyJWTOAuthProvider(
            world.url, kept, app.client_id, signing.create_assertion_provider(), scope=SCOPE, issuer=world.site.issuer
        )
    else:
        assert app.secret is not None
        provider = ClientCredentialsOAuthProvider(
            world.url, kept, app.client_id, app.secret, scope=SCOPE, issuer=world.site.issuer
        )
    async with (
        httpx2.AsyncClient(auth=provider, timeout=20, trust_env=False) as http,
        Client(streamable_http_client(world.url, http_client=http)) as client,
    ):
        answer = await client.call_tool("list_invoices", {})

    assert not answer.is_error
    assert kept.tokens is not None
    assert is_bound(world, kept.tokens.access_token)


@pytest.mark.interop("@modelcontextprotocol/sdk", "client credentials", "private_key_jwt", "resource indicators")
@pytest.mark.shows("RFC 6749 §4.4.2 authenticated", "RFC 8707 §2.2")
@pytest.mark.parametrize("proof", ["client_secret_basic", "private_key_jwt"])
def test_the_javascript_sdk_calls_by_itself(world: McpWorld, proof: str) -> None:
    app = add_service(world, proof)
    given = {"url": world.url, "issuer": world.site.issuer, **app.post, "scope": SCOPE, "call": "list_invoices"}
    if proof == "private_key_jwt":
        given["jwk"] = {**KEY.key.as_dict(private=True), "kid": KEY.kid}

    done = converse("mcp-service", given, str)

    assert not done["result"].get("isError")
    assert is_bound(world, done["token"]["access_token"])
