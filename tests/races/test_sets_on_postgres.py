"""Sets of writes on PostgreSQL: one transaction for all, nobody waits for another's row, and nobody waits for ever."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest

from consentry.model.access import Reason
from consentry.model.refresh_token import parse_refresh_token
from consentry.oauth.errors import OAuthError
from consentry.oauth.responses import TokenResponse
from consentry.wiring import open_deeds
from postgres_server import PostgresServer
from protocol_world import ProtocolWorld, build_protocol_world, outcomes
from small_world import FixedClock

STUCK = """
SELECT pid FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'consentry' AND wait_event_type = 'Lock'
"""
CUT_OFF = f"SELECT pg_terminate_backend(pid) FROM ({STUCK}) stuck"  # noqa: S608 - composed of constants only


@pytest.fixture
def url(postgres: PostgresServer) -> Iterator[str]:
    with postgres.database() as url:
        yield url


@pytest.fixture
async def world(url: str, tmp_path: Path, clock: FixedClock) -> AsyncIterator[ProtocolWorld]:
    made = await build_protocol_world(tmp_path / "consentry.sqlite3", clock, database_url=url)
    yield made
    await made.deeds.database.close()


@asynccontextmanager
async def holding(url: str, sql: str) -> AsyncIterator[asyncpg.Connection]:
    """Hold in another session what the statement locks."""
    other = await asyncpg.connect(url)
    transaction = other.transaction()
    await transaction.start()
    await other.execute(sql)
    try:
        yield other
    finally:
        await transaction.rollback()
        await other.close()


async def until_stuck(other: asyncpg.Connection) -> None:
    """Wait until a session waits for a lock."""
    for _ in range(2000):
        # Within a transaction PostgreSQL shows what the first look saw.
        await other.execute("SELECT pg_stat_clear_snapshot()")
        if await other.fetch(STUCK):
            return
        await asyncio.sleep(0.01)
    pytest.fail("Nobody waits for a lock.")


async def test_what_is_asked_for_in_one_turn_is_one_transaction(world: ProtocolWorld) -> None:
    codes = [await world.approve(world.tool) for _ in range(24)]

    tokens = await asyncio.gather(*(world.exchange(world.tool, code) for code in codes))
    await asyncio.gather(*(world.refresh(world.tool, each.refresh_token) for each in tokens))

    assert await world.rows("SELECT count(*) FROM access_tokens") == [(48,)]
    transactions = (await world.rows("SELECT count(DISTINCT xmin::text) FROM access_tokens"))[0][0]
    # The reads before them spread the requests over a few turns.
    assert transactions < 24


async def test_whoever_must_wait_for_a_row_keeps_nobody_else_waiting(world: ProtocolWorld, url: str) -> None:
    families = [await world.connect(world.tool) for _ in range(8)]
    held, *free = families
    token = parse_refresh_token(held.refresh_token or "")
    assert token is not None
    row = f"SELECT id FROM token_families WHERE id = '{token.family_id}' FOR UPDATE"  # noqa: S608 - an identifier of ours

    async with holding(url, row) as other:
        waiting = asyncio.create_task(world.refresh(world.tool, held.refresh_token))
        done = await asyncio.gather(*(world.refresh(world.tool, each.refresh_token) for each in free))
        await until_stuck(other)

        assert len({tokens.refresh_token for tokens in done}) == 7
        assert not waiting.done()

    assert await world.why_refused((await waiting).access_token) is None


async def test_every_caller_hears_when_the_server_cuts_a_set_off_and_the_next_are_done(
    world: ProtocolWorld, url: str
) -> None:
    families = [await world.connect(world.tool) for _ in range(12)]

    async with holding(url, "LOCK TABLE access_tokens IN SHARE MODE") as other:
        cut_off = [asyncio.create_task(world.refresh(world.tool, each.refresh_token)) for each in families]
        await until_stuck(other)
        for _ in range(2000):
            await other.execute("SELECT pg_stat_clear_snapshot()")
            await other.execute(CUT_OFF)
            done, _waiting = await asyncio.wait(cut_off, timeout=0.01)
            if len(done) == len(cut_off):
                break

    assert all(isinstance(task.exception(), Exception) for task in cut_off)
    assert not any(isinstance(task.exception(), OAuthError) for task in cut_off)
    assert await world.rows("SELECT DISTINCT generation, ended_at FROM token_families") == [(1, None)]
    again, refusals = await outcomes(*(world.refresh(world.tool, each.refresh_token) for each in families))
    assert (len({tokens.refresh_token for tokens in again}), refusals) == (12, [])


async def test_closing_answers_all_who_asked(url: str, tmp_path: Path, clock: FixedClock) -> None:
    world = await build_protocol_world(tmp_path / "consentry.sqlite3", clock, database_url=url)
    families = [await world.connect(world.tool) for _ in range(10)]
    async with holding(url, "LOCK TABLE access_tokens IN SHARE MODE") as other:
        asked = [asyncio.create_task(world.refresh(world.tool, each.refresh_token)) for each in families]
        await until_stuck(other)
        closing = asyncio.create_task(world.deeds.database.close())
        await asyncio.sleep(0)

    await closing
    answers = await asyncio.gather(*asked, return_exceptions=True)

    reopened = replace(world, deeds=open_deeds(world.deeds.settings, clock=clock))
    for answer in answers:
        if isinstance(answer, TokenResponse):
            assert await reopened.why_refused(answer.access_token) is None
        else:
            assert isinstance(answer, RuntimeError)
    await reopened.deeds.database.close()


async def test_an_approval_waits_for_a_change_of_the_app_and_gives_what_is_left(world: ProtocolWorld, url: str) -> None:
    opened = await world.open_request(world.web, scope="invoicing:write contacts:read")
    narrowing = f"UPDATE apps SET optional_scopes = '' WHERE id = '{world.web.app.id}'"  # noqa: S608 - an identifier of ours

    other = await asyncpg.connect(url)
    transaction = other.transaction()
    await transaction.start()
    await other.execute(narrowing)
    approval = asyncio.create_task(world.answer(opened))
    await until_stuck(other)
    await transaction.commit()
    await other.close()

    tokens = await world.exchange(world.web, await approval)
    assert str(tokens.scope) == "invoicing:write"
    assert await world.rows("SELECT scope FROM authorization_codes") == [("invoicing:write",)]
    assert await world.rows("SELECT scopes, declined_scopes FROM connections") == [("invoicing:write", "")]
    assert await world.why_refused(tokens.access_token, "client.read") is Reason.APP_LACKS_SCOPE
