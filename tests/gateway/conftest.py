"""The gateway's world over a database of its own, once on each engine."""

from collections.abc import AsyncIterator
from ipaddress import ip_network
from pathlib import Path

import pytest
from gateway_world import GatewayWorld, build_gateway_world

from small_world import FixedClock


@pytest.fixture
async def gateway(database_url: str, tmp_path: Path, clock: FixedClock) -> AsyncIterator[GatewayWorld]:
    file, proxies = tmp_path / "consentry.sqlite3", (ip_network("127.0.0.1"),)
    world = await build_gateway_world(file, clock, trusted_proxies=proxies, database_url=database_url)
    yield world
    await world.protocol.deeds.database.close()
