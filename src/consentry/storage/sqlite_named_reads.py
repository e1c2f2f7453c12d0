"""Short texts for the reads by key of one connection.

The driver finds a prepared statement by its text, of which it looks at every byte each time: for a check's thousand, a
tenth of what the read takes. So the statement becomes a view that only this connection knows, and its text a name and
a key; SQLite makes the same plan of both.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import apsw

from consentry.storage.database import KeyedRead

_BY_KEY_ALONE = re.compile(r"(?P<all>.+)\sWHERE\s+(?:\w+\.)?(?P<column>\w+)\s+\{key\}\s*", re.DOTALL)
_IN_MEMORY = 2


class NamedReads(dict[KeyedRead, str]):
    """The text by which each read is run with its key as the only argument."""

    def __init__(self, connection: apsw.Connection) -> None:
        super().__init__()
        self._connection = connection
        connection.pragma("temp_store", _IN_MEMORY)

    def __missing__(self, read: KeyedRead) -> str:
        text = self[read] = self._named(read)
        return text

    def _named(self, read: KeyedRead) -> str:
        parts = _BY_KEY_ALONE.fullmatch(read.sql)
        if parts is None:
            return read.for_one
        name = f"keyed_read_{len(self)}"
        with self._may_write():
            self._connection.execute(f"CREATE TEMP VIEW {name} AS {parts['all']}")
        # The key is the first column of every such statement, and a view's first column has the plain name.
        return f"SELECT * FROM {name} WHERE {parts['column']} = $1"  # noqa: S608 - both are ours

    @contextmanager
    def _may_write(self) -> Iterator[None]:
        self._connection.pragma("query_only", 0)
        try:
            yield
        finally:
            self._connection.pragma("query_only", 1)
