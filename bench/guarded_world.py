"""A database whose members all connected an app, a configuration that names it, and tokens of the app."""

import asyncio
import secrets
import sys
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

TESTS = Path(__file__).parent.parent / "tests"
sys.path[:0] = [str(TESTS / "guard"), str(TESTS)]

from guard_world import OPERATOR, build_guard_world, connect  # the tests' own world

from consentry.clock import SystemClock
from consentry.model.catalog import Catalog
from consentry.storage.schema import migrate
from small_world import FixedClock

MEMBERS = 50
TOKENS_OF_EACH = 20
CONFIG = """database_url = "{url}"
catalog = "catalog.toml"
secret_key = "{key}"
"""


@dataclass(frozen=True)
class GuardedWorld:
    """`tokens` may all do `invoice.read`, for a day."""

    folder: Path
    config: Path
    catalog: Catalog
    tokens: list[str]


def make_world(folder: Path, url: str | None = None, *, members: int = MEMBERS) -> GuardedWorld:
    """Fill the database of this URL, or a new SQLite file in `folder`, and write its configuration there."""
    url = url or f"sqlite:///{folder / 'consentry.sqlite3'}"
    migrate(url)
    catalog, tokens = asyncio.run(_people(url, folder, members))
    config = folder / "consentry.toml"
    config.write_text(CONFIG.format(url=url, key=secrets.token_urlsafe(32)), encoding="utf-8")
    return GuardedWorld(folder, config, catalog, tokens)


async def _people(url: str, folder: Path, members: int) -> tuple[Catalog, list[str]]:
    clock = FixedClock()
    clock.present = SystemClock().now()
    world = await build_guard_world(url, folder, clock)
    people, connections = world.deeds.people, [world.connection_id]
    for number in range(2, members + 1):
        user = await people.users.create(OPERATOR, f"member{number}@north.test")
        await people.members.set(OPERATOR, world.organisation_id, user.id, ["bookkeeper"])
        connections.append(await connect(world.deeds, number, world.organisation_id, user.id, world.app_id))
    tokens = [
        await world.token(lifetime=timedelta(days=1), connection_id=connection)
        for connection in connections
        for _ in range(TOKENS_OF_EACH)
    ]
    await world.guard.close()
    world.blocking.close()
    await world.deeds.database.close()
    return world.deeds.catalog, tokens
