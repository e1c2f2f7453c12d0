"""What becomes of the rest of a body that proved too long, once the answer is out (threats IN-04).

A server that hangs up on a client which is still sending takes the answer away with it: the client's system throws away
what it has received as soon as it learns that nobody listens. So the rest is read and dropped, as far as that is cheap.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import Message, Receive

MOST_BYTES = 4 * 1024 * 1024
"""How much is dropped before the server hangs up; nothing of it is kept."""

MOST_SECONDS = 2.0
"""How long the server waits for all of it."""


class RestOfBody:
    """The body of one request, of which it is known whether all has come."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._is_complete = False

    async def receive(self) -> Message:
        """Return the next piece, as ASGI has it."""
        message = await self._receive()
        if not message.get("more_body", False):
            # The last piece, or the client is gone.
            self._is_complete = True
        return message

    async def drop(self) -> None:
        """Read what is left, up to the limits."""
        dropped = 0
        with suppress(TimeoutError):
            async with asyncio.timeout(MOST_SECONDS):
                while not self._is_complete and dropped < MOST_BYTES:
                    dropped += len((await self.receive()).get("body", b""))
