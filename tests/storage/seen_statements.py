"""Every statement that an engine is sent, whichever layer of ours sends it: heard at the driver."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import apsw
import asyncpg
import pytest

# storage/sqlite_named_reads.py gives a read by key a name, which only its connection knows.
_NAMING = re.compile(r"CREATE TEMP VIEW (\w+) AS (.+)", re.DOTALL)
_BY_NAME = re.compile(r"SELECT \* FROM (keyed_read_\d+) WHERE \w+ = (\S+)")
_KEY = re.compile(r"\s*SELECT ([\w.]+),")
_STATEMENT = re.compile(r"\s*(SELECT|INSERT|UPDATE|DELETE|WITH)\b")


def plain(sql: str) -> str:
    """Return the statement with its placeholders as `$1` and single spaces, so that it is the same everywhere."""
    return " ".join(re.sub(r"\?(\d+)", r"$\1", sql).split())


@contextmanager
def hearing() -> Iterator[set[str]]:
    """Collect the statements of every connection that is opened meanwhile."""
    seen: set[str] = set()

    def hear(sql: str) -> None:
        if _STATEMENT.match(sql) and "pg_catalog." not in sql:
            seen.add(plain(sql))

    def hear_sqlite(connection: apsw.Connection) -> None:
        named: dict[str, str] = {}

        def trace(_cursor: Any, sql: str, _bindings: Any) -> bool:
            if naming := _NAMING.fullmatch(sql):
                named[naming[1]] = naming[2]
            hear(_in_full(sql, named))
            return True

        connection.exec_trace = trace

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(apsw, "connection_hooks", [*apsw.connection_hooks, hear_sqlite])
        for name in ("create_pool", "connect"):
            patched.setattr(asyncpg, name, _listening(getattr(asyncpg, name), hear))
        yield seen


def _in_full(sql: str, named: dict[str, str]) -> str:
    """Return the statement that a short one stands for."""
    short = _BY_NAME.fullmatch(sql)
    if short is None:
        return sql
    whole = named[short[1]]
    key = _KEY.match(whole)
    assert key is not None, whole
    return f"{whole} WHERE {key[1]} = {short[2]}"


def _listening(opening: Callable[..., Any], hear: Callable[[str], None]) -> Callable[..., Any]:
    class Heard(asyncpg.Connection):  # type: ignore[misc] # asyncpg has no types
        async def _get_statement(self, query: str, *args: Any, **kwargs: Any) -> Any:
            # Everything that is prepared comes here, by whichever method; a query logger would miss some of them.
            hear(query)
            return await super()._get_statement(query, *args, **kwargs)

    def opened(*args: Any, **kwargs: Any) -> Any:
        return opening(*args, **{**kwargs, "connection_class": Heard})

    return opened
