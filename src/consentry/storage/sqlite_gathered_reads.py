"""Reads by key for a guard on SQLite: all that are asked for in one turn of the event loop share one transaction.

It costs the locks of the file once, and what reads one row after another finds its instructions and pages in the
processor's caches. Each read stays strict: the transaction begins only after all who share it have asked. Whoever is
alone does not wait for company: see docs/decisions/0037.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeAlias

from consentry.storage.gathering import fail
from consentry.storage.sqlite import SqliteDatabase

if TYPE_CHECKING:
    from collections.abc import Awaitable, Sequence
    from pathlib import Path

    from consentry.storage.database import KeyedRead, Row

# Fewer do not save what it costs to wait for the end of the turn.
COMPANY = 3
# Where there was no company, so many are answered at once before one waits again to see whether there is: twice as many
# each time, so that a caller alone hardly ever waits, and a crowd with a small turn in between gathers again soon.
AT_ONCE_LEAST, AT_ONCE_MOST = 8, 256
# A guard has a few statements. The driver looks through all that it keeps to find one.
STATEMENTS = 16

_Answer: TypeAlias = "asyncio.Future[Sequence[Row]]"


class GatheringSqliteDatabase(SqliteDatabase):
    """One SQLite file, for an event loop in which many ask by key at once and each for one thing."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, statements=STATEMENTS)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._asked: list[tuple[KeyedRead, str, _Answer]] = []
        self._at_once = AT_ONCE_LEAST
        self._left_at_once = 0

    def read_by_key(self, read: KeyedRead, key: str) -> Awaitable[Sequence[Row]]:
        """Return what will hold the rows of `key`, as committed after this call began."""
        if self._left_at_once:
            self._left_at_once -= 1
            return self._read_at_once(read, key)
        loop = asyncio.get_running_loop()
        if not self._asked or self._loop is not loop:
            # A loop that ended before its turn did answers nobody any more.
            self._loop, self._asked = loop, []
            loop.call_soon(self._answer, self._asked)
        answer: _Answer = loop.create_future()
        self._asked.append((read, key, answer))
        return answer

    def read_together(self) -> None:
        """Do nothing: whoever asks in one turn reads together anyhow."""

    def _answer(self, asked: list[tuple[KeyedRead, str, _Answer]]) -> None:
        self._asked = []
        if len(asked) < COMPANY:
            self._left_at_once = self._at_once
            self._at_once = min(self._at_once * 2, AT_ONCE_MOST)
        else:
            self._at_once = AT_ONCE_LEAST
        try:
            self._read_by_key("BEGIN")
        except Exception as fault:  # noqa: BLE001 - whatever it is, all who wait must hear of it
            for _, _, answer in asked:
                fail(answer, fault)
            return
        for read, key, answer in asked:
            try:
                rows = self._read_by_key(self._named[read], (key,)).fetchall()
            except Exception as fault:  # noqa: BLE001 - whatever it is, it is that of one caller
                fail(answer, fault)
            else:
                # A caller may have given up.
                if not answer.done():
                    answer.set_result(rows)
        self._end_turn()
