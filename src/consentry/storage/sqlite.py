"""SQLite: strict reads in the calling thread, writes grouped into few commits by one writer thread.

WAL, `foreign_keys=ON`, `synchronous=FULL`. The operations that wait while a commit is under way share the next one:
each runs in its own savepoint, so that one which fails takes nothing of the others with it, and each caller gets its
answer only after the commit that made its data durable.
"""

import asyncio
import re
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import apsw

from consentry.storage.database import KeyedRead, Operation, P, Row, Statement, T, Value

BUSY_TIMEOUT_MILLISECONDS = 10_000
GROUP_MOST = 256
_STATEMENT_CACHE = 512


@dataclass(frozen=True, slots=True)
class _Job:
    operation: Callable[[], Operation[Any]]
    answer: "Future[Any]"


class SqliteDatabase:
    """One SQLite file. Safe to use from one event loop; any number of processes may open the same file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._reader = open_reader(path)
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._closed = False
        self._written: Future[None] = Future()
        self._writer = threading.Thread(target=self._run_jobs, name="consentry-sqlite-writer", daemon=True)
        self._writer.start()

    async def read(self, sql: str, *args: Value) -> Sequence[Row]:
        """Return the rows of one statement, read in this thread from what is committed now."""
        return read_rows(self._reader, sql, args)

    async def read_by_key(self, read: KeyedRead, key: str) -> Sequence[Row]:
        """Return the rows of `key`, read in this thread from what is committed now."""
        return read_rows(self._reader, read.where("= $1"), (key,))

    async def write(self, operation: Callable[P, Operation[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `operation` in the writer thread; return its result once it is on the disk."""
        if self._closed:
            raise RuntimeError("The database is closed.")
        job = _Job(partial(operation, *args, **kwargs), Future())
        self._jobs.put(job)
        result: T = await asyncio.wrap_future(job.answer)
        return result

    async def close(self) -> None:
        """Commit what waits, stop the writer thread and close the file."""
        if not self._closed:
            self._closed = True
            self._jobs.put(None)
            # Not by a thread that waits: at the end of a process no new one may be started.
            await asyncio.wrap_future(self._written)
            self._reader.close()

    def _run_jobs(self) -> None:
        connection = _connect(self.path)
        try:
            while (first := self._jobs.get()) is not None:
                group, stopping = self._take_group(first)
                _commit_group(connection, group)
                if stopping:
                    break
        finally:
            connection.close()
            self._written.set_result(None)

    def _take_group(self, first: _Job) -> tuple[list[_Job], bool]:
        group = [first]
        while len(group) < GROUP_MOST and not self._jobs.empty():
            job = self._jobs.get()
            if job is None:
                return group, True
            group.append(job)
        return group, False


def _commit_group(connection: apsw.Connection, group: list[_Job]) -> None:
    outcomes: list[tuple[_Job, Any, BaseException | None]] = []
    live = [job for job in group if job.answer.set_running_or_notify_cancel()]
    try:
        connection.execute("BEGIN IMMEDIATE")
        outcomes = [_run_in_savepoint(connection, job) for job in live]
        connection.execute("COMMIT")
    except BaseException as fault:  # noqa: BLE001 - every waiting caller must hear of it, whatever it is
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        for job in live:
            job.answer.set_exception(fault)
        return
    for job, result, fault_of_job in outcomes:
        if fault_of_job is None:
            job.answer.set_result(result)
        else:
            job.answer.set_exception(fault_of_job)


def _run_in_savepoint(connection: apsw.Connection, job: _Job) -> tuple[_Job, Any, BaseException | None]:
    connection.execute("SAVEPOINT operation")
    try:
        result = _run(connection, job.operation())
    except Exception as fault:
        if not connection.in_transaction:
            raise  # A full disk or a failing one ends the whole transaction, with the savepoint: all must hear of it.
        connection.execute("ROLLBACK TO operation")
        connection.execute("RELEASE operation")
        return job, None, fault
    connection.execute("RELEASE operation")
    return job, result, None


def _run(connection: apsw.Connection, operation: Operation[T]) -> T:
    try:
        statement: Statement = next(operation)
        while True:
            rows = connection.execute(_numbered(statement.sql), statement.args).fetchall()
            statement = operation.send(rows)
    except StopIteration as done:
        result: T = done.value
        return result


def open_reader(path: Path) -> apsw.Connection:
    """Return a connection that can only read."""
    connection = _connect(path)
    connection.pragma("query_only", 1)
    return connection


def read_rows(connection: apsw.Connection, sql: str, args: Sequence[Value]) -> Sequence[Row]:
    """Return the rows of one statement with `$1` placeholders, from what is committed now."""
    return connection.execute(_numbered(sql), args).fetchall()


def _connect(path: Path) -> apsw.Connection:
    connection = apsw.Connection(str(path), statementcachesize=_STATEMENT_CACHE)
    # Without the stability guarantee the planner prepares a statement again at each bind.
    connection.config(apsw.SQLITE_DBCONFIG_ENABLE_QPSG, 1)
    connection.set_busy_timeout(BUSY_TIMEOUT_MILLISECONDS)
    connection.pragma("journal_mode", "wal")
    connection.pragma("foreign_keys", 1)
    connection.pragma("synchronous", "FULL")
    return connection


@lru_cache(maxsize=1024)
def _numbered(sql: str) -> str:
    """Turn `$1` into SQLite's `?1`: SQLite reads `$1` as a name, numbered by where it first appears."""
    return re.sub(r"\$(\d+)", r"?\1", sql)
