"""The pool of connections: how many there are, who gets one next, and what becomes of one that was left half-way."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from consentry.storage.postgres_pool import PostgresPool

MOST = 2
SLEEP = "SELECT pg_sleep(5)"
SLEEPING = """
SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' AND query = $1
"""


@pytest.fixture
async def opened() -> list[asyncpg.Connection]:
    return []


@pytest.fixture
async def pool(url: str, opened: list[asyncpg.Connection]) -> AsyncIterator[PostgresPool]:
    async def connect() -> asyncpg.Connection:
        opened.append(await asyncpg.connect(url))
        return opened[-1]

    pool = PostgresPool(connect, MOST, idle_seconds=0.1)
    yield pool
    await pool.close()
    assert all(connection.is_closed() for connection in opened)


async def number_of(pool: PostgresPool) -> int:
    async with pool.lend() as connection:
        await asyncio.sleep(0.01)
        number: int = connection.get_server_pid()
        return number


async def test_many_share_few_connections_and_one_at_a_time_uses_one_only(pool: PostgresPool) -> None:
    many = await asyncio.gather(*(number_of(pool) for _ in range(20)))
    alone = {await number_of(pool) for _ in range(3)}

    assert len(set(many)) == MOST
    assert len(alone) == 1


async def test_who_waits_is_served_in_turn_and_who_gives_up_holds_up_nobody(pool: PostgresPool) -> None:
    held = [await pool.take() for _ in range(MOST)]
    gives_up, first, second = (asyncio.create_task(pool.take()) for _ in range(3))
    await asyncio.sleep(0)
    gives_up.cancel()

    pool.give_back(held[0])
    # When it has been granted already.
    first.cancel()

    assert await second is held[0]
    given_up = await asyncio.gather(gives_up, first, return_exceptions=True)
    assert [type(each) for each in given_up] == [asyncio.CancelledError] * 2
    pool.give_back(held[0])
    pool.give_back(held[1])


async def test_one_that_was_left_in_the_middle_is_not_lent_again_and_the_server_gives_up_its_statement(
    pool: PostgresPool, url: str
) -> None:
    async def sleep() -> None:
        async with pool.lend() as connection:
            await connection.execute(SLEEP)

    before = await number_of(pool)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(sleep(), 0.05)
    after = {await number_of(pool) for _ in range(MOST)}
    await pool.close()

    assert before not in after
    other = await asyncpg.connect(url)
    assert await other.fetchval(SLEEPING, SLEEP) == 0
    await other.close()


async def test_a_transaction_that_was_left_open_goes_with_its_connection(pool: PostgresPool) -> None:
    async def leave() -> None:
        async with pool.lend() as connection:
            await connection.execute("BEGIN")
            raise ValueError(str(connection.get_server_pid()))

    with pytest.raises(ValueError, match=r"^[0-9]+$") as left:
        await leave()

    assert await number_of(pool) != int(str(left.value))


async def test_one_that_the_server_closed_is_replaced(pool: PostgresPool, opened: list[asyncpg.Connection]) -> None:
    before = await number_of(pool)
    opened[0].terminate()

    assert await number_of(pool) != before


async def test_a_fault_in_opening_is_heard_and_leaves_room_for_the_next(url: str) -> None:
    faults = [OSError("The network is down.")] * MOST

    async def connect() -> asyncpg.Connection:
        await asyncio.sleep(0)
        if faults:
            raise faults.pop()
        return await asyncpg.connect(url)

    pool = PostgresPool(connect, MOST)
    heard = await asyncio.gather(*(number_of(pool) for _ in range(MOST + 2)), return_exceptions=True)

    assert [type(each) for each in heard] == [OSError] * MOST + [int] * 2
    await pool.close()


async def test_those_that_nobody_needs_are_closed(pool: PostgresPool, opened: list[asyncpg.Connection]) -> None:
    await asyncio.gather(*(number_of(pool) for _ in range(MOST)))
    closed = asyncio.Semaphore(0)
    for connection in opened:
        connection.add_termination_listener(lambda _: closed.release())

    for _ in range(MOST):
        await asyncio.wait_for(closed.acquire(), 5)

    assert len(opened) == MOST


async def test_closing_lets_those_finish_who_have_a_connection_or_wait_for_one(pool: PostgresPool) -> None:
    working = [asyncio.create_task(number_of(pool)) for _ in range(MOST + 3)]
    await asyncio.sleep(0)

    await pool.close()

    assert len(await asyncio.gather(*working)) == MOST + 3
    with pytest.raises(RuntimeError, match="closed"):
        await number_of(pool)
