"""An app that hears of logouts, and what tells it."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from logout_receiver import HOST, Receiver, outbound_to

from certificates import write_certificate
from consentry.flows.backchannel_logout import BackchannelLogout
from protocol_world import ProtocolWorld


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_certificate(tmp_path_factory.mktemp("tls") / "client.pem", HOST)


@pytest.fixture
async def receiver(certificate: Path) -> AsyncIterator[Receiver]:
    async with Receiver(certificate).serve() as served:
        yield served


@pytest.fixture
def messenger(protocol: ProtocolWorld, receiver: Receiver) -> BackchannelLogout:
    """What delivers, over the world's database."""
    return replace(protocol.deeds.backchannel_logout, outbound=outbound_to(receiver))
