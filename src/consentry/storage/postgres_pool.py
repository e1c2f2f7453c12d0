"""Connections to PostgreSQL that are lent and come back: no more than so many, each opened when it is first needed.

Lending one costs next to nothing, and that is what this is for: the driver's own pool makes a task, a wrapper and a
timer each time, which is half of what the process pays for a short read.
"""

import asyncio
from asyncio import AbstractEventLoop
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from types import TracebackType
from typing import Any

IDLE_SECONDS = 300.0
CLOSE_SECONDS = 10.0


class PostgresPool:
    """At most `most` connections of one event loop, opened by `connect`: what it raises, whoever needed one hears.

    One that nobody needed for `idle_seconds` is closed.
    """

    def __init__(self, connect: Callable[[], Awaitable[Any]], most: int, idle_seconds: float = IDLE_SECONDS) -> None:
        self._connect = connect
        self._most = most
        self._idle_seconds = idle_seconds
        # Lent, or being opened or closed. Those that are idle are not among them, and go before any is opened.
        self._busy = 0
        self._lent: set[Any] = set()
        # The last that came back is lent first, so that those in excess stay behind and are closed.
        self._idle: list[tuple[Any, float]] = []
        self._waiting: deque[asyncio.Future[Any]] = deque()
        self._leaving: set[asyncio.Task[None]] = set()
        self._sweeping: asyncio.TimerHandle | None = None
        self._all_back: asyncio.Future[None] | None = None

    def lend(self) -> "Loan":
        """Lend a connection for the length of an `async with`."""
        return Loan(self)

    async def take(self) -> Any:
        """Return a connection, which must be given back; wait while all are lent. Raises RuntimeError once closed."""
        if self._all_back is not None:
            raise RuntimeError("The database is closed.")
        while self._idle:
            connection, _ = self._idle.pop()
            if not connection.is_closed():
                self._busy += 1
                self._lent.add(connection)
                return connection
        if self._busy < self._most:
            self._busy += 1
            return await self._open()
        return await self._wait()

    def give_back(self, connection: Any, *, is_clean: bool = True) -> None:
        """Take a connection back. One that is not clean may have something under way, and is not lent again."""
        self._lent.discard(connection)
        if connection.is_closed():
            self._pass_on(None)
        elif is_clean:
            self._pass_on(connection)
        else:
            task = asyncio.get_running_loop().create_task(self._put_away(connection))
            self._leaving.add(task)
            task.add_done_callback(self._leaving.discard)

    async def close(self) -> None:
        """Wait for those who have a connection or wait for one, ten seconds at most, and close all. Idempotent."""
        if self._all_back is None:
            self._all_back = asyncio.get_running_loop().create_future()
            if not self._busy:
                self._all_back.set_result(None)
        if self._sweeping is not None:
            self._sweeping.cancel()
        with suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(self._all_back), CLOSE_SECONDS)
        for connection in self._lent:
            connection.terminate()
        idle, self._idle = self._idle, []
        await asyncio.gather(*(_close(connection) for connection, _ in idle))

    async def _open(self) -> Any:
        try:
            connection = await self._connect()
        except BaseException:
            self._pass_on(None)
            raise
        self._lent.add(connection)
        return connection

    async def _wait(self) -> Any:
        waiter: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        try:
            connection = await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled():
                self._pass_on(waiter.result())
            raise
        if connection is None:
            return await self._open()
        self._lent.add(connection)
        return connection

    async def _put_away(self, connection: Any) -> None:
        # Closing waits until the server has been told to give up what is under way, so that it holds no row for long.
        await _close(connection)
        self._pass_on(None)

    def _pass_on(self, connection: Any | None) -> None:
        """Leave a connection, or None for the room that one had, to whoever has waited longest."""
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(connection)
                return
        self._busy -= 1
        loop = asyncio.get_running_loop()
        if connection is not None:
            self._idle.append((connection, loop.time()))
            if self._sweeping is None and self._all_back is None:
                self._sweeping = loop.call_later(self._idle_seconds, self._sweep, loop)
        if not self._busy and self._all_back is not None and not self._all_back.done():
            self._all_back.set_result(None)

    def _sweep(self, loop: AbstractEventLoop) -> None:
        self._sweeping = None
        until = loop.time() - self._idle_seconds
        while self._idle and self._idle[0][1] <= until:
            self._idle.pop(0)[0].terminate()
        if self._idle:
            self._sweeping = loop.call_at(self._idle[0][1] + self._idle_seconds, self._sweep, loop)


class Loan:
    """A connection for the length of an `async with`."""

    __slots__ = ("_connection", "_pool")

    def __init__(self, pool: PostgresPool) -> None:
        self._pool = pool

    async def __aenter__(self) -> Any:
        self._connection = await self._pool.take()
        return self._connection

    async def __aexit__(
        self, _kind: type[BaseException] | None, fault: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._pool.give_back(self._connection, is_clean=fault is None or _is_over(fault, self._connection))


def _is_over(fault: BaseException, connection: Any) -> bool:
    """Tell whether nothing is under way on a connection whose borrower left with this fault."""
    interrupted = not isinstance(fault, Exception) or isinstance(fault, TimeoutError)
    return not interrupted and not connection.is_closed() and not connection.is_in_transaction()


async def _close(connection: Any) -> None:
    try:
        await connection.close(timeout=CLOSE_SECONDS)
    except Exception:  # noqa: BLE001 - whatever it is, nothing more can be asked of this connection
        connection.terminate()
