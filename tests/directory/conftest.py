"""Every form of the directory on every engine, in a database in which the product may have tables too."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from forms import PRODUCT, VIEW, DirectoryWorld, InObject, fill

from consentry.guard import Guard
from consentry.storage.database import Operation, Statement
from consentry.storage.opening import open_database
from consentry.wiring import open_deeds
from protocol_world import settings_for
from small_world import FixedClock


@pytest.fixture(params=["sqlite", "postgresql"])
def own_url(request: pytest.FixtureRequest) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{request.getfixturevalue('database_path')}"
        return
    with request.getfixturevalue("postgres").new_database() as url:
        yield url


async def make_product(url: str) -> None:
    def operation() -> Operation[None]:
        for sql in PRODUCT:
            yield Statement(sql)

    database = open_database(url)
    await database.write(operation)
    await database.close()


async def open_world(form: str, url: str, folder: Path, clock: FixedClock) -> AsyncIterator[DirectoryWorld]:
    await make_product(url)
    view = VIEW if form == "view" else None
    settings = settings_for(folder / "any.sqlite3", database_url=url, directory_view_members=view)
    product = InObject()
    directory = product if form == "object" else None
    deeds = open_deeds(settings, clock=clock, directory=directory)
    protocol, bo = await fill(form, deeds, product)
    guard = Guard.open(settings, clock=clock, directory=directory)
    yield DirectoryWorld(protocol, bo, guard, product)
    await guard.close()
    await deeds.database.close()


@pytest.fixture(params=["built in", "view", "object"])
async def world(
    request: pytest.FixtureRequest, own_url: str, tmp_path: Path, clock: FixedClock
) -> AsyncIterator[DirectoryWorld]:
    async for opened in open_world(request.param, own_url, tmp_path, clock):
        yield opened


@pytest.fixture
async def view_world(own_url: str, tmp_path: Path, clock: FixedClock) -> AsyncIterator[DirectoryWorld]:
    async for opened in open_world("view", own_url, tmp_path, clock):
        yield opened


@pytest.fixture
async def object_world(own_url: str, tmp_path: Path, clock: FixedClock) -> AsyncIterator[DirectoryWorld]:
    async for opened in open_world("object", own_url, tmp_path, clock):
        yield opened
