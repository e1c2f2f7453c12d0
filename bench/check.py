"""What a check costs in process, beside the bare driver that does nothing but the same read.

Callers are coroutines of one event loop (uvloop). Each takes the next of many different tokens, checks it, and gives
way to the others; the bare side does the same with the driver alone. The two take turns.
"""

import asyncio
import os
import random
import secrets
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "tests")]

import asyncpg
import uvloop
from figures import Figure, Section, emit
from population import Population, fill, population_of

from consentry.guard.guard import Guard
from consentry.model.access import Access
from consentry.postgres_url import parse_postgres_url
from consentry.settings import load_settings
from consentry.storage.credentials import _FIND_ACCESS_TOKEN
from consentry.storage.postgres_session import connecting
from consentry.storage.sqlite import open_reader
from consentry.storage.sqlite_gathered_reads import STATEMENTS
from postgres_server import running_server
from small_world import SMALL_CATALOG

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "7"))
TOKENS = 20_000
WAITING = (1, 16, 64, 256)
CHECKS = int(os.environ.get("BENCH_CHECKS", "10000"))
BARE_POOL = 16
SQLITE_MOST, POSTGRES_LEAST, POSTGRES_WAITING = 1.5, 4.0, 64
SQL = _FIND_ACCESS_TOKEN.for_one

NOTES = [
    (
        f"{TOKENS:,} access tokens of {TOKENS // 10:,} connections and {TOKENS // 100:,} members; each round checks "
        f"{CHECKS:,} chosen at random, {ROUNDS} rounds in turns. Callers are tasks of one uvloop on both sides; where "
        "there are several, each gives way after every check."
    ),
    (
        "Our side is the whole check: form and checksum of the credential, the strict read, the digest in constant "
        "time, expiry, the standing of all it hangs on, scopes and permissions, the use noted, and later written."
    ),
    (
        "SQLite's bare side: apsw on a connection set as ours is (WAL, QPSG, mapped), `execute` and `fetchall` of the "
        "statement in the event loop. Ours runs it by a short name, and for all callers of one turn of the event loop "
        "in one transaction, where three or more ask. The ratio is of time: 1.5 means half as long again."
    ),
    (
        f"PostgreSQL's bare side: an asyncpg pool of {BARE_POOL} open connections, statements prepared, "
        "`plan_cache_mode = force_generic_plan` and `random_page_cost = 1.1` as ours, one `fetch` for each check, over "
        "a socket of the same machine. Ours reads for all callers of one turn of the event loop at once. The ratio is "
        "of checks a second."
    ),
]

One = Callable[[str], Awaitable[object]]


@dataclass(frozen=True)
class Run:
    """One side of one round: checks a second, and how long each took."""

    per_second: float
    seconds: list[float]


async def run(waiting: int, one: One, items: Sequence[str]) -> Run:
    """Let so many callers do `one` for all of the items."""
    left, seconds = iter(items), list[float]()

    async def caller() -> None:
        for item in left:
            began = time.perf_counter()
            await one(item)
            seconds.append(time.perf_counter() - began)
            if waiting > 1:
                await asyncio.sleep(0)

    began = time.perf_counter()
    await asyncio.gather(*(asyncio.create_task(caller()) for _ in range(waiting)))
    return Run(len(items) / (time.perf_counter() - began), seconds)


@asynccontextmanager
async def bare_sqlite(url: str) -> AsyncIterator[One]:
    """Give the read by apsw alone, on a connection that is set as ours is."""
    connection = open_reader(Path(url.removeprefix("sqlite:///")), STATEMENTS)

    async def read(token_id: str) -> object:
        return connection.execute(SQL, (token_id,)).fetchall()

    yield read
    connection.close()


@asynccontextmanager
async def bare_postgres(url: str) -> AsyncIterator[One]:
    """Give the read by asyncpg alone: a pool that is open and warm, sessions set as ours are, one round trip each."""
    options = connecting(parse_postgres_url(url))
    async with asyncpg.create_pool(min_size=BARE_POOL, max_size=BARE_POOL, **options) as pool:

        async def read(token_id: str) -> object:
            async with pool.acquire() as connection:
                return await connection.fetch(SQL, token_id)

        yield read


async def compare(engine: str, guard: Guard, bare: One, population: Population) -> list[Figure]:
    """Measure both sides in turns, for each number of callers."""
    figures = []
    chosen = random.Random(7)  # noqa: S311 - a sample, not a secret
    for waiting in WAITING:
        numbers = [chosen.randrange(population.tokens) for _ in range(CHECKS)]
        tokens, token_ids = list(map(population.token, numbers)), list(map(population.token_id, numbers))
        await run(waiting, bare, token_ids[:1000])
        await run(waiting, guard.check, tokens[:1000])
        rounds = []
        for _ in range(ROUNDS):
            theirs = await run(waiting, bare, token_ids)
            rounds.append((await run(waiting, guard.check, tokens), theirs))
        figures.append(figure_of(engine, waiting, rounds))
        print(f"{figures[-1].work}: {figures[-1].ratio:.2f}", file=sys.stderr)
    return figures


def figure_of(engine: str, waiting: int, rounds: Sequence[tuple[Run, Run]]) -> Figure:
    """Return the medians. PostgreSQL's ratio is that of checks a second, SQLite's that of their time."""
    ours, theirs = (median(one[side].per_second for one in rounds) for side in (0, 1))
    cuts = [quantiles(one.seconds, n=100) for one, _ in rounds]
    ratio = median(one.per_second / other.per_second for one, other in rounds)
    target, reached = "", None
    if engine == "SQLite":
        ratio = 1 / ratio
        target, reached = f"at most {SQLITE_MOST} times the time of the bare read", ratio <= SQLITE_MOST
    elif waiting == POSTGRES_WAITING:
        target, reached = f"at least {POSTGRES_LEAST:g} times as many", ratio >= POSTGRES_LEAST
    return Figure(
        work=f"a check in process, {engine}, {waiting} waiting",
        against="the bare driver: the same read, once for each check",
        ours=ours,
        theirs=theirs,
        unit="checks/s",
        ratio=ratio,
        target=target,
        reached=reached,
        p50=median(cut[49] for cut in cuts) * 1000,
        p99=median(cut[98] for cut in cuts) * 1000,
    )


async def measure(
    engine: str, url: str, folder: Path, bare: Callable[[str], AbstractAsyncContextManager[One]]
) -> list[Figure]:
    """Fill a database and compare the two over it, while the guard writes its times of last use as it always does."""
    population = population_of(TOKENS)
    await asyncio.to_thread(fill, url, population)
    (folder / "catalog.toml").write_text(SMALL_CATALOG, encoding="utf-8")
    config = folder / "consentry.toml"
    config.write_text(f'database_url = "{url}"\ncatalog = "catalog.toml"\n', encoding="utf-8")
    secret = {"CONSENTRY_SECRET_KEY": secrets.token_urlsafe(32)}
    async with Guard.open(load_settings(config, secret)) as guard, bare(url) as read:
        token = population.token(1)
        if not isinstance(await guard.check(token), Access) or not await read(population.token_id(1)):
            raise SystemExit("The benchmark's own token does not work.")
        return await compare(engine, guard, read, population)


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        url = f"sqlite:///{folder / 'consentry.sqlite3'}"
        figures = uvloop.run(measure("SQLite", url, folder, bare_sqlite))
    with tempfile.TemporaryDirectory() as name, running_server() as server, server.new_database("template0") as url:
        figures += uvloop.run(measure("PostgreSQL", url, Path(name), bare_postgres))
    emit(
        Section(
            "A check in process, beside the bare driver",
            figures,
            NOTES,
        )
    )


if __name__ == "__main__":
    main()
