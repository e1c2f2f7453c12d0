"""No statement reads a growing table whole, or sorts one, on either engine; and no statement escapes being asked."""

import importlib
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path

import apsw
import asyncpg
from everything_done import do_everything
from many_rows import fill_postgres
from query_plans import postgres_faults, sqlite_faults
from seen_statements import hearing, plain

import consentry.storage
from consentry.postgres_url import parse_postgres_url
from consentry.storage.database import KeyedRead, SetWrite
from consentry.storage.postgres_session import connecting
from consentry.wiring import open_deeds
from people_builders import CountingPasswords
from postgres_server import PostgresServer
from protocol_world import fill_protocol_world, settings_for
from small_world import FixedClock

ELSEWHERE = {
    "view_people": "it reads a view of the product's own, of whose indexes we know nothing",
    "view_source": "as above",
    "schema": "it migrates, and reads no row of ours",
    "migrating": "as above",
}
"""Modules whose statements are not asked here, and why."""

MAY = {
    "FROM used JOIN": "the uses of one batch, put in one order for all servers",
    "FROM members mine": "the organisations of one user",
    "FROM roles WHERE organisation_id = $1 ORDER BY name": "the roles that one organisation defined by hand",
    "app_secrets s ON s.app_id = a.id": "the secrets of one app, which has a handful",
    "FROM app_secrets WHERE app_id = $1": "the secrets of one app, which has a handful",
    "FROM redirect_refusals WHERE app_id = $1 ORDER BY last_at DESC": "an app has twenty refusals at most",
}
"""What may sort, or read whole, and why: a part of the statement, and the reason."""


async def seen_on(url: str, folder: Path, clock: FixedClock) -> set[str]:
    """Do everything once; return what the engine was sent."""
    with hearing() as seen:
        settings = settings_for(folder / "consentry.sqlite3", database_url=url)
        deeds = open_deeds(settings, clock=clock, passwords=CountingPasswords())
        await do_everything(await fill_protocol_world(deeds), clock)
        await deeds.database.close()
    return seen


def declared() -> Iterator[tuple[str, str]]:
    """Return every statement that stands in the storage by name, with the name."""
    for module in pkgutil.iter_modules(consentry.storage.__path__):
        if module.name in ELSEWHERE or module.ispkg:
            continue
        for name, value in vars(importlib.import_module(f"consentry.storage.{module.name}")).items():
            for one in value.values() if isinstance(value, dict) else [value]:
                for sql in _texts_of(one):
                    if re.match(r"(SELECT|INSERT|UPDATE|DELETE|WITH)\s", plain(sql)):
                        yield f"{module.name}.{name}", plain(sql)


def reads_for_many() -> Iterator[str]:
    """Return what a read by key is when several wait in one turn, which they do not here."""
    for module in pkgutil.iter_modules(consentry.storage.__path__):
        for value in vars(importlib.import_module(f"consentry.storage.{module.name}")).values():
            if isinstance(value, KeyedRead):
                yield plain(value.for_many)


def _texts_of(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, KeyedRead):
        yield value.for_one
    elif isinstance(value, SetWrite):
        yield value.many


def unexcused(faults: dict[str, list[str]]) -> str:
    return "\n\n".join(
        f"{sql}\n  " + "\n  ".join(found)
        for sql, found in sorted(faults.items())
        if found and not any(part in sql for part in MAY)
    )


async def test_every_statement_goes_by_an_index_on_sqlite(
    database_path: Path, tmp_path: Path, clock: FixedClock
) -> None:
    seen = await seen_on(f"sqlite:///{database_path}", tmp_path, clock)
    connection = apsw.Connection(str(database_path))

    faults = {sql: sqlite_faults(connection, sql) for sql in seen}
    connection.close()

    assert not unexcused(faults), unexcused(faults)


async def test_every_statement_goes_by_an_index_on_postgresql(
    database_path: Path, postgres: PostgresServer, tmp_path: Path, clock: FixedClock
) -> None:
    portable = await seen_on(f"sqlite:///{database_path}", tmp_path, clock)
    with postgres.new_database() as url:
        seen = portable | set(reads_for_many()) | await seen_on(url, tmp_path, clock)
        connection = await asyncpg.connect(**connecting(parse_postgres_url(url)))
        await fill_postgres(connection)
        faults = {sql: await postgres_faults(connection, sql) for sql in seen}
        await connection.close()

    assert not unexcused(faults), unexcused(faults)


async def test_every_statement_that_has_a_name_was_among_them(
    database_path: Path, postgres: PostgresServer, tmp_path: Path, clock: FixedClock
) -> None:
    """A new statement is asked too: whoever adds one adds what uses it to `do_everything`."""
    seen = await seen_on(f"sqlite:///{database_path}", tmp_path, clock)
    with postgres.database() as url:
        seen |= await seen_on(url, tmp_path, clock)

    unseen = {name for name, sql in declared() if not any(sql in one for one in seen)}

    assert not unseen, sorted(unseen)


WHOLE = {
    "FROM members every": "every member is judged before and after a change of roles that must not shut all out",
    "FROM members mine": "the organisations of one user",
    "FROM roles WHERE organisation_id = $1": "the roles that one organisation defined by hand",
    "FROM app_secrets WHERE app_id = $1": "the secrets of one app, which has a handful",
    "FROM redirect_refusals WHERE app_id = $1": "an app has twenty refusals at most",
    "count(*) FROM connections WHERE app_id": "connections end with their app, and the audit tells how many",
    "FROM session_apps s JOIN apps": "the apps that one session signed in to",
    "FROM (SELECT $1 AS organisation_id, $2 AS user_id) pair": "one user in one organisation",
    "FROM organisations o WHERE o.name = $1": "organisations of one name, to tell that the name is not enough",
}
"""What may return as many rows as there are, and why: a part of the statement, and the reason."""

_BY_KEY = re.compile(r"\b(id|user_id|client_id|email|key|url) = (\$1|\$2|ANY)")


async def test_no_list_is_read_without_a_limit_and_none_by_an_offset(
    database_path: Path, tmp_path: Path, clock: FixedClock
) -> None:
    seen = await seen_on(f"sqlite:///{database_path}", tmp_path, clock)
    selects = {sql for sql in seen if sql.startswith(("SELECT", "WITH RECURSIVE"))}
    small = re.compile(r"FROM (operators|resources|signing_keys)\b")

    unbounded = {
        sql
        for sql in selects
        if "LIMIT" not in sql and not _BY_KEY.search(sql.partition("WHERE")[2]) and not small.search(sql)
        if not any(part in sql for part in WHOLE)
    }

    assert not unbounded, "\n\n".join(sorted(unbounded))
    assert not [sql for sql in selects if "OFFSET" in sql]
