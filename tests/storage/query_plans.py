"""What an engine would read for a statement, told as faults: a table that grows read whole, or sorted."""

import json
import re
from collections.abc import Iterator
from typing import Any

import apsw
import asyncpg

SMALL = frozenset({"operators", "resources", "signing_keys", "alembic_version"})
"""Tables of which an installation has a handful of rows, however many people use it."""

_NAMED = re.compile(r"\b(?:FROM|JOIN|UPDATE|INTO)\s+(\w+)(?:\s+(?!ON\b|SET\b|WHERE\b|JOIN\b|LEFT\b|ORDER\b)(\w+))?")


def sqlite_faults(connection: apsw.Connection, sql: str) -> list[str]:
    """Return what of the plan reads a growing table whole, or sorts rows."""
    numbered = re.sub(r"\$(\d+)", r"?\1", sql)
    tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")} - SMALL
    growing = {alias or table for table, alias in _NAMED.findall(sql) if table in tables}
    nothing = [None] * max((int(number) for number in re.findall(r"\?(\d+)", numbered)), default=0)
    lines = [str(row[3]) for row in connection.execute(f"EXPLAIN QUERY PLAN {numbered}", nothing)]
    return [line for line in lines if _is_bad_line(line, growing)]


def _is_bad_line(line: str, growing: set[str]) -> bool:
    scanned = re.match(r"SCAN (\w+)", line)
    return line.startswith("USE TEMP B-TREE") or (scanned is not None and scanned[1] in growing)


async def postgres_faults(connection: asyncpg.Connection, sql: str) -> list[str]:
    """Return what of the plan, made once for all arguments, reads a growing table whole, or sorts rows."""
    numbers = [int(number) for number in re.findall(r"\$(\d+)", sql)]
    nulls = ", ".join(["NULL"] * max(numbers, default=0))
    await connection.execute(f"PREPARE planned AS {sql}")
    try:
        given = f"planned ({nulls})" if nulls else "planned"
        answer = await connection.fetchval(f"EXPLAIN (FORMAT JSON) EXECUTE {given}")
    finally:
        await connection.execute("DEALLOCATE planned")
    return [fault for plan in json.loads(answer) for fault in _bad_nodes(plan["Plan"])]


def _bad_nodes(node: dict[str, Any]) -> Iterator[str]:
    kind, table = node["Node Type"], node.get("Relation Name")
    if table is not None and table not in SMALL:
        by_index = kind == "Bitmap Heap Scan" or "Index Cond" in node
        if not by_index and kind != "ModifyTable":
            yield f"{kind} of {table}"
    if kind in {"Sort", "Incremental Sort"} and any(read not in SMALL for read in _tables_under(node)):
        yield f"{kind} by {', '.join(node['Sort Key'])}"
    for inner in node.get("Plans", ()):
        yield from _bad_nodes(inner)


def _tables_under(node: dict[str, Any]) -> Iterator[str]:
    if "Relation Name" in node:
        yield node["Relation Name"]
    for inner in node.get("Plans", ()):
        yield from _tables_under(inner)
