"""PostgreSQL looks every row of a set up by its key, also where it planned while the tables were empty."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from consentry.storage.database import SetWrite
from consentry.storage.token_writes import EXTEND, REDEEM, ROTATE
from consentry.storage.usage import WRITES
from postgres_server import PostgresServer

WRITES_BY_NAME = {"redeem": REDEEM, "rotate": ROTATE, "extend": EXTEND, **{kind.value: WRITES[kind] for kind in WRITES}}


@pytest.fixture
async def session(postgres: PostgresServer) -> AsyncIterator[asyncpg.Connection]:
    with postgres.new_database() as url:
        connection = await asyncpg.connect(url, server_settings={"plan_cache_mode": "force_generic_plan"})
        yield connection
        await connection.close()


async def plan_of(session: asyncpg.Connection, write: SetWrite) -> str:
    columns = write.many.count("[]")
    await session.execute(f"PREPARE many AS {write.many}")
    rows = await session.fetch(f"EXPLAIN EXECUTE many ({', '.join(['NULL'] * columns)})")
    return "\n".join(row[0] for row in rows)


@pytest.mark.parametrize("name", WRITES_BY_NAME)
async def test_a_set_reads_no_table_from_end_to_end(session: asyncpg.Connection, name: str) -> None:
    plan = await plan_of(session, WRITES_BY_NAME[name])

    assert "Index Scan" in plan
    assert "Seq Scan" not in plan, plan
