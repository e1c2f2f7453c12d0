"""SQLite: strict reads in the calling thread, writes grouped into few commits by one writer thread.

WAL, `foreign_keys=ON`, `synchronous=FULL`: see storage/sqlite_connection.py and storage/sqlite_writer.py.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path

import apsw

from consentry.storage.database import KeyedRead, Operation, P, Row, SetWrite, T, Value
from consentry.storage.sqlite_connection import STATEMENTS, connect, numbered
from consentry.storage.sqlite_named_reads import NamedReads
from consentry.storage.sqlite_writer import SqliteWriter

# More than any file: SQLite maps as much as there is.
MAPPED_MOST = 1 << 40


class SqliteDatabase:
    """One SQLite file. Safe to use from one event loop; any number of processes may open the same file.

    So many `statements` of its reads are kept prepared.
    """

    def __init__(self, path: Path, *, statements: int = STATEMENTS) -> None:
        self.path = path
        self._reader = open_reader(path, statements)
        # One cursor for all: a read by key has all its rows before the next one begins.
        self._read_by_key = self._reader.cursor().execute
        self._named = NamedReads(self._reader)
        self._shares_next_turn = False
        self.writer = SqliteWriter(path)
        self._closed = False

    async def read(self, sql: str, *args: Value) -> Sequence[Row]:
        """Return the rows of one statement, read in this thread from what is committed now."""
        return read_rows(self._reader, sql, args)

    def read_by_key(self, read: KeyedRead, key: str) -> Awaitable[Sequence[Row]]:
        """Return what will hold the rows of `key`, read in this thread from what is committed when it is awaited."""
        return self._read_at_once(read, key)

    async def _read_at_once(self, read: KeyedRead, key: str) -> Sequence[Row]:
        return self._read_by_key(self._named[read], (key,)).fetchall()

    def read_together(self) -> None:
        """Let all that waits in the event loop now read in one transaction, which costs the locks of the file once.

        Whatever runs between its beginning and its end was in the loop's queue before it began, and so was the request
        that it answers: no request sees less than what was committed before it came. A write's result, too, comes into
        the queue only after its commit, so that whoever waited for it reads it.
        """
        if not self._shares_next_turn:
            self._shares_next_turn = True
            asyncio.get_running_loop().call_soon(self._begin_turn)

    def _begin_turn(self) -> None:
        self._shares_next_turn = False
        if self._closed:
            return
        # In this order: nothing may come into the queue between the beginning and what ends it.
        asyncio.get_running_loop().call_soon(self._end_turn)
        self._read_by_key("BEGIN")

    def _end_turn(self) -> None:
        if self._closed:
            return
        try:
            self._read_by_key("COMMIT")
        except apsw.Error:
            # What goes on reading would go on seeing the rights of this moment: nothing is read any more.
            self._closed = True
            self._reader.close(force=True)
            raise

    async def write(self, operation: Callable[P, Operation[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `operation` in the writer thread; return its result once it is on the disk."""
        return await self.writer.run(partial(operation, *args, **kwargs))

    async def write_set(self, write: SetWrite, *values: Value) -> bool:
        """Do the write for this caller; tell whether it won, once that is on the disk."""
        return await self.writer.run(partial(write.one, *values))

    async def close(self) -> None:
        """Commit what waits, stop the writer thread and close the file."""
        await self.writer.close()
        if not self._closed:
            self._closed = True
            self._reader.close()


def open_reader(path: Path, statements: int = STATEMENTS) -> apsw.Connection:
    """Return a connection that can only read, and keeps so many statements prepared."""
    connection = connect(path, statements)
    connection.pragma("query_only", 1)
    # In a big file most pages are read anew for every check: through a map they cost no call of the system and no copy,
    # and the memory is the system's page cache, of which all processes share one.
    connection.pragma("mmap_size", MAPPED_MOST)
    return connection


def read_rows(connection: apsw.Connection, sql: str, args: Sequence[Value]) -> Sequence[Row]:
    """Return the rows of one statement with `$1` placeholders, from what is committed now."""
    return connection.execute(numbered(sql), args).fetchall()
