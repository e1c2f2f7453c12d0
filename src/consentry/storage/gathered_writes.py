"""Writes that many ask for at once, gathered: all of one event-loop turn go in one statement and one commit.

Each caller is answered after the commit that made its own data durable. Whoever the statement left out, and everybody
where the database refused it, is done alone, so that one who cannot be done fails alone, and one who must wait for a
row keeps nobody else waiting.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, NamedTuple

from consentry.storage.database import LARGE_PART, SetWrite, Value
from consentry.storage.gathering import Gathering, fail

SET_MOST = 256
# A commit waits for the disk, and another one meanwhile costs it little: whoever asks need not wait for the first.
SET_BESIDE = 1
# Whoever waits for a row does so on a connection of the pool that others need too.
ALONE_AT_ONCE = 4


class SetRefusedError(Exception):
    """The database refused the statement for a whole set, and nothing of it was done."""


class _Caller(NamedTuple):
    values: tuple[Value, ...]
    answer: "asyncio.Future[bool]"


class GatheredWrites:
    """All callers of one write. Belongs to one event loop.

    `do_many` runs the statement with the columns of a set and returns the places of those for whom it was done; it
    raises SetRefusedError where it certainly did nothing. `do_one` does the write for one caller.
    """

    def __init__(
        self,
        write: SetWrite,
        do_many: Callable[[str, Sequence[Sequence[Value]]], Awaitable[set[int]]],
        do_one: Callable[..., Awaitable[bool]],
    ) -> None:
        self._write = write
        self._do_many = do_many
        self._do_one = do_one
        self._loop = asyncio.get_running_loop()
        self._gathering = Gathering(self._send_set, most=SET_MOST, part_least=LARGE_PART, beside_least=SET_BESIDE)
        self._alone = asyncio.Semaphore(ALONE_AT_ONCE)
        self._tasks: set[asyncio.Task[None]] = set()

    def add(self, values: tuple[Value, ...]) -> "asyncio.Future[bool]":
        """Do the write for this caller with all who wait; what is returned will tell whether it was done."""
        answer: asyncio.Future[bool] = self._loop.create_future()
        self._gathering.add(_Caller(values, answer))
        return answer

    async def finish(self) -> None:
        """Wait until all who ask have been answered."""
        await self._gathering.finish()
        while self._tasks:
            await asyncio.wait(self._tasks)
            await self._gathering.finish()

    async def _send_set(self, asked: Sequence[_Caller]) -> None:
        callers = [caller for caller in asked if not caller.answer.done()]
        if not callers:
            return
        done: set[int] = set()
        try:
            done = await self._do_many(self._write.many, list(zip(*(caller.values for caller in callers), strict=True)))
        except SetRefusedError:
            pass
        except BaseException as fault:  # noqa: BLE001 - whether it was done is not known, and each caller must hear it
            for caller in callers:
                fail(caller.answer, fault)
            return
        for place, caller in enumerate(callers, 1):
            if place not in done:
                self._start(self._send_alone(caller))
            elif not caller.answer.done():
                caller.answer.set_result(True)

    async def _send_alone(self, caller: _Caller) -> None:
        try:
            async with self._alone:
                done = await self._do_one(self._write.one, *caller.values)
        except BaseException as fault:  # noqa: BLE001 - it is the caller's
            fail(caller.answer, fault)
        else:
            if not caller.answer.done():
                caller.answer.set_result(done)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
