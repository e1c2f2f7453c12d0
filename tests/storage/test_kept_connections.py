"""What a connection prepared before the tables grew is answered as before, by each statement of the product."""

import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from everything_done import do_everything
from seen_statements import hearing

from app_builders import writing
from consentry.storage.database import Database, Operation, Row, Statement
from consentry.storage.opening import faults_of
from consentry.wiring import open_deeds
from people_builders import CountingPasswords
from protocol_world import fill_protocol_world, settings_for
from small_world import FixedClock

_WRITES = re.compile(r"\b(INSERT|UPDATE|DELETE)\b")
TABLES = {
    "sqlite": "SELECT name FROM sqlite_schema WHERE type = 'table'",
    "postgresql": "SELECT relname::text FROM pg_stat_user_tables",
}


def asking(sql: str, arguments: tuple[None, ...]) -> Operation[Sequence[Row]]:
    return (yield Statement(sql, arguments))


async def answer_of(database: Database, url: str, sql: str) -> str:
    """What the engine says to a statement that is given nothing: rows, or why not."""
    arguments = (None,) * max([0, *map(int, re.findall(r"\$(\d+)", sql))])
    is_read = sql.startswith(("SELECT", "WITH")) and not _WRITES.search(sql)
    try:
        return repr(await (database.read(sql, *arguments) if is_read else database.write(asking, sql, arguments)))
    except faults_of(url) as fault:
        return repr(fault)


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
async def test_every_statement_is_answered_as_before(engine: str, own_database_url: str, tmp_path: Path) -> None:
    clock = FixedClock()
    with hearing() as seen:
        settings = settings_for(tmp_path / "consentry.sqlite3", database_url=own_database_url)
        deeds = open_deeds(settings, clock=clock, passwords=CountingPasswords())
        await do_everything(await fill_protocol_world(deeds), clock)
    statements = sorted(seen)
    before = [await answer_of(deeds.database, own_database_url, sql) for sql in statements]

    for (table,) in await deeds.database.read(TABLES[engine]):
        column = f"ALTER TABLE \"{table}\" ADD COLUMN grown TEXT NOT NULL DEFAULT 'unknown'"
        await deeds.database.write(writing, Statement(column))

    after = [await answer_of(deeds.database, own_database_url, sql) for sql in statements]
    await deeds.database.close()
    assert dict(zip(statements, after, strict=True)) == dict(zip(statements, before, strict=True))
