"""Reads by key for PostgreSQL: all that are asked for in one turn of the event loop share one round trip.

Each stays strict: a statement is sent only after all who share it have asked, so what it sees was committed after that.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TypeAlias

from consentry.storage.database import KeyedRead, Row
from consentry.storage.gathering import Gathering, fail

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
        self._fetch = fetch
        self._loop = asyncio.get_running_loop()
        self._gathering = Gathering(self._answer, most=KEYS_MOST, part_least=read.part_least, beside_least=KEYS_BESIDE)

    def ask(self, key: str) -> _Answer:
        """Return what will hold the rows of `key`."""
        answer: _Answer = self._loop.create_future()
        self._gathering.add((key, answer))
        return answer

    async def _answer(self, asked: Sequence[tuple[str, _Answer]]) -> None:
        try:
            found: dict[str, list[Row]] = {}
            for row in await self._fetch(self._sql, _storable({key for key, answer in asked if not answer.done()})):
                found.setdefault(row[0], []).append(row)
        except BaseException as fault:  # noqa: BLE001 - whatever it is, all who wait must hear of it
            for _, answer in asked:
                fail(answer, fault)
            return
        for key, answer in asked:
            if not answer.done():
                answer.set_result(found.get(key, ()))


def _storable(keys: set[str]) -> list[str]:
    """Return the keys that PostgreSQL's text can hold: the others match nothing, and hinder nobody's statement."""
    text = "".join(keys)
    if text.isascii() and "\0" not in text:
        return list(keys)
    return [key for key in keys if "\0" not in key and not any("\ud800" <= letter <= "\udfff" for letter in key)]
