import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from mcp_world import McpWorld, mcp_world

from live_server import RegisteredClient


@pytest.fixture(scope="module")
def world(migrated_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[McpWorld]:
    """The sample MCP server and its Consentry, for the tests of a module."""
    folder = tmp_path_factory.mktemp("mcp")
    database = folder / "consentry.sqlite3"
    shutil.copy(migrated_file, database)
    with mcp_world(f"sqlite:///{database}", folder) as made:
        yield made


@pytest.fixture(scope="module")
def client(world: McpWorld) -> RegisteredClient:
    """An app that was registered beforehand."""
    return world.add_client()


@pytest.fixture
def token(world: McpWorld, client: RegisteredClient) -> str:
    """An access token for the MCP server, with the scope to begin with."""
    return world.connect(client, scope="invoicing:read")["access_token"]
