"""A database with a member who connected an app, a configuration that names it, and the app's token."""

import asyncio
import shutil
import sys
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

TESTS = Path(__file__).parent.parent / "tests"
sys.path[:0] = [str(TESTS / "guard"), str(TESTS)]

from guard_world import build_guard_world  # the tests' own world

from consentry.clock import SystemClock
from consentry.model.catalog import Catalog
from consentry.storage.schema import migrate_sqlite
from small_world import FixedClock


@dataclass(frozen=True)
class GuardedWorld:
    config: Path
    catalog: Catalog
    token: str


def make_world(folder: Path) -> GuardedWorld:
    """Write the database and its configuration into `folder`. The token may do `invoice.read`, for a day."""
    template = folder / "template.sqlite3"
    migrate_sqlite(template)
    database = folder / "consentry.sqlite3"
    shutil.copy(template, database)
    catalog, token = asyncio.run(_people(database, folder))
    config = folder / "consentry.toml"
    config.write_text('database_url = "sqlite:///consentry.sqlite3"\ncatalog = "catalog.toml"\n', encoding="utf-8")
    return GuardedWorld(config, catalog, token)


async def _people(database: Path, folder: Path) -> tuple[Catalog, str]:
    clock = FixedClock()
    clock.present = SystemClock().now()
    world = await build_guard_world(f"sqlite:///{database}", folder, clock)
    token = await world.token(lifetime=timedelta(days=1))
    await world.guard.close()
    world.blocking.close()
    await world.deeds.database.close()
    return world.deeds.catalog, token
