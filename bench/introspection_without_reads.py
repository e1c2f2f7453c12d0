"""`consentry serve` that reads each row once and then never again: what the reads of introspection are held against."""

from collections.abc import Sequence
from typing import Any

from consentry import wiring
from consentry.cli.serve import commands


class RowsInMemory:
    """A database whose reads by key are answered from memory once they were made. Nothing that is tested does so."""

    def __init__(self, database: Any) -> None:
        self._database = database
        self._rows: dict[tuple[int, str], Sequence[Any]] = {}

    async def read_by_key(self, read: Any, key: str) -> Sequence[Any]:
        """Return the rows of `key` as they were at the first time."""
        found = self._rows.get((id(read), key))
        if found is None:
            found = self._rows[id(read), key] = list(await self._database.read_by_key(read, key))
        return found

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)


_open_database = wiring.open_database


def _open_with_memory(*args: Any) -> Any:
    return RowsInMemory(_open_database(*args))


wiring.open_database = _open_with_memory

if __name__ == "__main__":
    commands()
