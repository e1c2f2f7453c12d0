"""The server of examples/conformance, with the two clients of FAPI 2.0 that it knows, and a browser."""

from collections.abc import Iterator

import pytest

from conformance_server import ConformanceServer
from fapi2_suite import Fapi2Client
from openid_suite import Browser


@pytest.fixture(scope="session")
def clients(conformance_server: ConformanceServer) -> tuple[Fapi2Client, Fapi2Client]:
    return Fapi2Client.both(conformance_server)


@pytest.fixture
def client(clients: tuple[Fapi2Client, Fapi2Client]) -> Fapi2Client:
    return clients[0]


@pytest.fixture
def browser(conformance_server: ConformanceServer) -> Iterator[Browser]:
    with Browser(conformance_server) as opened:
        yield opened
