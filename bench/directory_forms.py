"""What the form of the directory costs a check: our tables, a view, an object, side by side in one run."""

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from itertools import cycle, islice
from pathlib import Path
from statistics import median

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "tests")]

from figures import Figure, Section, emit

from consentry.guard import Guard
from consentry.ports.directory import Holding, Pair
from consentry.storage.database import Operation, Statement
from consentry.storage.schema import migrate
from consentry.wiring import open_deeds
from postgres_server import running_server
from protocol_world import ProtocolWorld, fill_protocol_world, settings_for

MEMBERS = 2_000
CHECKS = 4_000
TOKENS = 40
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
OURS = "our tables"
PRODUCT = (
    "CREATE TABLE accounts (id TEXT PRIMARY KEY, title TEXT NOT NULL)",
    "CREATE TABLE people (id TEXT PRIMARY KEY, mail TEXT NOT NULL UNIQUE, full_name TEXT NOT NULL)",
    "CREATE TABLE staff (account TEXT NOT NULL, person TEXT NOT NULL, job TEXT, PRIMARY KEY (account, person))",
    "INSERT INTO accounts SELECT id, name FROM organisations",
    "INSERT INTO people SELECT id, email, name FROM users",
    "INSERT INTO staff SELECT organisation_id, user_id, 'bookkeeper' FROM members",
    """
    CREATE VIEW product_members AS
    SELECT s.account AS organisation_id, a.title AS organisation_name, s.person AS user_id, p.mail AS email,
        p.full_name AS name, 'active' AS standing, s.job AS roles, NULL AS permissions
    FROM staff s JOIN accounts a ON a.id = s.account JOIN people p ON p.id = s.person
    """,
    "ANALYZE",
)


class Product:
    """An object that answers from memory: what is measured is the asking."""

    async def find_holders(self, pairs: Sequence[Pair]) -> Mapping[Pair, Holding]:
        """Return the same for everybody."""
        return dict.fromkeys(pairs, Holding(("bookkeeper",)))


def crowd(world: ProtocolWorld) -> Operation[None]:
    """Write members enough for an index to matter."""
    for number in range(MEMBERS):
        user = f"usr_{number:0>22}"
        yield Statement(
            "INSERT INTO users (id, email, name, standing, created_at) VALUES ($1, $1, 'X', 'active', 1)", (user,)
        )
        yield Statement(
            "INSERT INTO members (organisation_id, user_id, standing, created_at) VALUES ($1, $2, 'active', 1)",
            (world.acme, user),
        )
    for sql in PRODUCT:
        yield Statement(sql)


async def rate(guard: Guard, tokens: Sequence[str], waiting: int) -> float:
    """Return checks a second."""
    turns = cycle(tokens)
    begun = time.perf_counter()
    for _ in range(CHECKS // waiting):
        await asyncio.gather(*(guard.check(token) for token in islice(turns, waiting)))
    return CHECKS // waiting * waiting / (time.perf_counter() - begun)


async def measure(engine: str, url: str, folder: Path) -> list[Figure]:
    """Compare the forms on one engine, in turns."""
    settings = settings_for(folder / "any.sqlite3", database_url=url)
    deeds = open_deeds(settings)
    world = await fill_protocol_world(deeds)
    tokens = [(await world.connect(world.web)).access_token for _ in range(TOKENS)]
    await deeds.database.write(crowd, world)
    viewing = settings_for(folder / "any.sqlite3", database_url=url, directory_view_members="product_members")
    guards = {
        OURS: Guard.open(settings),
        "a view": Guard.open(viewing),
        "an object": Guard.open(settings, directory=Product()),
    }
    figures = []
    for waiting in (1, 64):
        rounds = [{name: await rate(guard, tokens, waiting) for name, guard in guards.items()} for _ in range(ROUNDS)]
        figures += [_figure(f"{engine}, {waiting} waiting", name, rounds) for name in guards if name != OURS]
    for guard in guards.values():
        await guard.close()
    await deeds.database.close()
    return figures


def _figure(where: str, name: str, rounds: Sequence[Mapping[str, float]]) -> Figure:
    ratio = median(one[name] / one[OURS] for one in rounds)
    figure = Figure(
        work=f"a check whose members are in {name}, {where}",
        against="the same with members in our tables",
        ours=median(one[name] for one in rounds),
        theirs=median(one[OURS] for one in rounds),
        unit="checks/s",
        ratio=ratio,
    )
    print(f"{figure.work:60} {figure.ours:8,.0f} of {figure.theirs:8,.0f} checks/s  {ratio:.2f}", file=sys.stderr)
    return figure


def main() -> None:
    """Measure on both engines."""
    with tempfile.TemporaryDirectory() as name, running_server() as server, server.new_database() as database:
        figures: list[Figure] = []
        for engine, url in (("SQLite", f"sqlite:///{name}/bench.sqlite3"), ("PostgreSQL", database)):
            migrate(url)
            figures += asyncio.run(measure(engine, url, Path(name)))
    emit(
        Section(
            "Where members are looked up",
            figures,
            [
                f"In process, {MEMBERS:,} members, {TOKENS} tokens in turns; {ROUNDS} rounds of {CHECKS:,} checks.",
                (
                    "The view renames the columns of the product's own three tables in the same database; the object "
                    "answers from memory, so that what is measured is the asking."
                ),
            ],
        )
    )


if __name__ == "__main__":
    main()
