"""The guard for programs of threads: WSGI applications, Django in both its styles, workers. The same check, no `await`.

docs/decisions/0013 says why a check of an SQLite file runs in the thread that asks, and how much that saves.
"""

from __future__ import annotations

import asyncio
import atexit
import os
from pathlib import Path
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any, Self, TypeVar
from weakref import WeakSet

from consentry.clock import SystemClock
from consentry.gate.deciding import WaitingDeciding
from consentry.guard.guard import Guard, prover_of
from consentry.model.catalog import Catalog, parse_catalog
from consentry.settings import Settings, load_guard_settings
from consentry.settings_sources import find_config
from consentry.storage.opening import open_database, through_view
from consentry.storage.schema import require_current
from consentry.storage.sqlite_read_pool import SqliteReadPool

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from types import TracebackType

    from consentry.model.access import Access, Refused
    from consentry.oauth.protected_resource import ProtectedResource
    from consentry.ports.directory import LiveDirectory
    from consentry.ports.world import Clock

T = TypeVar("T")


class BlockingGuard(WaitingDeciding):
    """Checks bearer credentials against what is true now, from any thread.

    Open one at the start of the program, before its server makes worker processes if it does: every process opens the
    database for itself at its first check, and writes the times of last use from a thread of its own. They are all
    written when the process ends, or the guard is closed.
    """

    def __init__(
        self,
        settings: Settings,
        catalog: Catalog,
        *,
        resource: ProtectedResource | str | None = None,
        clock: Clock | None = None,
        directory: LiveDirectory | None = None,
    ) -> None:
        super().__init__(
            catalog,
            issuer=settings.issuer,
            resource=resource,
            trusted_proxies=settings.trusted_proxies,
            prover=prover_of(settings, clock or SystemClock()),
        )
        self.answers_at_once = settings.sqlite_path is not None and directory is None
        self._settings = settings
        self._clock = clock
        self._directory = directory
        self._opening = Lock()
        self._opened: _InThisProcess | None = None
        self._of_the_parent: _InThisProcess | None = None
        self._closed = False
        _guards.add(self)

    @classmethod
    def open(
        cls,
        settings: Settings,
        *,
        resource: ProtectedResource | str | None = None,
        clock: Clock | None = None,
        directory: LiveDirectory | None = None,
    ) -> Self:
        """Read the catalog and see that the database can be used. For `resource` and `directory`, see `Guard.open`.

        Raises:
            SchemaOutdatedError: the database was not brought up to date; it says what to run.
            CatalogError, OSError: the catalog cannot be used.
        """
        require_current(settings.database_url, settings.directory_view_members)
        catalog = parse_catalog(settings.catalog.read_text(encoding="utf-8"))
        return cls(settings, catalog, resource=resource, clock=clock, directory=directory)

    @classmethod
    def from_config(
        cls,
        config: Path | str | None = None,
        *,
        resource: ProtectedResource | str | None = None,
        directory: LiveDirectory | None = None,
    ) -> Self:
        """Open the database that a configuration file names; without one, as the server finds its own.

        Raises SettingsError for a setting that cannot be used, and what `open` raises.
        """
        found = find_config(None if config is None else Path(config), os.environ)
        return cls.open(load_guard_settings(found, os.environ), resource=resource, directory=directory)

    def check(self, bearer: str, address: str | None = None, jkt: str | None = None) -> Access | Refused:
        """Return what the credential may do now, or why nothing. `address` is the caller's, for keys bound to networks.

        `jkt` is the thumbprint of the key that the caller has proved to hold, where it has: without it, a token that is
        bound to a key is refused.

        What the database raises is passed on; a caller must not take it for a yes.
        """
        return self._here().check(bearer, address, jkt)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Write the times of last use that wait, and close the database. From now on every check fails. Idempotent."""
        with self._opening:
            self._closed = True
            opened, self._opened = self._opened, None
        if opened is not None:
            atexit.unregister(self.close)
            opened.end()

    def _here(self) -> _InThisProcess:
        return self._opened or self._open_here()

    def _open_here(self) -> _InThisProcess:
        with self._opening:
            if self._closed:
                raise RuntimeError("The guard is closed.")
            if self._opened is None:
                self._opened = _open(self._settings, self.catalog, self.resource, self._clock, self._directory)
                atexit.register(self.close)
            return self._opened

    def forget_the_parent(self) -> None:
        """Start anew in a process that was just forked: the parent's connections are neither used nor closed here.

        *Source:* "How To Corrupt An SQLite Database File", §2.6.
        """
        atexit.unregister(self.close)
        self._opening = Lock()
        self._of_the_parent = self._opened or self._of_the_parent
        self._opened = None


class _InThisProcess:
    """A guard, and the thread with the event loop in which it writes the times of last use."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._leaving = asyncio.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._run, name="consentry-guard", daemon=True)
        self._thread.start()

    def check(self, bearer: str, address: str | None, jkt: str | None) -> Access | Refused:
        """Check in the event loop, and wait for the answer."""
        return asyncio.run_coroutine_threadsafe(self._guard.check(bearer, address, jkt), self._loop).result()

    def end(self) -> None:
        """Leave the guard; return once everything is written."""
        self._loop.call_soon_threadsafe(self._leaving.set)
        self._thread.join()

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._live())

    async def _live(self) -> None:
        async with self._guard:
            await self._leaving.wait()


class _ReadingInItsThread(_InThisProcess):
    """A guard whose database answers at once: the check runs in the thread that asks, without a switch to another."""

    def check(self, bearer: str, address: str | None, jkt: str | None) -> Access | Refused:
        return _finish(self._guard.check(bearer, address, jkt))


def _open(
    settings: Settings,
    catalog: Catalog,
    resource: ProtectedResource | str | None,
    clock: Clock | None,
    directory: LiveDirectory | None,
) -> _InThisProcess:
    # An object of the product's is asked in an event loop.
    path = settings.sqlite_path if directory is None else None
    url, view = settings.database_url, settings.directory_view_members
    database = open_database(url, view) if path is None else through_view(SqliteReadPool(path), url, view)
    guard = Guard.over(database, catalog, settings, resource=resource, clock=clock, directory=directory)
    return _InThisProcess(guard) if path is None else _ReadingInItsThread(guard)


def _finish(coroutine: Coroutine[Any, Any, T]) -> T:
    """Return the result of a coroutine that waits for nothing."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        result: T = done.value
        return result
    coroutine.close()
    raise RuntimeError("A check waited for an event loop, and there is none.")


_guards: WeakSet[BlockingGuard] = WeakSet()


def _start_anew() -> None:
    for guard in _guards:
        guard.forget_the_parent()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_anew)
