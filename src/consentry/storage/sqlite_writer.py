"""The one writer of a SQLite file: a thread in which the operations that wait share a commit.

What is asked for in one turn of an event loop is handed over together, and so is what the turns right after it add:
whoever writes takes processor time from the loop, and a commit for one costs as much as one for many. What comes while
a commit is under way shares the next one. Each caller gets its answer only after the commit that made its data durable,
and an operation that fails takes nothing of the others with it. Whatever happens, every caller hears, and the thread
goes on.
"""

import asyncio
import threading
from asyncio import AbstractEventLoop
from collections.abc import Callable
from concurrent.futures import Future as ThreadFuture
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Any, NamedTuple

import apsw

from consentry.storage.database import Operation, T
from consentry.storage.sqlite_checkpoints import SqliteCheckpoints
from consentry.storage.sqlite_connection import connect, numbered

GROUP_MOST = 256
# How many are handed over at once, and how many turns of the loop they may wait for: then a commit is due.
GATHERED_MOST = 64
TURNS_MOST = 8


class _Job(NamedTuple):
    """An operation, and where its answer is awaited."""

    operation: Callable[[], Operation[Any]]
    answer: "asyncio.Future[Any]"
    loop: AbstractEventLoop


class _Outcome(NamedTuple):
    job: _Job
    result: Any
    fault: BaseException | None


@dataclass(slots=True)
class _Group:
    jobs: list[_Job]
    is_last: bool


class SqliteWriter:
    """Runs operations one after another, many to a commit. Safe to use from any number of event loops."""

    def __init__(self, path: Path) -> None:
        self.group_most = GROUP_MOST
        self._path = path
        self._checkpoints = SqliteCheckpoints(path)
        self._lock = threading.Lock()
        self._gathering: dict[AbstractEventLoop, list[_Job]] = {}
        self._handed_over: SimpleQueue[list[_Job] | None] = SimpleQueue()
        self._left_over: list[_Job] = []
        self._closed = False
        self._ended: ThreadFuture[None] = ThreadFuture()
        self._thread = threading.Thread(target=self._run, name="consentry-sqlite-writer", daemon=True)
        self._thread.start()

    def run(self, operation: Callable[[], Operation[T]]) -> "asyncio.Future[T]":
        """Return the future of the operation's result, which comes once it is on the disk."""
        if self._closed:
            raise RuntimeError("The database is closed.")
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[T] = loop.create_future()
        gathering = self._gathering.get(loop)
        if gathering is None:
            gathering = self._gathering[loop] = []
            loop.call_soon(self._look, loop, 0, TURNS_MOST)
        gathering.append(_Job(operation, answer, loop))
        return answer

    async def close(self) -> None:
        """Commit what waits and stop the thread."""
        self._hand_over(asyncio.get_running_loop())
        with self._lock:
            if not self._closed:
                self._closed = True
                self._handed_over.put(None)
        # Not by a thread that waits: at the end of a process no new one may be started.
        await asyncio.wrap_future(self._ended)

    def _look(self, loop: AbstractEventLoop, seen: int, turns: int) -> None:
        """Wait for another turn of the loop if this one brought more than the `seen`, else hand over."""
        count = len(self._gathering.get(loop, ()))
        if seen < count < GATHERED_MOST and turns > 1:
            loop.call_soon(self._look, loop, count, turns - 1)
        else:
            self._hand_over(loop)

    def _hand_over(self, loop: AbstractEventLoop) -> None:
        jobs = self._gathering.pop(loop, None)
        if jobs is None:
            return
        with self._lock:
            if not self._closed:
                self._handed_over.put(jobs)
                return
        _deliver([_Outcome(job, None, RuntimeError("The database is closed.")) for job in jobs])

    def _run(self) -> None:
        connection: apsw.Connection | None = None
        is_last = False
        while not is_last:
            group = self._take_group()
            is_last = group.is_last
            live = [job for job in group.jobs if not job.answer.done()]
            try:
                if connection is None:
                    connection = connect(self._path)
                    self._checkpoints.watch(connection)
                outcomes = _commit(connection, live)
            except BaseException as fault:  # noqa: BLE001 - every waiting caller must hear of it, whatever it is
                outcomes = [_Outcome(job, None, fault) for job in live]
                # What a connection is worth after a fault of the disk, nobody knows; closing it rolls back.
                _discard(connection)
                connection = None
            _answer(outcomes)
        self._checkpoints.close()
        _discard(connection)
        self._ended.set_result(None)

    def _take_group(self) -> _Group:
        jobs, self._left_over = self._left_over, []
        is_last = False
        while not is_last and (not jobs or (len(jobs) < self.group_most and not self._handed_over.empty())):
            more = self._handed_over.get()
            if more is None:
                is_last = True
            else:
                jobs += more
        self._left_over = jobs[self.group_most :]
        if is_last and self._left_over:
            self._handed_over.put(None)
            is_last = False
        return _Group(jobs[: self.group_most], is_last)


def _commit(connection: apsw.Connection, jobs: list[_Job]) -> list[_Outcome]:
    """Run the jobs in one transaction; return what came of each once it is committed.

    Hardly any operation fails, so that each has a savepoint of its own only where one did.
    """
    if not jobs:
        return []
    connection.execute("BEGIN IMMEDIATE")
    # One for all: an operation has all rows of a statement before it yields the next.
    execute = connection.cursor().execute
    try:
        outcomes = [_Outcome(job, _perform(execute, job.operation()), None) for job in jobs]
    except Exception:  # noqa: BLE001 - whatever it was, it is raised again for the one whose operation it is
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        connection.execute("BEGIN IMMEDIATE")
        outcomes = [_in_savepoint(connection, job) for job in jobs]
    connection.execute("COMMIT")
    return outcomes


def _in_savepoint(connection: apsw.Connection, job: _Job) -> _Outcome:
    connection.execute("SAVEPOINT operation")
    try:
        result = _perform(connection.execute, job.operation())
    except Exception as fault:
        if not connection.in_transaction:
            raise  # A full disk or a failing one ends the whole transaction, with the savepoint: all must hear of it.
        connection.execute("ROLLBACK TO operation")
        connection.execute("RELEASE operation")
        return _Outcome(job, None, fault)
    connection.execute("RELEASE operation")
    return _Outcome(job, result, None)


def _perform(execute: Callable[..., apsw.Cursor], operation: Operation[T]) -> T:
    try:
        sql, args = next(operation)
        while True:
            sql, args = operation.send(execute(numbered(sql), args).fetchall())
    except StopIteration as done:
        result: T = done.value
        return result


def _discard(connection: apsw.Connection | None) -> None:
    if connection is not None:
        with suppress(Exception):
            connection.close(True)  # noqa: FBT003 - apsw takes it by position only


def _answer(outcomes: list[_Outcome]) -> None:
    """Hand each loop its outcomes, all at once."""
    by_loop: dict[AbstractEventLoop, list[_Outcome]] = {}
    for outcome in outcomes:
        by_loop.setdefault(outcome.job.loop, []).append(outcome)
    for loop, theirs in by_loop.items():
        # A loop that was closed has nobody who waits.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(_deliver, theirs)


def _deliver(outcomes: list[_Outcome]) -> None:
    for job, result, fault in outcomes:
        if job.answer.done():
            continue
        if fault is None:
            job.answer.set_result(result)
        else:
            job.answer.set_exception(fault)
