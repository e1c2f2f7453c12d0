"""The world of devices, once on each engine."""

import pytest

from device_world import DeviceWorld, build_device_world
from protocol_world import ProtocolWorld


@pytest.fixture
async def devices(protocol: ProtocolWorld) -> DeviceWorld:
    return await build_device_world(protocol)
