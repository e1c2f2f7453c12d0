"""A migrated database filled with as many tokens, connections and members as one likes, by the engine itself.

    .venv/bin/python bench/population.py sqlite:///big.sqlite3 10000000
    .venv/bin/python bench/population.py postgresql://consentry@/big 10000000

Every token is genuine: `Population.token(n)` is the text of the n-th, so that a benchmark may check any of them.
Ten million tokens take two to four minutes and about 3 GB.
"""

import asyncio
import hashlib
import random
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import apsw
import asyncpg

from consentry.model.ids import base62
from consentry.model.secret import SECRET_LENGTH, CredentialKind, Secret, format_credential
from consentry.settings_values import sqlite_path
from consentry.storage.schema import migrate

# The characters of an identifier that tell when it was made, to ten milliseconds, and how many are left.
TIMED, REST = 8, 14
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_MICROS = 1_000_000
BATCH = 500_000
_SCOPES = "invoicing:read contacts:read"


# What is written of each row; columns that came later keep their default.
_COLUMNS = {
    "organisations": "id, name, standing, created_at",
    "users": "id, email, name, password_hash, standing, created_at",
    "members": "organisation_id, user_id, custom_permissions, standing, created_at",
    "member_roles": "organisation_id, user_id, role",
    "apps": (
        "id, client_id, organisation_id, name, type, redirect_uris, required_scopes, optional_scopes, require_pkce, "
        "status, created_by, created_at, updated_at"
    ),
    "connections": (
        "id, organisation_id, user_id, app_id, scopes, declined_scopes, created_at, updated_at, first_used_at, "
        "last_used_at, ended_at, ended_by"
    ),
    "token_families": (
        "id, connection_id, scope, resource, refresh_digest, generation, sealed_successor, successor_scope, "
        "created_at, rotated_at, idle_expires_at, expires_at, ended_at"
    ),
    "access_tokens": "id, digest, family_id, scope, resource, issued_at, expires_at",
}


def _inserting(table: str, values: str, dialect: _Dialect) -> str:
    columns = _COLUMNS[table]
    return f"INSERT INTO {table} ({columns}) {dialect.counting} SELECT {values} FROM counted"  # noqa: S608 - constants


def _base62(number: str) -> str:
    """Return the SQL for what model/ids.py makes of the number in the timed part of an identifier."""
    digits = [f"substr('{_ALPHABET}', CAST({number} / {62**place} % 62 + 1 AS INTEGER), 1)" for place in range(TIMED)]
    return "(" + " || ".join(reversed(digits)) + ")"


def _fill_sqlite(path: str, population: Population, say: Callable[[str], None]) -> None:
    connection = apsw.Connection(path)
    connection.create_scalar_function("sha256", lambda text: hashlib.sha256(text.encode()).digest(), 1)
    try:
        connection.pragma("synchronous", "OFF")
        connection.pragma("cache_size", -262_144)
        # Rows come in the order of their keys, and no other program is here: nothing need be looked up for a reference.
        connection.pragma("foreign_keys", 0)
        for name, count, sql in _statements(population, _SQLITE):
            for start in range(0, count, BATCH):
                connection.execute(_between(sql, start, count))
                connection.pragma("wal_checkpoint", "PASSIVE")
            say(f"{name}: {count} rows")
        connection.execute("ANALYZE")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    finally:
        connection.close()


async def _fill_postgres(url: str, population: Population, say: Callable[[str], None]) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("SET synchronous_commit = off")
        # It spares a look-up for every reference.
        with suppress(asyncpg.InsufficientPrivilegeError):
            await connection.execute("SET session_replication_role = replica")
        for name, count, sql in _statements(population, _POSTGRES):
            for start in range(0, count, BATCH):
                await connection.execute(_between(sql, start, count), timeout=600)
            say(f"{name}: {count} rows")
        await connection.execute("VACUUM (ANALYZE)", timeout=600)
        await connection.execute("CHECKPOINT", timeout=600)
    finally:
        await connection.close()


def _between(sql: str, start: int, count: int) -> str:
    return sql.format(start=start, end=min(start + BATCH, count))


def main() -> None:
    url, tokens = sys.argv[1], int(sys.argv[2])
    started = time.perf_counter()
    fill(url, population_of(tokens), lambda line: print(line, file=sys.stderr))
    print(f"{time.perf_counter() - started:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
