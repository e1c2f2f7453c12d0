"""Deleting an app that very many connected: it ends at once, and its connections in small transactions."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from app_builders import ACME, AT, MANAGER, a_draft
from consentry.flows.app_registry import AppRegistry
from consentry.flows.housekeeping import Housekeeping, Lifetimes
from consentry.storage.app_deletion import CONNECTIONS_AT_ONCE
from consentry.storage.apps import SqlAppStore
from consentry.storage.database import Database, Operation, Statement
from consentry.storage.events import EventStore
from consentry.storage.housekeeping import SqlHousekeepingStore
from small_world import FixedClock

MANY = 2 * CONNECTIONS_AT_ONCE + 1
LIVE = "SELECT count(*) FROM connections WHERE ended_at IS NULL"


class ProcessEndedError(Exception):
    """The process ended before the transaction began."""


@dataclass
class WritesCounted:
    """A database that counts the transactions, and does no more than `most` of them."""

    database: Database
    writes: int = 0
    most: int = 1000

    async def write(self, *args: Any) -> Any:
        if self.writes == self.most:
            raise ProcessEndedError
        self.writes += 1
        return await self.database.write(*args)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.database, name)


async def connect_many(database: Database, app_id: str) -> None:
    def operation() -> Operation[None]:
        for number in range(MANY):
            user = f"usr_{number:0>22}"
            yield Statement(
                "INSERT INTO users (id, email, name, standing, created_at) VALUES ($1, $1, $1, 'active', $2)",
                (user, AT),
            )
            yield Statement(
                "INSERT INTO connections (id, organisation_id, user_id, app_id, scopes, declined_scopes, created_at, "
                "updated_at) VALUES ($1, $2, $3, $4, 'invoicing:read', '', $5, $5)",
                (f"con_{number:0>22}", ACME, user, app_id, AT),
            )

    await database.write(operation)


async def test_its_connections_end_in_small_transactions_and_one_event_counts_them(
    registry: AppRegistry, database: Database, clock: FixedClock
) -> None:
    app = (await registry.register(MANAGER, a_draft())).app
    await connect_many(database, app.id)
    clock.pass_time(timedelta(seconds=1))
    counted = WritesCounted(database)

    await replace(registry, apps=SqlAppStore(counted)).delete(MANAGER, app.client_id, confirm_name=None)  # type: ignore[arg-type] # delegates

    assert counted.writes == 3
    assert await database.read(LIVE) == [(0,)]
    newest, before = await EventStore(database).page(ACME, before=None, limit=2)
    assert newest.details == {"name": "Ledgerly", "connections_ended": str(MANY)}
    assert before.kind == "app.registered"


async def test_what_a_process_that_ended_meanwhile_left_is_swept(
    registry: AppRegistry, database: Database, clock: FixedClock
) -> None:
    app = (await registry.register(MANAGER, a_draft())).app
    await connect_many(database, app.id)
    dying = WritesCounted(database, most=1)
    with pytest.raises(ProcessEndedError):
        await replace(registry, apps=SqlAppStore(dying)).delete(MANAGER, app.client_id, confirm_name=None)  # type: ignore[arg-type] # delegates
    assert await registry.apps.find_client(app.client_id) is None
    assert await database.read(LIVE) == [(MANY - CONNECTIONS_AT_ONCE,)]
    deleted_at = clock.now()
    clock.pass_time(timedelta(minutes=5))

    hour = timedelta(hours=1)
    await Housekeeping(SqlHousekeepingStore(database), clock, Lifetimes(hour, hour), pause=timedelta()).sweep_once()

    assert await database.read(LIVE) == [(0,)]
    at = int(deleted_at.timestamp() * 1_000_000)
    assert await database.read("SELECT DISTINCT ended_at, ended_by FROM connections") == [(at, "app_deleted")]
