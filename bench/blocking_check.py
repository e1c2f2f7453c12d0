"""What one check costs a program of threads: in the thread that asks, and in an event loop of another thread.

docs/decisions/0013 draws on it.
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import cycle, islice
from pathlib import Path
from statistics import median

sys.path[:0] = [str(Path(__file__).parent)]

from figures import Figure, Section, emit
from guarded_world import GuardedWorld, make_world  # found beside this file

from consentry.guard.blocking import _InThisProcess, _ReadingInItsThread
from consentry.guard.guard import Guard
from consentry.model.access import Access
from consentry.settings import load_settings
from consentry.storage.sqlite import SqliteDatabase
from consentry.storage.sqlite_read_pool import SqliteReadPool

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "9"))
CHECKS = 2000


def main() -> None:
    """Measure both ways in turns."""
    with tempfile.TemporaryDirectory() as folder:
        world = make_world(Path(folder))
        ways = (_open(world, SqliteReadPool, _ReadingInItsThread), _open(world, SqliteDatabase, _InThisProcess))
        rounds = [tuple(_rate(way, world.tokens) for way in ways) for _ in range(ROUNDS)]
        for way in ways:
            way.end()
    ours, theirs = (median(one[side] for one in rounds) for side in (0, 1))
    ratio = median(first / second for first, second in rounds)
    print(f"{1e6 / ours:.1f} µs in the thread, {1e6 / theirs:.1f} µs in another, {ratio:.1f}", file=sys.stderr)
    emit(
        Section(
            "A check in a program of threads, SQLite",
            [
                Figure(
                    work="a check in the thread that asks",
                    against="the same in the event loop of another thread",
                    ours=ours,
                    theirs=theirs,
                    unit="checks/s",
                    ratio=ratio,
                )
            ],
            [f"{len(world.tokens):,} tokens in turns, one thread that asks; {ROUNDS} rounds of {CHECKS:,} checks."],
        )
    )


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


def _rate(way: _InThisProcess, tokens: list[str]) -> float:
    started = time.perf_counter()
    for token in islice(cycle(tokens), CHECKS):
        if not isinstance(way.check(token, None, None), Access):
            raise TypeError("The check refused.")
    return CHECKS / (time.perf_counter() - started)


if __name__ == "__main__":
    main()
