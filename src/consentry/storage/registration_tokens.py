"""Initial access tokens. Which use is taken from one is written with the app: see registrations.py."""

from consentry.model.event import Event
from consentry.model.registration_token import RegistrationToken, RegistrationTokenId
from consentry.storage import events
from consentry.storage.database import (
    Database,
    Operation,
    Row,
    Statement,
    from_micros,
    from_micros_or_none,
    to_micros,
    to_micros_or_none,
)

_CREATE = """
INSERT INTO registration_tokens (id, name, digest, created_at, expires_at, uses_left)
VALUES ($1, $2, $3, $4, $5, $6)
"""

_FIND = """
SELECT id, name, digest, created_at, expires_at, uses_left, revoked_at FROM registration_tokens WHERE id = $1
"""

_PAGE = """
SELECT id, name, digest, created_at, expires_at, uses_left, revoked_at
FROM registration_tokens WHERE id > $1 ORDER BY id LIMIT $2
"""

_REVOKE = "UPDATE registration_tokens SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL RETURNING id"


def _creating(token: RegistrationToken, event: Event) -> Operation[None]:
    yield Statement(
        _CREATE,
        (
            token.id,
            token.name,
            token.digest,
            to_micros(token.created_at),
            to_micros_or_none(token.expires_at),
            token.uses_left,
        ),
    )
    yield events.append(event)


class SqlRegistrationTokenStore:
    """Keeps them in the database; the `RegistrationTokenStore` of the ports."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(self, token: RegistrationToken, event: Event) -> None:
        """Write a new token."""
        await self._database.write(_creating, token, event)

    async def find(self, token_id: RegistrationTokenId) -> RegistrationToken | None:
        """Return the token, live or not, or None."""
        rows = await self._database.read(_FIND, token_id)
        return _token_of(rows[0]) if rows else None

    async def page(self, *, after: RegistrationTokenId | None, limit: int) -> list[RegistrationToken]:
        """Return up to `limit` tokens in the order in which they were made."""
        return [_token_of(row) for row in await self._database.read(_PAGE, after or "", limit)]

    async def revoke(self, token_id: RegistrationTokenId, event: Event) -> bool:
        """End a token; False if there is no such live one."""
        return await self._database.write(events.changing, Statement(_REVOKE, (token_id, to_micros(event.at))), event)


def _token_of(row: Row) -> RegistrationToken:
    return RegistrationToken(
        RegistrationTokenId(row[0]),
        row[1],
        row[2],
        from_micros(row[3]),
        from_micros_or_none(row[4]),
        row[5],
        from_micros_or_none(row[6]),
    )
