"""Copying SQLite's write-ahead log into its file, without making those who write wait for it.

SQLite itself does it within the commit that made the log long: that commit, and whoever waits behind it, then waits for
a thousand pages to be written here and there, and for the disk to say that they are. Here a thread of its own does that
beside the writer, every thousand pages.

Only when nothing is left to copy can the log begin anew. In a quiet moment that comes by itself. Beside a writer that
never pauses it does not, so that once the log is long, the writer copies what little the thread has just left.
"""

import threading
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue

import apsw

from consentry.storage.sqlite_connection import connect

PAGES = 1000
"""By how many pages the log grows before it is copied: SQLite's own measure."""
LONG = 4000
"""When the writer copies what is left. Up to about so many, readers look a page up in one step."""


class SqliteCheckpoints:
    """Keeps the log of one writing connection short; `watch` the connection, and `close` when it writes no more."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._asked: SimpleQueue[int | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._under_way = False
        self._pages = 0
        self._asked_at = 0
        self._due_at = PAGES

    def watch(self, connection: apsw.Connection) -> None:
        """Take over from SQLite what is done when the log has become long."""
        connection.set_wal_hook(self._after_commit)

    def close(self) -> None:
        """Wait for the copying that is under way, and stop."""
        if self._thread is not None:
            self._asked.put(None)
            self._thread.join()
            self._thread = None

    def _after_commit(self, connection: apsw.Connection, _database: str, pages: int) -> int:
        """Look at how many pages the log has; in the writer's thread."""
        if pages < self._pages:
            self._asked_at, self._due_at = 0, PAGES
        self._pages = pages
        if pages < self._due_at or self._under_way:
            return apsw.SQLITE_OK
        if self._asked_at < LONG:
            self._ask(pages)
        else:
            _copy(connection)
            # Where somebody reads for long, the log cannot begin anew yet: then only every so often.
            self._asked_at, self._due_at = 0, pages + PAGES
        return apsw.SQLITE_OK

    def _ask(self, pages: int) -> None:
        self._under_way = True
        self._asked_at, self._due_at = pages, pages if pages >= LONG else min(pages + PAGES, LONG)
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="consentry-sqlite-checkpoints", daemon=True)
            self._thread.start()
        self._asked.put(pages)

    def _run(self) -> None:
        connection: apsw.Connection | None = None
        while self._asked.get() is not None:
            with suppress(apsw.Error):
                connection = connection or connect(self._path)
                _copy(connection)
            self._under_way = False
        if connection is not None:
            connection.close()


def _copy(connection: apsw.Connection) -> None:
    # Another process may be at it. What is not copied now is copied another time: it is safe in the log.
    with suppress(apsw.Error):
        connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
