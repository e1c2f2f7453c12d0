"""Housekeeping: what has expired goes in small batches, and what must still be recognised stays."""

import asyncio
from datetime import datetime, timedelta

import pytest

from consentry.flows.housekeeping import ROWS_PER_BATCH, Housekeeping, Lifetimes
from consentry.flows.token_policy import LONGEST_ACCESS_TOKEN_LIFETIME
from consentry.model.ids import encode_id
from consentry.ports.housekeeping import Leftover
from consentry.storage.database import Database, Operation, Statement, to_micros
from consentry.storage.housekeeping import SqlHousekeepingStore
from small_world import FixedClock
from standing_builders import add_user, run

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def housekeeping(database: Database, clock: FixedClock) -> Housekeeping:
    return Housekeeping(SqlHousekeepingStore(database), clock, Lifetimes(HOUR, MINUTE), pause=timedelta())


def identifier(moment: datetime, number: int = 0) -> str:
    return encode_id(int(moment.timestamp() * 1000), number.to_bytes(10, "big"))


async def add_tokens(database: Database, issued_at: datetime, count: int, lifetime: timedelta = HOUR) -> None:
    def operation() -> Operation[None]:
        for number in range(count):
            yield Statement(
                "INSERT INTO access_tokens (id, digest, family_id, scope, issued_at, expires_at) "
                "VALUES ($1, $4, 'family', '', $2, $3)",
                (identifier(issued_at, number), to_micros(issued_at), to_micros(issued_at + lifetime), b"digest"),
            )

    await database.write(operation)


async def add_code(database: Database, issued_at: datetime) -> str:
    code_id = identifier(issued_at)
    await run(
        database,
        "INSERT INTO authorization_codes (id, digest, connection_id, app_id, redirect_uri, scope, issued_at, "
        "expires_at, consumed_at, wrong_proofs) VALUES ($1, $4, 'con', 'app', 'https://a.test', '', $2, $3, $2, 0)",
        code_id,
        to_micros(issued_at),
        to_micros(issued_at + MINUTE),
        b"digest",
    )
    return code_id


async def add_family(database: Database, name: str, *, idle: datetime, end: datetime, ended: datetime | None) -> None:
    await run(
        database,
        "INSERT INTO token_families (id, connection_id, scope, refresh_digest, generation, created_at, rotated_at, "
        "idle_expires_at, expires_at, ended_at) VALUES ($1, 'con', '', $5, 1, 1, 1, $2, $3, $4)",
        name,
        to_micros(idle),
        to_micros(end),
        None if ended is None else to_micros(ended),
        b"digest",
    )


async def keys(database: Database, table: str, key: str = "id") -> list[str]:
    rows = await database.read(f"SELECT {key} FROM {table}")  # noqa: S608 - names that stand in this file
    return sorted(row[0] for row in rows)


async def test_expired_access_tokens_go_and_live_ones_stay(
    database: Database, clock: FixedClock, housekeeping: Housekeeping
) -> None:
    await add_tokens(database, clock.present - HOUR, 2)
    await add_tokens(database, clock.present - HOUR + timedelta(milliseconds=1), 3)

    assert await housekeeping.sweep_once() == 2
    assert len(await keys(database, "access_tokens")) == 3


async def test_more_than_a_batch_goes_in_one_sweep(
    database: Database, clock: FixedClock, housekeeping: Housekeeping
) -> None:
    await add_tokens(database, clock.present - 3 * HOUR, 2 * ROWS_PER_BATCH + 7)

    assert await housekeeping.sweep_once() == 2 * ROWS_PER_BATCH + 7
    assert await keys(database, "access_tokens") == []


async def test_tokens_of_a_longer_lifetime_do_not_hold_up_those_behind_them(
    database: Database, clock: FixedClock, housekeeping: Housekeeping
) -> None:
    await add_tokens(database, clock.present - 3 * HOUR, ROWS_PER_BATCH + 1, lifetime=24 * HOUR)
    await add_tokens(database, clock.present - 2 * HOUR, 5)

    assert await housekeeping.sweep_once() == 5


async def test_a_used_code_is_recognised_for_a_day_after_its_end(
    database: Database, clock: FixedClock, housekeeping: Housekeeping
) -> None:
    await add_code(database, clock.present - DAY - MINUTE)
    kept = await add_code(database, clock.present - DAY - MINUTE + timedelta(milliseconds=1))

    await housekeeping.sweep_once()

    assert await keys(database, "authorization_codes") == [kept]


async def test_families_go_two_days_after_whichever_end_comes_first(
    database: Database, clock: FixedClock, housekeeping: Housekeeping
) -> None:
    now, later = clock.present, clock.present + DAY
    await add_family(database, "idle", idle=now - 2 * DAY, end=later, ended=None)
    await add_family(database, "over", idle=later, end=now - 2 * DAY, ended=None)
    await add_family(database, "ended", idle=later, end=later, ended=now - 2 * DAY)
    # An access token that was given out just before is told to have ended for as long as it could live.
    await add_family(database, "lately ended", idle=later, end=later, ended=now - LONGEST_ACCESS_TOKEN_LIFETIME)
    await add_family(database, "live", idle=later, end=later, ended=None)

    await housekeeping.sweep_once()

    assert await keys(database, "token_families") == ["lately ended", "live"]


async def test_sessions_pending_requests_and_throttles_go_too(
    database: Database, clock: FixedClock, housekeeping: Housekeeping
) -> None:
    now = clock.present
    user_id = await add_user(database, "bo")
    for name, expires_at, ended_at in (
        ("expired", now - DAY, None),
        ("live", now + DAY, None),
        ("signed out", now + DAY, now - DAY),
    ):
        await run(
            database,
            "INSERT INTO sessions (id, digest, user_id, authenticated_at, seen_at, expires_at, ended_at) "
            "VALUES ($1, $5, $2, 1, 1, $3, $4)",
            name,
            user_id,
            to_micros(expires_at),
            None if ended_at is None else to_micros(ended_at),
            b"digest",
        )
    for name, expires_at in (("expired", now - HOUR), ("live", now)):
        await run(
            database,
            "INSERT INTO pending_authorizations (id, session_id, user_id, client_id, query, created_at, expires_at) "
            "VALUES ($1, 's', 'u', 'c', '', 1, $2)",
            name,
            to_micros(expires_at),
        )
    for name, last_at, blocked_until in (
        ("\N{LATIN SMALL LETTER Z WITH CARON} old", now - DAY, now - DAY),
        ("blocked", now - DAY, now),
        ("recent", now, now),
    ):
        await run(
            database,
            "INSERT INTO throttles (key, failures, last_at, blocked_until) VALUES ($1, 3, $2, $3)",
            name,
            to_micros(last_at),
            to_micros(blocked_until),
        )

    await housekeeping.sweep_once()

    assert await keys(database, "sessions") == ["live"]
    assert await keys(database, "pending_authorizations") == ["live"]
    assert await keys(database, "throttles", "key") == ["blocked", "recent"]


class BatchCountingStore(SqlHousekeepingStore):
    """The store, which says how many batches it has removed."""

    batches = 0

    async def remove(self, kind: Leftover, *, after: str, last: str, expired_before: datetime) -> None:
        await super().remove(kind, after=after, last=last, expired_before=expired_before)
        self.batches += 1


async def test_a_write_gets_its_turn_while_a_large_table_is_swept(database: Database, clock: FixedClock) -> None:
    batches = 30
    await add_tokens(database, clock.present - 3 * HOUR, batches * ROWS_PER_BATCH)
    store = BatchCountingStore(database)
    sweeping = asyncio.create_task(Housekeeping(store, clock, Lifetimes(HOUR, MINUTE), pause=timedelta()).sweep_once())
    seen = []

    while not sweeping.done():
        before = store.batches
        await run(database, "UPDATE throttles SET failures = 0 WHERE key = 'nobody'")
        seen.append(store.batches - before)

    assert await sweeping == batches * ROWS_PER_BATCH
    assert store.batches == batches
    # However long the table is, a write never waits for the whole of it.
    assert max(seen) < batches // 2
