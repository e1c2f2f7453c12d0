"""Signing keys in the database, their private halves sealed."""

from collections.abc import Sequence
from datetime import datetime

from consentry.model.event import Event
from consentry.model.signing_key import SigningKey
from consentry.storage import events
from consentry.storage.database import (
    Database,
    Operation,
    Row,
    Statement,
    from_micros,
    from_micros_or_none,
    to_micros,
)

_ALL = "SELECT id, public_jwk, sealed_jwk, created_at, retired_at, algorithm FROM signing_keys ORDER BY id DESC"

# The index `signing_keys_current_of_algorithm` makes a second current key of one algorithm impossible.
_INSERT = "INSERT INTO signing_keys (id, public_jwk, sealed_jwk, created_at, algorithm) VALUES ($1, $2, $3, $4, $5)"
_INSERT_FIRST = _INSERT + " ON CONFLICT DO NOTHING"
_RETIRE = "UPDATE signing_keys SET retired_at = $1 WHERE algorithm = $2 AND retired_at IS NULL"
_FORGET = "DELETE FROM signing_keys WHERE retired_at < $1"


def _adding(sql: str, key: SigningKey) -> Operation[None]:
    yield Statement(sql, (key.id, key.public, key.sealed, to_micros(key.created_at), key.algorithm))


def _replacing(key: SigningKey, forgotten_before: datetime, event: Event) -> Operation[None]:
    yield Statement(_RETIRE, (to_micros(key.created_at), key.algorithm))
    yield from _adding(_INSERT, key)
    yield Statement(_FORGET, (to_micros(forgotten_before),))
    yield events.append(event)


class SqlSigningKeyStore:
    """The `SigningKeyStore` of the ports over either engine."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self) -> Sequence[SigningKey]:
        """Return every key that is kept, newest first."""
        return [_key(row) for row in await self._database.read(_ALL)]

    async def add_first(self, key: SigningKey) -> None:
        """Keep `key` unless there is a current one of its algorithm already."""
        await self._database.write(_adding, _INSERT_FIRST, key)

    async def replace(self, key: SigningKey, *, forgotten_before: datetime, event: Event) -> None:
        """Retire the current key of its algorithm, make `key` current and forget the long retired, as one."""
        await self._database.write(_replacing, key, forgotten_before, event)


def _key(row: Row) -> SigningKey:
    return SigningKey(row[0], row[1], row[2], from_micros(row[3]), from_micros_or_none(row[4]), row[5])
