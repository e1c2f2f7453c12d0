from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from registering_world import RegisteringWorld, registering_world
from small_world import FixedClock


@pytest.fixture
async def world(database_url: str, tmp_path: Path, clock: FixedClock) -> AsyncIterator[RegisteringWorld]:
    """A server where everybody may register."""
    async with registering_world(tmp_path, database_url, clock) as opened:
        yield opened
