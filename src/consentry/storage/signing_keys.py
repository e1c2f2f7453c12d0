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
# One statement with one winner: a second finds the successor there.
_RETIRE = "UPDATE signing_keys SET retired_at = $2 WHERE id = $1 AND retired_at IS NULL RETURNING id"
_HASTEN = "UPDATE signing_keys SET retired_at = $2 WHERE algorithm = $1 AND retired_at > $2"
_FORGET = "DELETE FROM signing_keys WHERE retired_at < $1"


def _adding(sql: str, key: SigningKey) -> Operation[None]:
    yield Statement(sql, (key.id, key.public, key.sealed, to_micros(key.created_at), key.algorithm))


def _succeeding(
    before: SigningKey, key: SigningKey, retired_at: datetime, forgotten_before: datetime, event: Event
) -> Operation[bool]:
    at = to_micros(retired_at)
    if not (yield Statement(_RETIRE, (before.id, at))):
        return False
    yield Statement(_HASTEN, (key.algorithm, at))
    yield from _adding(_INSERT, key)
    yield Statement(_FORGET, (to_micros(forgotten_before),))
    yield events.append(event)
    return True


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

    async def succeed(
        self, before: SigningKey, key: SigningKey, *, retired_at: datetime, forgotten_before: datetime, event: Event
    ) -> bool:
        """Let `key` follow `before`, which signs until `retired_at` at the latest; False if it has a successor."""
        return await self._database.write(_succeeding, before, key, retired_at, forgotten_before, event)


def _key(row: Row) -> SigningKey:
    return SigningKey(row[0], row[1], row[2], from_micros(row[3]), from_micros_or_none(row[4]), row[5])
