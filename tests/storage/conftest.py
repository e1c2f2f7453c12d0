"""PostgreSQL as it is, for the tests of its engine."""

from collections.abc import AsyncIterator, Iterator

import pytest

from app_builders import add_people
from consentry.storage.postgres import PostgresDatabase
from postgres_server import PostgresServer


@pytest.fixture
def url(postgres: PostgresServer) -> Iterator[str]:
    with postgres.database() as url:
        yield url


@pytest.fixture
async def engine(url: str) -> AsyncIterator[PostgresDatabase]:
    opened = PostgresDatabase(url)
    await add_people(opened)
    yield opened
    await opened.close()
