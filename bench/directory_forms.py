"""What the form of the directory costs a check: our tables, a view, an object, side by side in one run.

bench/directory_forms.py [DATABASE_URL …]   a new SQLite file, and PostgreSQL databases that are empty

Prints, for each engine and for 1 and 64 checks waiting, the median of five rounds as a ratio to our tables.
"""

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from consentry.guard import Guard
from consentry.ports.directory import Holding, Pair
from consentry.storage.database import Operation, Statement
from consentry.storage.schema import migrate
from consentry.wiring import open_deeds
from protocol_world import ProtocolWorld, fill_protocol_world, settings_for

MEMBERS = 2_000
CHECKS = 4_000
ROUNDS = 5
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


async def rate(check: Callable[[], Awaitable[object]], waiting: int) -> float:
    """Return checks a second."""
    begun = time.perf_counter()
    for _ in range(CHECKS // waiting):
        await asyncio.gather(*(check() for _ in range(waiting)))
    return CHECKS / (time.perf_counter() - begun)


async def measure(url: str, folder: Path) -> None:
    """Print the ratios on one engine."""
    settings = settings_for(folder / "any.sqlite3", database_url=url)
    deeds = open_deeds(settings)
    world = await fill_protocol_world(deeds)
    token = (await world.connect(world.web)).access_token
    await deeds.database.write(crowd, world)
    viewing = settings_for(folder / "any.sqlite3", database_url=url, directory_view_members="product_members")
    guards = {
        "our tables": Guard.open(settings),
        "view": Guard.open(viewing),
        "object": Guard.open(settings, directory=Product()),
    }
    for waiting in (1, 64):
        rates: dict[str, list[float]] = {name: [] for name in guards}
        for _ in range(ROUNDS):
            for name, guard in guards.items():
                rates[name].append(await rate(lambda guard=guard: guard.check(token), waiting))
        first = statistics.median(rates["our tables"])
        for name, found in rates.items():
            median = statistics.median(found)
            engine = url.partition(":")[0]
            print(f"{engine:12} {waiting:3} waiting  {name:12} {median:8.0f}/s  {median / first:.2f}")
    for guard in guards.values():
        await guard.close()
    await deeds.database.close()


def main() -> None:
    """Measure on a new SQLite file and on every database that is named."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for url in (f"sqlite:///{folder}/bench.sqlite3", *sys.argv[1:]):
            migrate(url)
            asyncio.run(measure(url, folder))


if __name__ == "__main__":
    main()
