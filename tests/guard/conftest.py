"""The guarded world."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from guard_calls import API
from guard_world import GuardWorld, build_guard_world

from small_world import FixedClock


@pytest.fixture
async def world(database_path: Path, tmp_path: Path, clock: FixedClock) -> AsyncIterator[GuardWorld]:
    world = await build_guard_world(database_path, tmp_path, clock, resource=API)
    yield world
    await world.guard.close()
    world.blocking.close()
    await world.deeds.database.close()
