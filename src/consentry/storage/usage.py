"""First and last use in the database: all of a kind in one statement on PostgreSQL, and in one commit on SQLite.

A use that is already written as late, or later, stays; so does a row that is gone. Either way there is nothing more to
be done. A set goes by the order of its identifiers, so that two servers which write at once never wait for each other
in a circle.
"""

import asyncio
from collections.abc import Sequence

from consentry.ports.usage import Use, UsedKind
from consentry.storage.database import FEW, Database, Operation, SetWrite, Statement, Value, to_micros

_CONNECTION = """
UPDATE connections SET first_used_at = coalesce(first_used_at, $2), last_used_at = $3
WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < $3)
"""

_CONNECTIONS = f"""
WITH used AS (
    SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[]) WITH ORDINALITY AS used (id, first_at, last_at, place)
    WHERE {FEW}
), taken AS (
    SELECT used.* FROM used JOIN connections c ON c.id = used.id
    WHERE c.last_used_at IS NULL OR c.last_used_at < used.last_at ORDER BY c.id FOR NO KEY UPDATE OF c
), written AS (
    UPDATE connections c SET first_used_at = coalesce(c.first_used_at, taken.first_at), last_used_at = taken.last_at
    FROM taken WHERE c.id = taken.id
)
SELECT place FROM used
"""  # noqa: S608 - composed of constants only

_API_KEY = """
UPDATE api_keys SET last_used_at = $2, last_used_from = coalesce($3, last_used_from)
WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < $2)
"""

_API_KEYS = f"""
WITH used AS (
    SELECT * FROM unnest($1::text[], $2::bigint[], $3::text[]) WITH ORDINALITY AS used (id, last_at, address, place)
    WHERE {FEW}
), taken AS (
    SELECT used.* FROM used JOIN api_keys k ON k.id = used.id
    WHERE k.last_used_at IS NULL OR k.last_used_at < used.last_at ORDER BY k.id FOR NO KEY UPDATE OF k
), written AS (
    UPDATE api_keys k SET last_used_at = taken.last_at, last_used_from = coalesce(taken.address, k.last_used_from)
    FROM taken WHERE k.id = taken.id
)
SELECT place FROM used
"""  # noqa: S608 - composed of constants only

_SECRET = "UPDATE app_secrets SET last_used_at = $2 WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < $2)"  # noqa: S105 - a statement

_SECRETS = f"""
WITH used AS (
    SELECT * FROM unnest($1::text[], $2::bigint[]) WITH ORDINALITY AS used (id, last_at, place)
    WHERE {FEW}
), taken AS (
    SELECT used.* FROM used JOIN app_secrets s ON s.id = used.id
    WHERE s.last_used_at IS NULL OR s.last_used_at < used.last_at ORDER BY s.id FOR NO KEY UPDATE OF s
), written AS (
    UPDATE app_secrets s SET last_used_at = taken.last_at FROM taken WHERE s.id = taken.id
)
SELECT place FROM used
"""  # noqa: S608 - composed of constants only


def _writing(sql: str, many: str) -> SetWrite:
    def one(*values: Value) -> Operation[bool]:
        yield Statement(sql, values)
        return True

    return SetWrite(one, many)


WRITES = {
    UsedKind.CONNECTION: _writing(_CONNECTION, _CONNECTIONS),
    UsedKind.API_KEY: _writing(_API_KEY, _API_KEYS),
    UsedKind.SECRET: _writing(_SECRET, _SECRETS),
}


class SqlUsageStore:
    """The store of uses over either engine."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def write(self, uses: Sequence[Use]) -> None:
        """Write all of `uses`, which name each credential once; raises what hindered one of them."""
        await asyncio.gather(*(self._database.write_set(WRITES[use.kind], *_values_of(use)) for use in uses))


def _values_of(use: Use) -> tuple[Value, ...]:
    last_at = to_micros(use.last_at)
    match use.kind:
        case UsedKind.CONNECTION:
            return (use.id, to_micros(use.first_at), last_at)
        case UsedKind.API_KEY:
            return (use.id, last_at, use.address)
        case UsedKind.SECRET:
            return (use.id, last_at)
