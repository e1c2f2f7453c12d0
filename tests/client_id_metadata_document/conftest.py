from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from documents_of_others import Documents
from registering_world import RegisteringWorld, registering_world
from small_world import FixedClock


@pytest.fixture
def documents() -> Documents:
    """What stands on the network."""
    return Documents()


@pytest.fixture
async def world(
    database_url: str, tmp_path: Path, clock: FixedClock, documents: Documents
) -> AsyncIterator[RegisteringWorld]:
    """A server that takes the word of documents."""
    async with registering_world(
        tmp_path, database_url, clock, outbound=documents, client_id_metadata_documents=True
    ) as opened:
        yield opened
