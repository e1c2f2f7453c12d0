"""A migrated database filled with as many tokens, connections and members as one likes, by the engine itself.

    bench/.venv/bin/python bench/population.py sqlite:///big.sqlite3 10000000
    bench/.venv/bin/python bench/population.py postgresql://consentry@/big 10000000

Every token is genuine: `Population.token(n)` is the text of the n-th, so that a benchmark may check any of them.
Ten million tokens take two to four minutes and about 3 GB.
"""

import asyncio
import hashlib
import os
import random
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

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


@dataclass(frozen=True)
class Population:
    """How many there are of each, and when the first and the last token were made: seconds since the epoch.

    Token n belongs to family and connection n modulo `connections`; connection k to member k modulo `members` and to
    the app of its turn; member u to organisation u modulo `organisations`. The first `gone` tokens were removed.
    """

    tokens: int
    connections: int
    members: int
    organisations: int
    apps: int
    first: int
    last: int
    lifetime: int = 86_400
    gone: int = 0

    def token(self, number: int) -> str:
        """Return the text of one token."""
        payload = Secret(f"{number:0{SECRET_LENGTH}d}")
        return format_credential(CredentialKind.ACCESS_TOKEN, self.token_id(number), payload).reveal()

    def token_id(self, number: int) -> str:
        """Return the identifier of one token: made when its turn came, between the first and the last."""
        return base62(_tick(self.first) + number * self.ticks // self.tokens, TIMED) + f"{number:0{REST}d}"

    @property
    def ticks(self) -> int:
        """What the timed part of an identifier counts, from the first token to the last."""
        return _tick(self.last) - _tick(self.first)

    def connection_id(self, number: int) -> str:
        """Return the identifier of one connection."""
        return f"con_{base62(_tick(self.first), TIMED)}{number:0{REST}d}"

    def sample(self, size: int, seed: int = 1) -> list[str]:
        """Return the texts of so many tokens, chosen evenly among all of them."""
        chosen = random.Random(seed)  # noqa: S311 - a sample, not a secret
        return [self.token(chosen.randrange(self.gone, self.tokens)) for _ in range(size)]


def population_of(tokens: int, *, ages: int = 3000) -> Population:
    """Return one of ten tokens to a connection and ten connections to a member, made over the last `ages` seconds."""
    connections = max(10, tokens // 10)
    members = max(1, connections // 10)
    now = int(time.time())
    return Population(tokens, connections, members, max(1, members // 100), 100, now - ages, now)


def fill(url: str, population: Population, say: Callable[[str], None] = lambda _: None) -> None:
    """Bring the empty database up to date and write the population into it."""
    migrate(url)
    path = sqlite_path(url)
    if path is None:
        asyncio.run(_fill_postgres(url, population, say))
    else:
        _fill_sqlite(str(path), population, say)


def _tick(second: int) -> int:
    """Return the number that the timed part of an identifier made at this second shows: see model/ids.py."""
    return (second * 1000 << 80) // 62**REST


@dataclass(frozen=True)
class _Dialect:
    """The few words in which the engines differ. `{n}` counts from `{start}` up to and without `{end}`."""

    counting: str
    padded: Callable[[str, int], str]
    digest: Callable[[str], str]


_SQLITE = _Dialect(
    "WITH RECURSIVE counted (n) AS (VALUES ({start}) UNION ALL SELECT n + 1 FROM counted WHERE n + 1 < {end})",
    lambda number, width: f"printf('%0{width}d', {number})",
    lambda text: f"sha256({text})",
)
_POSTGRES = _Dialect(
    "WITH counted (n) AS (SELECT generate_series({start}::bigint, {end}::bigint - 1))",
    lambda number, width: f"lpad(({number})::text, {width}, '0')",
    lambda text: f"sha256(convert_to({text}, 'SQL_ASCII'))",
)


def _statements(population: Population, dialect: _Dialect) -> list[tuple[str, int, str]]:
    """Return the name, the number of rows and the statement for each table; the statement has `{start}`, `{end}`."""
    made = base62(_tick(population.first), TIMED)
    at = population.first * _MICROS

    def record(prefix: str, number: str) -> str:
        return f"'{prefix}{made}' || {dialect.padded(number, REST)}"

    organisation = record("org_", f"n % {population.organisations}")
    member = f"n % {population.members}"
    user, its_organisation = record("usr_", member), record("org_", f"({member}) % {population.organisations}")
    app = record("app_", f"(n / {population.members}) * 10 + n % 10")
    ends = (population.last + 86_400 * 90) * _MICROS
    token_at = f"({at} + n * {(population.last - population.first) * _MICROS} / {population.tokens})"
    timed = _base62(f"({_tick(population.first)} + n * {population.ticks} / {population.tokens})")
    rows = [
        ("organisations", population.organisations, f"{record('org_', 'n')}, 'Organisation ' || n, 'active', {at}"),
        (
            "users",
            population.members,
            f"{record('usr_', 'n')}, 'user' || n || '@bench.test', 'User ' || n, NULL, 'active', {at}",
        ),
        ("members", population.members, f"{organisation}, {record('usr_', 'n')}, NULL, 'active', {at}, 'bookkeeper'"),
        ("member_roles", population.members, f"{organisation}, {record('usr_', 'n')}, 'bookkeeper'"),
        (
            "apps",
            population.apps,
            (
                f"{record('app_', 'n')}, {record('cli', 'n')}, {record('org_', '0')}, 'App ' || n, 'public', "
                f"'https://app.test/cb', '{_SCOPES}', '', 1, 'active', NULL, {at}, {at}"
            ),
        ),
        (
            "connections",
            population.connections,
            (
                f"{record('con_', 'n')}, {its_organisation}, {user}, {app}, '{_SCOPES}', '', "
                f"{at}, {at}, NULL, NULL, NULL, NULL"
            ),
        ),
        (
            "token_families",
            population.connections,
            (
                f"{record('', 'n')}, {record('con_', 'n')}, '{_SCOPES}', NULL, "
                f"{dialect.digest(dialect.padded('n', 8))}, 1, NULL, NULL, {at}, {at}, {ends}, {ends}, NULL"
            ),
        ),
        (
            "access_tokens",
            population.tokens,
            (
                f"{timed} || {dialect.padded('n', REST)}, {dialect.digest(dialect.padded('n', SECRET_LENGTH))}, "
                f"{record('', f'n % {population.connections}')}, '{_SCOPES}', NULL, {token_at}, "
                f"{token_at} + {population.lifetime * _MICROS}, {record('con_', f'n % {population.connections}')}"
            ),
        ),
    ]
    return [(table, count, _inserting(table, values, dialect)) for table, count, values in rows]


# What is written of each row; columns that came later keep their default.
_COLUMNS = {
    "organisations": "id, name, standing, created_at",
    "users": "id, email, name, password_hash, standing, created_at",
    "members": "organisation_id, user_id, custom_permissions, standing, created_at, roles",
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
    "access_tokens": "id, digest, family_id, scope, resource, issued_at, expires_at, connection_id",
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
        # No ANALYZE: an installation on SQLite has no statistics either.
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    finally:
        connection.close()
    # Or the first commit that is measured would wait for all of it.
    with Path(path).open("rb") as file:
        os.fsync(file.fileno())


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
