"""Who asks PostgreSQL for the same thing goes together: reads by key share a statement, and writes a commit.

All who ask in one turn of the event loop are one party. While as many parties are under way as may be, or one beside
which the few who wait may as well wait, those who come later gather for the next. A party leaves only after all who are
in it have asked.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context
from typing import Any, Generic, TypeVar

# One that PostgreSQL works on while the answers of the other are taken apart here.
UNDER_WAY_MOST = 2

Asked = TypeVar("Asked")


class Gathering(Generic[Asked]):
    """Gathers those who ask, in one event loop.

    `send` answers a party of `most` at most: whatever happens, those whom it met hear it, and it raises nothing. A
    crowd is parted if each part gets `part_least`; fewer than `beside_least` do not leave while a party is under way.
    """

    def __init__(
        self,
        send: Callable[[Sequence[Asked]], Awaitable[None]],
        *,
        most: int,
        part_least: int,
        beside_least: int,
    ) -> None:
        self._send = send
        self._most = most
        self._part_least = part_least
        self._beside_least = beside_least
        self._loop = asyncio.get_running_loop()
        self._waiting: list[Asked] = []
        self._under_way = 0
        self._carriers: set[asyncio.Task[None]] = set()
        # Whether there is a carrier that has not begun.
        self._is_called = False

    def add(self, asked: Asked) -> None:
        """Let this one go with the next party."""
        self._waiting.append(asked)
        self._call()

    async def finish(self) -> None:
        """Wait until all who ask have been answered."""
        while self._carriers:
            await asyncio.wait(self._carriers)

    def _may_leave(self) -> bool:
        if self._under_way:
            return self._under_way < UNDER_WAY_MOST and len(self._waiting) >= self._beside_least
        return bool(self._waiting)

    def _call(self) -> None:
        if self._is_called or not self._may_leave():
            return
        self._is_called = True
        # In nobody's context: it goes on for others than who asked first.
        carrier = self._loop.create_task(self._carry(), context=Context())
        self._carriers.add(carrier)
        carrier.add_done_callback(self._end)

    async def _carry(self) -> None:
        self._is_called = False
        while self._may_leave():
            party = self._next_party()
            self._under_way += 1
            self._call()
            try:
                await self._send(party)
            finally:
                self._under_way -= 1

    def _next_party(self) -> list[Asked]:
        # A crowd is parted, so that it is not idle here while PostgreSQL works, nor the other way round.
        waiting = self._waiting
        parts = min(UNDER_WAY_MOST - self._under_way, len(waiting) // self._part_least) or 1
        party = waiting[: min(self._most, -(-len(waiting) // parts))]
        del waiting[: len(party)]
        return party

    def _end(self, carrier: "asyncio.Task[None]") -> None:
        self._carriers.discard(carrier)
        if carrier.cancelled():
            # It may never have begun.
            self._is_called = False
            self._call()


def fail(answer: "asyncio.Future[Any]", fault: BaseException) -> None:
    """Let whoever waits for the answer hear the fault, if they still wait."""
    if answer.done():
        return
    if isinstance(fault, asyncio.CancelledError):
        answer.cancel()
    else:
        answer.set_exception(fault)
