"""How long one check takes a program of threads: in the thread that asks, and in an event loop of another thread.

    .venv/bin/python bench/blocking_check.py

Prints the median of several rounds, alternating. docs/decisions/0013 draws on it.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

sys.path[:0] = [str(Path(__file__).parent)]

from guarded_world import GuardedWorld, make_world  # found beside this file

from consentry.guard.blocking import _InThisProcess, _ReadingInItsThread
from consentry.guard.guard import Guard
from consentry.model.access import Access
from consentry.settings import load_settings
from consentry.storage.sqlite import SqliteDatabase
from consentry.storage.sqlite_read_pool import SqliteReadPool

ROUNDS = 9
CHECKS = 2000


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        world = make_world(Path(folder))
        in_thread, in_loop = (
            _open(world, SqliteReadPool, _ReadingInItsThread),
            _open(world, SqliteDatabase, _InThisProcess),
        )
        rounds = [(_time(in_thread, world.token), _time(in_loop, world.token)) for _ in range(ROUNDS)]
        for opened in (in_thread, in_loop):
            opened.end()
    print(f"in the thread that asks   {median(first for first, _ in rounds):7.1f} µs")
    print(f"in an event loop's thread {median(second for _, second in rounds):7.1f} µs")


def _open(
    world: GuardedWorld,
    database: Callable[[Path], SqliteDatabase | SqliteReadPool],
    kind: type[_InThisProcess],
) -> _InThisProcess:
    settings = load_settings(world.config, {})
    path = settings.sqlite_path
    if path is None:
        raise ValueError("The bench runs over SQLite.")
    return kind(Guard.over(database(path), world.catalog, settings))


def _time(opened: _InThisProcess, token: str) -> float:
    started = time.perf_counter()
    for _ in range(CHECKS):
        if not isinstance(opened.check(token, None), Access):
            raise TypeError("The check refused.")
    return (time.perf_counter() - started) / CHECKS * 1e6


if __name__ == "__main__":
    main()
