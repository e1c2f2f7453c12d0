"""PostgreSQL: strict reads over a pool of prepared statements, each operation one transaction of its own.

READ COMMITTED, so that a statement sees what was committed when it began; what has one winner is one statement, and
what must hold over several takes a row's lock first. What PostgreSQL gives up for the sake of another one (a deadlock,
a serialization failure) is run again: an operation, as storage/database.py allows, and a read as well, which may wait
for a table that a migration holds, while the migration waits for one that the read holds.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import asyncpg

from consentry.postgres_url import parse_postgres_url
from consentry.storage.database import KeyedRead, Operation, P, Row, SetWrite, Statement, T, Value
from consentry.storage.gathered_writes import GatheredWrites, SetRefusedError
from consentry.storage.keyed_reads import KeyedReads
from consentry.storage.postgres_pool import Loan, PostgresPool
from consentry.storage.postgres_session import connecting

TRIES_MOST = 8
PAUSE_SECONDS = 0.02

_GIVEN_UP = (asyncpg.DeadlockDetectedError, asyncpg.SerializationError)


class PostgresDatabase:
    """One PostgreSQL database. Safe to use from one event loop; any number of processes may share the database.

    Connections are opened when they are first needed. What PostgreSQL raises is passed on.
    """

    def __init__(self, url: str) -> None:
        self._url = parse_postgres_url(url)
        self._pool: PostgresPool | None = None
        self._closed = False
        self._gathered: dict[SetWrite, GatheredWrites] = {}
        self._keyed: dict[KeyedRead, KeyedReads] = {}

    async def read(self, sql: str, *args: Value) -> Sequence[Row]:
        """Return the rows of one statement, as committed when it began."""
        async with self._lend() as connection:
            return [tuple(record) for record in await _fetch(connection, sql, *map(_storable, args))]

    def read_by_key(self, read: KeyedRead, key: str) -> Awaitable[Sequence[Row]]:
        """Return the rows of `key` by one statement with all who ask in this turn: see storage/keyed_reads.py."""
        gathered = self._keyed.get(read)
        if gathered is None:
            gathered = self._keyed[read] = KeyedReads(read, self._fetch_many)
        return gathered.ask(key)

    def read_together(self) -> None:
        """Do nothing: what is asked for in one turn of the event loop shares a statement in any case."""

    async def write(self, operation: Callable[P, Operation[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `operation` as one transaction; return its result once PostgreSQL has made it durable."""
        async with self._lend() as connection:
            for tried in range(1, TRIES_MOST):
                with suppress(*_GIVEN_UP):
                    return await _run(connection, operation(*args, **kwargs))
                await asyncio.sleep(_pause(tried, connection.get_server_pid()))
            return await _run(connection, operation(*args, **kwargs))

    async def write_set(self, write: SetWrite, *values: Value) -> bool:
        """Do the write in one statement with all who ask for it in this turn; tell whether it was done for this one."""
        gathered = self._gathered.get(write)
        if gathered is None:
            gathered = self._gathered[write] = GatheredWrites(write, self._write_many, self.write)
        return await gathered.add(values)

    async def close(self) -> None:
        """Let what is under way finish, and close the connections."""
        for gathered in self._gathered.values():
            await gathered.finish()
        self._closed = True
        if self._pool is not None:
            await self._pool.close()

    async def _write_many(self, sql: str, columns: Sequence[Sequence[Value]]) -> set[int]:
        async with self._lend() as connection:
            try:
                return {record[0] for record in await connection.fetch(sql, *columns)}
            except TimeoutError:
                raise
            except Exception as fault:
                if connection.is_closed():
                    raise
                # The server goes on, or was never asked: nothing of the set was done.
                raise SetRefusedError from fault

    async def _fetch_many(self, sql: str, keys: list[str]) -> Sequence[Row]:
        async with self._lend() as connection:
            return [tuple(record) for record in await _fetch(connection, sql, keys)]

    def _lend(self) -> Loan:
        if self._pool is None:
            if self._closed:
                raise RuntimeError("The database is closed.")
            connect = partial(asyncpg.connect, **connecting(self._url))
            self._pool = PostgresPool(connect, self._url.pool)
        return self._pool.lend()


async def _fetch(connection: Any, sql: str, *args: object) -> Any:
    tried = 1
    while True:
        try:
            return await connection.fetch(sql, *args)
        except _GIVEN_UP:
            if tried == TRIES_MOST:
                raise
        await asyncio.sleep(_pause(tried, connection.get_server_pid()))
        tried += 1


async def _run(connection: Any, operation: Operation[T]) -> T:
    async with connection.transaction():
        try:
            statement: Statement = next(operation)
            while True:
                records = await connection.fetch(statement.sql, *map(_storable, statement.args))
                statement = operation.send([tuple(record) for record in records])
        except StopIteration as done:
            result: T = done.value
    return result


def _pause(tried: int, process: int) -> float:
    """Return how long to wait: longer each time, and not as long as those do who are in each other's way."""
    return PAUSE_SECONDS * tried * (1 + process % 16)


def _storable(value: Value) -> Value:
    """Put U+FFFD in place of NUL, which PostgreSQL's text cannot hold: it matches nothing, as NUL would not."""
    return value.replace("\0", "\ufffd") if isinstance(value, str) and "\0" in value else value
