"""Reads by key for PostgreSQL: all that are asked for in one turn of the event loop share one round trip.

Each stays strict: a statement is sent only after all who share it have asked, so what it sees was committed after that.
While as many statements are under way as may be, or one for which the few who wait may as well wait, those who come
later gather for the next one.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TypeAlias

from consentry.storage.database import KeyedRead, Row

# One that PostgreSQL works on while the answers of the other are taken apart here.
UNDER_WAY_MOST = 2
KEYS_MOST = 64
# What a statement costs apart from its keys is that of some ten keys: with fewer, it does not go beside another one.
KEYS_BESIDE = 8

Fetch: TypeAlias = Callable[[str, list[str]], Awaitable[Iterable[Row]]]
_Answer: TypeAlias = "asyncio.Future[Sequence[Row]]"


class KeyedReads:
    """Gathers the callers of one read, in one event loop.

    `fetch` runs a statement over an array of keys; what it raises, all hear of who waited for it.
    """

    def __init__(self, read: KeyedRead, fetch: Fetch) -> None:
        self._sql = read.for_many
        self._part_least = read.part_least
        self._fetch = fetch
        self._loop = asyncio.get_running_loop()
        self._waiting: list[tuple[str, _Answer]] = []
        self._under_way: set[asyncio.Task[None]] = set()

    def ask(self, key: str) -> _Answer:
        """Return what will hold the rows of `key`."""
        if not self._waiting:
            self._loop.call_soon(self._start)
        answer: _Answer = self._loop.create_future()
        self._waiting.append((key, answer))
        return answer

    def _start(self) -> None:
        waiting, under_way = self._waiting, self._under_way
        while waiting and len(under_way) < UNDER_WAY_MOST:
            if under_way and len(waiting) < KEYS_BESIDE:
                return
            # A crowd is parted, so that it is not idle here while PostgreSQL works, nor the other way round.
            parts = min(UNDER_WAY_MOST - len(under_way), len(waiting) // self._part_least) or 1
            taken = min(KEYS_MOST, -(-len(waiting) // parts))
            task = self._loop.create_task(self._answer(waiting[:taken]))
            del waiting[:taken]
            under_way.add(task)
            task.add_done_callback(self._go_on)

    def _go_on(self, task: "asyncio.Task[None]") -> None:
        self._under_way.discard(task)
        self._start()

    async def _answer(self, asked: Sequence[tuple[str, _Answer]]) -> None:
        try:
            found: dict[str, list[Row]] = {}
            for row in await self._fetch(self._sql, _storable({key for key, answer in asked if not answer.done()})):
                found.setdefault(row[0], []).append(row)
        except BaseException as fault:  # noqa: BLE001 - whatever it is, all who wait must hear of it
            for _, answer in asked:
                _fail(answer, fault)
            return
        for key, answer in asked:
            if not answer.done():
                answer.set_result(found.get(key, ()))


def _fail(answer: _Answer, fault: BaseException) -> None:
    if answer.done():
        return
    if isinstance(fault, asyncio.CancelledError):
        answer.cancel()
    else:
        answer.set_exception(fault)


def _storable(keys: set[str]) -> list[str]:
    """Return the keys that PostgreSQL's text can hold: the others match nothing, and hinder nobody's statement."""
    text = "".join(keys)
    if text.isascii() and "\0" not in text:
        return list(keys)
    return [key for key in keys if "\0" not in key and not any("\ud800" <= letter <= "\udfff" for letter in key)]
