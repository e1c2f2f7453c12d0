"""The official Python SDK as an assistant uses it; its user is a browser that signs in and presses a button."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import httpx2
from mcp.client.auth import OAuthClientProvider
from mcp.client.client import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import AuthorizationCodeResult, OAuthClientInformationFull, OAuthClientMetadata, OAuthToken
from mcp_world import McpWorld

from live_server import Person, RegisteredClient
from user_agent import UserAgent, query_of


@dataclass
class Assistant:
    """One installation: what it keeps between its runs, and what its user did for it."""

    world: McpWorld
    person: Person
    name: str = "Assistant"
    redirect_uri: str = "http://127.0.0.1:33418/callback"
    metadata_url: str | None = None
    tokens: OAuthToken | None = None
    client: OAuthClientInformationFull | None = None
    consents: list[dict[str, str]] = field(default_factory=list)
    seen: list[tuple[str, str, int]] = field(default_factory=list)
    _answer: dict[str, str] = field(default_factory=dict)
    _provider: OAuthClientProvider | None = None

    # What the SDK calls a token storage.
    async def get_tokens(self) -> OAuthToken | None:
        return self.tokens

    async def set_tokens(self, tokens: OAuthToken) -> None:
        self.tokens = tokens

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        return self.client

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        self.client = client_info

    def preregistered(self, client: RegisteredClient) -> None:
        """Give it a client ID, as a person types it in."""
        method = "none" if client.secret is None else "client_secret_basic"
        self.client = OAuthClientInformationFull.model_validate(
            {
                "client_id": client.client_id,
                "client_secret": client.secret,
                "redirect_uris": [self.redirect_uri],
                "token_endpoint_auth_method": method,
            }
        )

    async def open_in_browser(self, url: str) -> None:
        self._answer = await asyncio.to_thread(self._approve, url)

    async def wait_for_answer(self) -> AuthorizationCodeResult:
        given = self._answer
        assert "code" in given, given
        return AuthorizationCodeResult(code=given["code"], state=given.get("state"), iss=given.get("iss"))

    def _approve(self, url: str) -> dict[str, str]:
        self.consents.append(query_of(url))
        with UserAgent(self.world.site) as agent:
            page = agent.sign_in(self.person, url)
            answer = page if page.is_redirect else agent.answer(page)
        location = answer.headers["location"]
        assert location.startswith(self.redirect_uri), location
        return query_of(location)

    def restarted(self) -> "Assistant":
        """Return the same installation, started anew with what it kept: its tokens and its client ID."""
        return replace(self, seen=[], _answer={}, _provider=None)

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[Client]:
        """Run it: yields the SDK's client, which has spoken with the server."""
        metadata = OAuthClientMetadata.model_validate(
            {
                "client_name": self.name,
                "redirect_uris": [self.redirect_uri],
                "grant_types": ["authorization_code", "refresh_token"],
                "token_endpoint_auth_method": "none",
            }
        )
        self._provider = provider = OAuthClientProvider(
            self.world.url,
            metadata,
            self,
            redirect_handler=self.open_in_browser,
            callback_handler=self.wait_for_answer,
            client_metadata_url=self.metadata_url,
        )

        async def note(response: httpx2.Response) -> None:
            request = response.request
            self.seen.append((request.method, request.url.path, response.status_code))

        async with (
            httpx2.AsyncClient(auth=provider, event_hooks={"response": [note]}, timeout=20, trust_env=False) as http,
            Client(streamable_http_client(self.world.url, http_client=http)) as client,
        ):
            yield client

    def expire(self) -> None:
        """Let its access token be over, by the clock that the SDK goes by."""
        assert self._provider is not None
        self._provider.context.token_expiry_time = 1

    async def call(self, tool: str, **arguments: Any) -> Any:
        """Run it for one call; return what the tool answered."""
        async with self.connected() as client:
            return (await client.call_tool(tool, arguments)).structured_content
