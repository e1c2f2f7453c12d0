"""The gateway's world over a database of its own."""

from collections.abc import AsyncIterator
from ipaddress import ip_network
from pathlib import Path

import pytest
from gateway_world import GatewayWorld, build_gateway_world

from small_world import FixedClock


@pytest.fixture
async def gateway(database_path: Path, clock: FixedClock) -> AsyncIterator[GatewayWorld]:
    world = await build_gateway_world(database_path, clock, trusted_proxies=(ip_network("127.0.0.1"),))
    yield world
    await world.protocol.deeds.database.close()
