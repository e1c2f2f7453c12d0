"""Client secrets of confidential apps: digests, their last use and their end."""

from datetime import datetime

from consentry.model.app import AppSecret
from consentry.model.event import Event
from consentry.model.ids import AppId, SecretId
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

_FIND_LIVE = """
SELECT id, app_id, digest, hint, created_at, last_used_at, expires_at, retired_at FROM app_secrets
WHERE app_id = $1 AND retired_at IS NULL AND (expires_at IS NULL OR expires_at > $2) ORDER BY id
"""

_INSERT = """
INSERT INTO app_secrets (id, app_id, digest, hint, created_at, last_used_at, expires_at, retired_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""

# Takes the app's row until the end of the transaction, so that of two requests at once the second counts what the
# first one added. SQLite has one writer; on PostgreSQL a statement sees what was committed when it began.
_TAKE_APP = "UPDATE apps SET status = status WHERE id = $1"

_ADD = """
INSERT INTO app_secrets (id, app_id, digest, hint, created_at)
SELECT $1, a.id, $3, $4, $5 FROM apps a WHERE a.id = $2 AND a.status <> 'deleted' AND $6 > (
    SELECT count(*) FROM app_secrets s
    WHERE s.app_id = $2 AND s.retired_at IS NULL AND (s.expires_at IS NULL OR s.expires_at > $5)
) RETURNING id
"""

# So that what expired long ago is not read again at each authentication.
_PUT_AWAY_EXPIRED = """
UPDATE app_secrets SET retired_at = expires_at WHERE app_id = $1 AND retired_at IS NULL AND expires_at <= $2
"""

_RETIRE = """
UPDATE app_secrets SET retired_at = $3
WHERE id = $2 AND app_id = $1 AND retired_at IS NULL AND (expires_at IS NULL OR expires_at > $3) RETURNING id
"""

_RETIRE_ALL = "UPDATE app_secrets SET retired_at = $2 WHERE app_id = $1 AND retired_at IS NULL"

_SCHEDULE_EXPIRY = """
UPDATE app_secrets SET expires_at = $4
WHERE id = $2 AND app_id = $1 AND retired_at IS NULL AND (expires_at IS NULL OR expires_at > $3) RETURNING id
"""


def secret_of(row: Row) -> AppSecret:
    """Return the secret of a row of all columns, in the order of the table."""
    return AppSecret(
        SecretId(row[0]),
        AppId(row[1]),
        row[2],
        row[3],
        from_micros(row[4]),
        from_micros_or_none(row[5]),
        from_micros_or_none(row[6]),
        from_micros_or_none(row[7]),
    )


def insert(secret: AppSecret) -> Statement:
    """Return the statement that writes a new app's first secret."""
    return Statement(
        _INSERT,
        (
            secret.id,
            secret.app_id,
            secret.digest,
            secret.hint,
            to_micros(secret.created_at),
            to_micros_or_none(secret.last_used_at),
            to_micros_or_none(secret.expires_at),
            to_micros_or_none(secret.retired_at),
        ),
    )


def retire_all(app_id: AppId, at: datetime) -> Statement:
    """Return the statement that ends every secret of a deleted app."""
    return Statement(_RETIRE_ALL, (app_id, to_micros(at)))


def adding(secret: AppSecret, most: int, event: Event) -> Operation[bool]:
    """Write a secret unless the app has `most` live ones already."""
    yield Statement(_TAKE_APP, (secret.app_id,))
    yield Statement(_PUT_AWAY_EXPIRED, (secret.app_id, to_micros(secret.created_at)))
    args = (secret.id, secret.app_id, secret.digest, secret.hint, to_micros(secret.created_at), most)
    return (yield from events.changing(Statement(_ADD, args), event))


class SqlAppSecretStore:
    """Keeps client secrets in the database; the `AppSecretStore` of the ports."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def live_secrets(self, app_id: AppId, *, now: datetime) -> list[AppSecret]:
        """Return the secrets that authenticate the app now, oldest first."""
        return [secret_of(row) for row in await self._database.read(_FIND_LIVE, app_id, to_micros(now))]

    async def add(self, secret: AppSecret, *, most: int, event: Event) -> bool:
        """Write a new secret; False if the app has `most` live ones already, or is gone."""
        return await self._database.write(adding, secret, most, event)

    async def retire(self, app_id: AppId, secret_id: SecretId, event: Event) -> bool:
        """End a secret now; False if it is none of the app's live ones."""
        args = (app_id, secret_id, to_micros(event.at))
        return await self._database.write(events.changing, Statement(_RETIRE, args), event)

    async def schedule_expiry(self, app_id: AppId, secret_id: SecretId, expires_at: datetime, event: Event) -> bool:
        """Let a secret end at `expires_at`; False if it is none of the app's live ones."""
        args = (app_id, secret_id, to_micros(event.at), to_micros(expires_at))
        return await self._database.write(events.changing, Statement(_SCHEDULE_EXPIRY, args), event)
