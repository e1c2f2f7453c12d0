"""The guarded world."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from guard_calls import API
from guard_world import GuardWorld, build_guard_world

from small_world import FixedClock


@pytest.fixture
async def world(database_url: str, tmp_path: Path, clock: FixedClock) -> AsyncIterator[GuardWorld]:
    async with _guarded(database_url, tmp_path, clock) as world:
        yield world


@asynccontextmanager
async def _guarded(database_url: str, folder: Path, clock: FixedClock) -> AsyncIterator[GuardWorld]:
    world = await build_guard_world(database_url, folder, clock, resource=API)
    yield world
    await world.guard.close()
    world.blocking.close()
    await world.deeds.database.close()
