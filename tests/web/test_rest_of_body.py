"""The rest of a body that is too long is dropped, within limits. Threat IN-04."""

import asyncio

import pytest
from starlette.types import Message

from consentry.web import rest_of_body
from consentry.web.rest_of_body import MOST_BYTES, RestOfBody

PIECE = 64 * 1024


class Sender:
    """Sends pieces of a body, and then the last one; after `stalls_after` pieces nothing comes any more."""

    def __init__(self, pieces: int, *, stalls_after: int | None = None) -> None:
        self.sent = 0
        self._pieces = pieces
        self._stalls_after = stalls_after

    async def receive(self) -> Message:
        if self.sent == self._stalls_after:
            await asyncio.Event().wait()
        self.sent += 1
        return {"type": "http.request", "body": b"a" * PIECE, "more_body": self.sent < self._pieces}


async def test_in_04_the_rest_is_read_to_its_end() -> None:
    sender = Sender(10)
    body = RestOfBody(sender.receive)
    await body.receive()

    await body.drop()

    assert sender.sent == 10


async def test_in_04_nothing_is_waited_for_where_all_has_come() -> None:
    sender = Sender(1, stalls_after=1)
    body = RestOfBody(sender.receive)
    await body.receive()

    await body.drop()

    assert sender.sent == 1


async def test_in_04_of_a_body_without_an_end_no_more_is_read_than_the_limit() -> None:
    sender = Sender(1_000_000)

    await RestOfBody(sender.receive).drop()

    assert sender.sent == MOST_BYTES // PIECE


async def test_in_04_whoever_stops_sending_is_not_waited_for_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rest_of_body, "MOST_SECONDS", 0.05)
    sender = Sender(10, stalls_after=3)

    await RestOfBody(sender.receive).drop()

    assert sender.sent == 3


async def test_in_04_a_client_that_is_gone_is_not_waited_for() -> None:
    async def receive() -> Message:
        return {"type": "http.disconnect"}

    await RestOfBody(receive).drop()
