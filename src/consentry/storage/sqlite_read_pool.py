"""The same SQLite file, read by many threads at once: each read has a connection to itself while it lasts."""

from __future__ import annotations

from collections import deque
from threading import Event
from typing import TYPE_CHECKING

from consentry.storage.sqlite import SqliteDatabase, open_reader, read_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import apsw

    from consentry.storage.database import KeyedRead, Operation, P, Row, SetWrite, T, Value


class SqliteReadPool:
    """One SQLite file for a server with threads. A read is strict, and never waits for an event loop.

    There are as many reading connections as there were reads at once: none belongs to a thread, so that a server which
    starts a thread for every request leaves nothing behind. Writes go through the one writer of `SqliteDatabase`.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._database = SqliteDatabase(path)
        # The last one given back is taken first: its statements are prepared. Both ends of a deque are safe in threads.
        self._idle: deque[apsw.Connection] = deque()
        self._closed = Event()

    async def read(self, sql: str, *args: Value) -> Sequence[Row]:
        """Return the rows of one statement, read in this thread from what is committed now."""
        if self._closed.is_set():
            raise RuntimeError("The database is closed.")
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = open_reader(self._path)
        try:
            rows = read_rows(connection, sql, args)
        except BaseException:
            connection.close()
            raise
        if self._closed.is_set():
            connection.close()
        else:
            self._idle.append(connection)
        return rows

    async def read_by_key(self, read: KeyedRead, key: str) -> Sequence[Row]:
        """Return the rows of `key`, read in this thread from what is committed now."""
        return await self.read(read.for_one, key)

    def read_together(self) -> None:
        """Do nothing: the threads that ask share no moment."""

    async def write(self, operation: Callable[P, Operation[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `operation` as one transaction; return its result once it is on the disk."""
        return await self._database.write(operation, *args, **kwargs)

    async def write_set(self, write: SetWrite, *values: Value) -> bool:
        """Do the write for this caller; tell whether it was done, once it is on the disk."""
        return await self._database.write_set(write, *values)

    async def close(self) -> None:
        """Commit what waits, and close every connection; one that is reading, once it has read."""
        self._closed.set()
        await self._database.close()
        while self._idle:
            self._idle.pop().close()
