"""What a check costs with ten million tokens beside it, against ten thousand; and whether sweeping makes anybody wait.

    bench/.venv/bin/python bench/growth.py [--tokens 10000000] [--engine sqlite|postgresql] [--folder kept-for-later]

The two databases take turns within one run. Filling the big one takes one to four minutes and 3 GB on each engine, the
whole run about eight; with `--folder`, the SQLite file is kept and used again for an hour.
"""

import argparse
import asyncio
import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median, quantiles

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent / "tests")]

import apsw
import asyncpg
from figures import Figure, Section, emit
from population import Population, fill, population_of

from consentry.flows.housekeeping import Housekeeping, Lifetimes
from consentry.guard.guard import Guard
from consentry.model.access import Access
from consentry.model.ids import ConnectionId, TokenId
from consentry.ports.housekeeping import Leftover
from consentry.ports.usage import Use, UsedKind
from consentry.settings import Settings, load_settings
from consentry.storage.credentials import SqlCredentialStore
from consentry.storage.database import Database, KeyedRead
from consentry.storage.housekeeping import SqlHousekeepingStore
from consentry.storage.opening import open_database
from consentry.storage.sqlite_connection import connect
from consentry.storage.usage import SqlUsageStore
from postgres_server import running_server
from small_world import SMALL_CATALOG, FixedClock

SMALL = 10_000
SAMPLE = 20_000
IN_USE = 64
# So many in a row that the first of them, after the other side's turn, do not weigh.
CHECKS = 2000
ROUNDS = 31
MOST = 1.3
KEPT_SECONDS = 3600
# One token of so many expires for the sweep.
EXPIRED = 10
WITHOUT_SECONDS = 15
# The least that any check must read: one row, by its key.
ALONE = KeyedRead("SELECT t.id, t.digest FROM access_tokens t WHERE t.id {key}")
# As an operator would set a server that holds the data in memory; what is written is on the disk when it is answered.
POSTGRES = {"listen_addresses": "", "max_connections": "100", "shared_buffers": "2GB", "max_wal_size": "4GB"}

Work = Callable[[str], Awaitable[object]]


@dataclass(frozen=True)
class Grown:
    """A database with its population, opened."""

    url: str
    population: Population
    guard: Guard
    database: Database


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--tokens", type=int, default=10_000_000)
    parser.add_argument("--engine", choices=["sqlite", "postgresql"], action="append")
    parser.add_argument("--folder", type=Path)
    given = parser.parse_args()
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(given.folder or temporary)
        (folder / "catalog.toml").write_text(SMALL_CATALOG, encoding="utf-8")
        for engine in given.engine or ["sqlite", "postgresql"]:
            with databases(engine, folder) as (small_url, big_url):
                small = (small_url, filled(small_url, SMALL, folder))
                big = (big_url, filled(big_url, given.tokens, folder))
                figures += asyncio.run(measured(engine, folder, small, big))
    emit(Section(f"Growth: {SMALL:,} to {given.tokens:,} tokens", figures, NOTES))


NOTES = [
    (
        "Ours: with ten million tokens, a million connections and 100,000 members of 1,000 organisations; theirs: with "
        "ten thousand tokens, a thousand connections and 100 members. The same process, in turns; the ratio is the "
        "median of the rounds'."
    ),
    (
        f"'Each call another token' draws every call from {SAMPLE:,} tokens spread evenly over all: the worst case, in "
        "which hardly anything that a check reads is in the processor's caches. "
        f"'{IN_USE} tokens in use' is as many callers, each with one token: what a busy API sees within a moment."
    ),
    (
        "PostgreSQL has shared_buffers = 2GB, so that both databases are in memory, and is otherwise as installed; "
        "SQLite is as Consentry opens it."
    ),
    (
        "'The token's row alone' is the floor: one row by its key, of the columns that every check needs. What it "
        "grows by is what the processor waits for memory."
    ),
    (
        "Sweeping: every tenth token has expired and leaves in batches; meanwhile one writer writes one time of last "
        f"use after another, a durable commit each. Its longest wait is compared with that of {WITHOUT_SECONDS} "
        "seconds without."
    ),
]


@contextmanager
def databases(engine: str, folder: Path) -> Iterator[tuple[str, str]]:
    """Lend the URLs of a small database and a big one."""
    if engine == "sqlite":
        yield (f"sqlite:///{folder / 'small.sqlite3'}", f"sqlite:///{folder / 'big.sqlite3'}")
        return
    with running_server(POSTGRES) as server, server.new_database() as small, server.new_database() as big:
        yield small, big


def filled(url: str, tokens: int, folder: Path) -> Population:
    """Return the population of the database: one of an earlier run that is still good, or a new one."""
    kept = kept_of(url, tokens, folder)
    if url.startswith("sqlite:") and kept.exists() and time.time() - kept.stat().st_mtime < KEPT_SECONDS:
        return Population(**json.loads(kept.read_text("utf-8")))
    if url.startswith("sqlite:"):
        for left in folder.glob(f"{Path(url).name}*"):
            left.unlink()
    population, begun = population_of(tokens), time.perf_counter()
    fill(url, population)
    # What is still on its way to the disk would be paid for by what is measured first.
    os.sync()
    say(f"{url.partition(':')[0]}: filled {tokens:,} tokens in {time.perf_counter() - begun:.0f} s")
    kept.write_text(json.dumps(asdict(population)), encoding="utf-8")
    return population


def kept_of(url: str, tokens: int, folder: Path) -> Path:
    """Return the file that says what an SQLite file of an earlier run holds."""
    return folder / f"{Path(url).stem}-{tokens}.json"


async def measured(
    engine: str, folder: Path, small: tuple[str, Population], big: tuple[str, Population]
) -> list[Figure]:
    """Return the figures of one engine."""
    opened = [
        Grown(url, population, Guard.open(settings_of(url, folder)), open_database(url))
        for url, population in (small, big)
    ]
    figures = []
    async with opened[0].guard, opened[1].guard:
        spread = [one.population.sample(SAMPLE) for one in opened]
        for one, texts in zip(opened, spread, strict=True):
            # Once through all: what is in the caches then stays, and each connection's use is written once a minute.
            await through(one.guard.check, texts, 64)
            await one.guard._usage.flush()
        for one in opened:
            await settled(one.url)
        few = [texts[:IN_USE] for texts in spread]
        checks = [checking(one.guard) for one in opened]
        reads = [reading(SqlCredentialStore(one.database)) for one in opened]
        alone = [reading_alone(one.database) for one in opened]
        for name, works, texts, callers, most in (
            ("a check, each call another token, 1 waiting", checks, spread, 1, MOST),
            ("a check, each call another token, 64 waiting", checks, spread, 64, MOST),
            (f"a check, {IN_USE} tokens in use, 1 waiting", checks, few, 1, MOST),
            (f"a check, {IN_USE} tokens in use, 64 waiting", checks, few, 64, MOST),
            ("the read alone, each call another token, 64 waiting", reads, spread, 64, None),
            (f"the read alone, {IN_USE} tokens in use, 64 waiting", reads, few, 64, None),
            ("the token's row alone, each call another token, 64 waiting", alone, spread, 64, None),
        ):
            figures.append(await compared(f"{name}, {engine}", works, texts, callers, most))
    figures.append(await swept(engine, opened[1]))
    without = replace(big[1], gone=big[1].gone + expired_of(big[1]) + 1)
    kept_of(big[0], without.tokens, folder).write_text(json.dumps(asdict(without)), encoding="utf-8")
    for one in opened:
        await one.database.close()
    return figures


async def settled(url: str) -> None:
    """Bring what was written into the tables' own pages: a check is measured here, not what it leaves to be noted."""
    if url.startswith("sqlite:"):
        with closing(connect(Path(url.removeprefix("sqlite:///")))) as connection:
            connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_FULL)
        return
    postgres = await asyncpg.connect(url)
    await postgres.execute("CHECKPOINT")
    await postgres.close()


def settings_of(url: str, folder: Path) -> Settings:
    return load_settings(
        None,
        {
            "CONSENTRY_DATABASE_URL": url,
            "CONSENTRY_CATALOG": str(folder / "catalog.toml"),
            "CONSENTRY_SECRET_KEY": "a key that protects nothing: 0123456789",
        },
    )


def checking(guard: Guard) -> Work:
    async def check(text: str) -> None:
        if not isinstance(await guard.check(text), Access):
            raise TypeError("The check refused.")

    return check


def reading(store: SqlCredentialStore) -> Work:
    async def read(text: str) -> None:
        if await store.find_access_token(TokenId(text[7:29])) is None:
            raise TypeError("The token was not found.")

    return read


def reading_alone(database: Database) -> Work:
    async def read(text: str) -> None:
        if not await database.read_by_key(ALONE, text[7:29]):
            raise TypeError("The token was not found.")

    return read


async def compared(
    name: str, works: Sequence[Work], texts: Sequence[Sequence[str]], callers: int, most: float | None
) -> Figure:
    """Return the cost with many tokens against that with few, in microseconds, the two in turns."""
    draw = random.Random(7)  # noqa: S311 - a sample, not a secret

    async def turns() -> list[float]:
        return [await through(work, draw.choices(of, k=CHECKS), callers) for work, of in zip(works, texts, strict=True)]

    rounds = [await turns() for _ in range(ROUNDS)]
    ratio = median(big / small for small, big in rounds)
    times = await each_time(works[1], draw.choices(texts[1], k=CHECKS), callers)
    parts = quantiles(times, n=100)
    small, big = (median(column) for column in zip(*rounds, strict=True))
    say(f"{name}: {small:.1f} -> {big:.1f} µs, x{ratio:.2f}")
    return Figure(
        name,
        f"the same with {SMALL:,} tokens",
        round(big, 1),
        round(small, 1),
        "µs",
        round(ratio, 2),
        target="" if most is None else f"at most {most}",
        reached=None if most is None else ratio <= most,
        p50=round(parts[49] * 1000, 4),
        p99=round(parts[98] * 1000, 4),
    )


async def through(work: Work, texts: Sequence[str], callers: int) -> float:
    """Return the microseconds per call when so many callers share the calls."""
    waiting = iter(texts)

    async def call() -> None:
        for text in waiting:
            await work(text)

    begun = time.perf_counter()
    await asyncio.gather(*(call() for _ in range(callers)))
    return (time.perf_counter() - begun) / len(texts) * 1e6


async def each_time(work: Work, texts: Sequence[str], callers: int) -> list[float]:
    """Return what each of the calls took, in seconds."""
    times: list[float] = []

    async def timed(text: str) -> None:
        begun = time.perf_counter()
        await work(text)
        times.append(time.perf_counter() - begun)

    await through(timed, texts, callers)
    return times


def expired_of(population: Population) -> int:
    """Return how many tokens expire for the sweep."""
    return population.tokens // EXPIRED


async def swept(engine: str, grown: Grown) -> Figure:
    """Return the longest wait of a write while expired tokens leave, against that of a time without."""
    population = grown.population
    clock, life = FixedClock(), timedelta(seconds=population.lifetime)
    share = (population.gone + expired_of(population)) / population.tokens
    first = datetime.fromtimestamp(population.first, UTC)
    clock.present = first + (population.last - population.first) * share * timedelta(seconds=1) + life
    broom = Housekeeping(SqlHousekeepingStore(grown.database), clock, Lifetimes(access_token=life, code=life))
    begun = time.perf_counter()
    sweeping = asyncio.create_task(broom._sweep(Leftover.ACCESS_TOKEN))
    during = await waits_of_a_writer(grown, sweeping.done)
    lasted, removed = time.perf_counter() - begun, await sweeping
    until = time.perf_counter() + WITHOUT_SECONDS
    without = await waits_of_a_writer(grown, lambda: time.perf_counter() > until)
    parts = quantiles(during, n=100)
    longest, usual = max(during), max(without)
    say(f"{engine}: {removed} rows left in {lasted:.1f} s; longest wait {longest:.1f} ms, without {usual:.1f} ms")
    return Figure(
        f"longest wait of a write while {removed:,} expired tokens leave in {lasted:.0f} s, {engine}",
        "the same writer without a sweep",
        round(longest, 2),
        round(usual, 2),
        "ms",
        round(longest / usual, 2),
        p50=round(parts[49], 3),
        p99=round(parts[98], 3),
    )


async def waits_of_a_writer(grown: Grown, done: Callable[[], bool]) -> list[float]:
    """Return what each durable write took, in milliseconds, one after the other."""
    store, draw, waits = SqlUsageStore(grown.database), random.Random(3), []  # noqa: S311 - a sample, not a secret
    while not done():
        number, now = draw.randrange(grown.population.connections), datetime.now(UTC)
        use = Use(UsedKind.CONNECTION, ConnectionId(grown.population.connection_id(number)), now, now, None)
        begun = time.perf_counter()
        await store.write([use])
        waits.append((time.perf_counter() - begun) * 1000)
        await asyncio.sleep(0.002)
    return waits


if __name__ == "__main__":
    main()
