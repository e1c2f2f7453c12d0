"""API keys in the database: only digests of their secrets are here."""

from datetime import datetime

from consentry.model.api_key import ApiKeyDetails
from consentry.model.credential import ApiKey
from consentry.model.event import Event
from consentry.model.ids import ApiKeyId, OrganisationId, UserId
from consentry.model.permission import parse_permissions, render_permissions
from consentry.storage import events
from consentry.storage.database import (
    Database,
    Operation,
    Row,
    Statement,
    Value,
    from_micros,
    from_micros_or_none,
    to_micros,
    to_micros_or_none,
)
from consentry.storage.events import LAST

_SELECT = """
SELECT k.id, k.organisation_id, k.user_id, k.name, k.permissions, k.digest, k.hint, k.previous_digest,
    k.previous_expires_at, k.allowed_networks, k.created_at, k.updated_at, k.expires_at, k.last_used_at,
    k.last_used_from, k.revoked_at, k.revoked_by, o.name, u.email, u.name, r.name
FROM api_keys k
JOIN organisations o ON o.id = k.organisation_id
JOIN users u ON u.id = k.user_id
LEFT JOIN users r ON r.id = k.revoked_by
"""

_FIND = f"{_SELECT} WHERE k.id = $1"

_INSERT = """
INSERT INTO api_keys (id, organisation_id, user_id, name, permissions, digest, hint, previous_digest,
    previous_expires_at, allowed_networks, created_at, updated_at, expires_at, last_used_at, last_used_from,
    revoked_at, revoked_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, NULL, NULL, $8, $9, $9, $10, NULL, NULL, NULL, NULL)
"""

# What the edit was computed from must still be there, so that of two edits at once neither undoes the other.
_EDIT = """
UPDATE api_keys SET name = $2, permissions = $3, allowed_networks = $4, updated_at = $5
WHERE id = $1 AND name = $6 AND permissions = $7 AND allowed_networks = $8 AND revoked_at IS NULL
RETURNING id
"""

# One winner: whoever else rotates from the same secret finds no row.
_ROTATE = """
UPDATE api_keys
SET previous_digest = $5, previous_expires_at = $6, digest = $3, hint = $4, updated_at = $7
WHERE id = $1 AND digest = $2 AND revoked_at IS NULL
RETURNING id
"""

_REVOKE = """
UPDATE api_keys SET revoked_at = $2, revoked_by = $3, updated_at = $2 WHERE id = $1 AND revoked_at IS NULL RETURNING id
"""


class SqlApiKeyStore:
    """The store of API keys over either engine."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, key_id: ApiKeyId) -> ApiKeyDetails | None:
        """Return the key, revoked and expired ones too, or None."""
        for row in await self._database.read(_FIND, key_id):
            return _details(row)
        return None

    async def page(
        self,
        organisation_id: OrganisationId | None,
        user_id: UserId | None,
        *,
        after: ApiKeyId | None,
        limit: int,
    ) -> tuple[ApiKeyDetails, ...]:
        """Return up to `limit` keys of that organisation and that user (None: of any), newest first."""
        conditions = ["k.id < $1"]
        args: list[Value] = [after or LAST, limit]
        for column, value in (("k.organisation_id", organisation_id), ("k.user_id", user_id)):
            if value is not None:
                args.append(value)
                conditions.append(f"{column} = ${len(args)}")
        sql = f"{_SELECT} WHERE {' AND '.join(conditions)} ORDER BY k.id DESC LIMIT $2"
        return tuple(_details(row) for row in await self._database.read(sql, *args))

    async def create(self, key: ApiKey, event: Event) -> None:
        """Store a new key."""

        def operation() -> Operation[None]:
            yield Statement(
                _INSERT,
                (
                    key.id,
                    key.organisation_id,
                    key.user_id,
                    key.name,
                    render_permissions(key.permissions),
                    key.digest,
                    key.hint,
                    " ".join(key.allowed_networks),
                    to_micros(key.created_at),
                    to_micros_or_none(key.expires_at),
                ),
            )
            yield events.append(event)

        await self._database.write(operation)

    async def edit(self, before: ApiKey, after: ApiKey, event: Event) -> bool:
        """Write name, permissions and networks of `after`, if the key is still as `before` says."""
        args = (
            before.id,
            after.name,
            render_permissions(after.permissions),
            " ".join(after.allowed_networks),
            to_micros(event.at),
            before.name,
            render_permissions(before.permissions),
            " ".join(before.allowed_networks),
        )
        return await self._database.write(events.changing, Statement(_EDIT, args), event)

    async def rotate(
        self, key: ApiKey, digest: bytes, hint: str, *, previous_expires_at: datetime | None, event: Event
    ) -> bool:
        """Put a new secret in place of the key's; the one before works until `previous_expires_at`."""
        previous = None if previous_expires_at is None else key.digest
        until = to_micros_or_none(previous_expires_at)
        args = (key.id, key.digest, digest, hint, previous, until, to_micros(event.at))
        return await self._database.write(events.changing, Statement(_ROTATE, args), event)

    async def revoke(self, key_id: ApiKeyId, revoked_by: UserId | None, event: Event) -> bool:
        """Revoke the key and every secret of it at the event's time: one row."""
        args = (key_id, to_micros(event.at), revoked_by)
        return await self._database.write(events.changing, Statement(_REVOKE, args), event)


def _details(row: Row) -> ApiKeyDetails:
    key = ApiKey(
        id=ApiKeyId(row[0]),
        organisation_id=OrganisationId(row[1]),
        user_id=UserId(row[2]),
        name=row[3],
        permissions=parse_permissions(row[4]),
        digest=row[5],
        hint=row[6],
        previous_digest=row[7],
        previous_expires_at=from_micros_or_none(row[8]),
        allowed_networks=tuple(row[9].split()),
        created_at=from_micros(row[10]),
        updated_at=from_micros(row[11]),
        expires_at=from_micros_or_none(row[12]),
        last_used_at=from_micros_or_none(row[13]),
        last_used_from=row[14],
        revoked_at=from_micros_or_none(row[15]),
        revoked_by=None if row[16] is None else UserId(row[16]),
    )
    return ApiKeyDetails(key, organisation_name=row[17], user_email=row[18], user_name=row[19], revoked_by_name=row[20])
