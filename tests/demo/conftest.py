"""What the sample apps' tests share."""

from collections.abc import Iterator

import pytest
from sample_provider import Provider, running_provider


@pytest.fixture
def provider() -> Iterator[Provider]:
    with running_provider() as provider:
        yield provider
