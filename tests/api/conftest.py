"""What tests of the management API share."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from people_client import Organisation, make_organisation

from app_builders import add_operator
from consentry.wiring import Deeds
from people_builders import CountingPasswords
from site_client import api_client, open_small_deeds
from small_world import FixedClock


@pytest.fixture
async def empty_deeds(database_url: str, tmp_path: Path, clock: FixedClock) -> AsyncIterator[Deeds]:
    """Everything wired up over a database without people, at the time of `clock`, once on each engine."""
    opened = open_small_deeds(database_url, tmp_path, clock=clock, passwords=CountingPasswords())
    yield opened
    await opened.database.close()


@pytest.fixture
async def acme(deeds: Deeds) -> Organisation:
    return await make_organisation(deeds, "Acme Books")


@pytest.fixture
async def by_operator(deeds: Deeds) -> AsyncIterator[httpx.AsyncClient]:
    async with api_client(deeds, await add_operator(deeds.database)) as client:
        yield client
