from collections.abc import Iterator

import pytest
from mcp_world import McpWorld, mcp_world

from live_server import RegisteredClient


@pytest.fixture(scope="module")
def world(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[McpWorld]:
    """The sample MCP server and its Consentry, for the tests of a module."""
    with mcp_world(module_database_url, tmp_path_factory.mktemp("mcp")) as made:
        yield made


@pytest.fixture(scope="module")
def client(world: McpWorld) -> RegisteredClient:
    """An app that was registered beforehand."""
    return world.add_client()


@pytest.fixture
def token(world: McpWorld, client: RegisteredClient) -> str:
    """An access token for the MCP server, with the scope to begin with."""
    return world.connect(client, scope="invoicing:read")["access_token"]
