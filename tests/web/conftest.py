"""The browsers of two people."""

from collections.abc import AsyncIterator

import httpx
import pytest

from app_builders import ANA, BO
from consentry.wiring import Deeds
from site_client import browser_of


@pytest.fixture
async def ana(deeds: Deeds) -> AsyncIterator[httpx.AsyncClient]:
    """The browser of Ana, an owner of Acme."""
    async with await browser_of(deeds, ANA) as browser:
        yield browser


@pytest.fixture
async def bo(deeds: Deeds) -> AsyncIterator[httpx.AsyncClient]:
    """The browser of Bo, a bookkeeper of Acme."""
    async with await browser_of(deeds, BO) as browser:
        yield browser
