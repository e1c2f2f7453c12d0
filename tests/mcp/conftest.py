import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from mcp_world import McpWorld, mcp_world


@pytest.fixture(scope="module")
def world(migrated_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[McpWorld]:
    """The sample MCP server and its Consentry, for the tests of a module."""
    folder = tmp_path_factory.mktemp("mcp")
    database = folder / "consentry.sqlite3"
    shutil.copy(migrated_file, database)
    with mcp_world(f"sqlite:///{database}", folder) as made:
        yield made
