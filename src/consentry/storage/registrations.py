"""Apps that registered themselves: registration, replacement, and the organisation to which they belong."""

from datetime import datetime

from consentry.model.app import App, AppOrigin
from consentry.model.event import Event
from consentry.model.ids import AppId, ClientId
from consentry.model.self_registered import SELF_REGISTERED, SELF_REGISTERED_NAME
from consentry.ports.registrations import KeptRegistration, NewRegistration
from consentry.storage import app_secrets, events
from consentry.storage.apps import SqlAppStore, described
from consentry.storage.database import Database, Operation, Statement, to_micros

_FIND_DIGEST = "SELECT registration_digest FROM apps WHERE id = $1"

# By the index of the organisation, and no further than it matters.
_COUNT = """
SELECT count(*) FROM (SELECT id FROM apps WHERE organisation_id = $1 AND status <> 'deleted' ORDER BY id LIMIT $2) found
"""

_MAKE_ORGANISATION = """
INSERT INTO organisations (id, name, standing, created_at) VALUES ($1, $2, 'active', $3) ON CONFLICT (id) DO NOTHING
"""

# One statement, so that of several requests at once as many win as uses are left.
_SPEND = """
UPDATE registration_tokens SET uses_left = uses_left - 1
WHERE id = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2)
  AND (uses_left IS NULL OR uses_left > 0)
RETURNING id
"""

# An app that was deleted comes back under its client ID, with none of what it had: its connections were ended.
_REGISTER = """
INSERT INTO apps (id, client_id, organisation_id, name, type, redirect_uris, required_scopes, optional_scopes,
                  metadata, require_pkce, status, created_by, created_at, updated_at, origin, vouched_by,
                  registration_digest)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'active', NULL, $11, $11, $12, $13, $14)
ON CONFLICT (client_id) DO UPDATE SET
    name = excluded.name, type = excluded.type, redirect_uris = excluded.redirect_uris,
    required_scopes = excluded.required_scopes, optional_scopes = excluded.optional_scopes,
    require_pkce = excluded.require_pkce, status = 'active', created_at = excluded.created_at,
    updated_at = excluded.updated_at, metadata = excluded.metadata, vouched_by = excluded.vouched_by,
    registration_digest = excluded.registration_digest, used_at = NULL
WHERE apps.status = 'deleted' AND apps.origin = excluded.origin
RETURNING id
"""

_REPLACE = """
UPDATE apps SET name = $2, redirect_uris = $3, required_scopes = $4, optional_scopes = $5, metadata = $6,
                registration_digest = $7, updated_at = $8
WHERE id = $1 AND registration_digest = $9 AND status <> 'deleted' RETURNING id
"""

_DESCRIBE = """
UPDATE apps SET name = $2, redirect_uris = $3, required_scopes = $4, optional_scopes = $5, metadata = $6,
                type = $7, vouched_by = $8, updated_at = $9
WHERE id = $1 AND status <> 'deleted' RETURNING id
"""

_RECORD_REQUEST = "UPDATE apps SET used_at = $2 WHERE client_id = $1"


def _registering(new: NewRegistration) -> Operation[AppId | None]:
    app, at = new.app, to_micros(new.app.created_at)
    if new.spent is not None and not (yield Statement(_SPEND, (new.spent, at))):
        return None
    yield Statement(_MAKE_ORGANISATION, (SELF_REGISTERED, SELF_REGISTERED_NAME, at))
    rows = yield Statement(
        _REGISTER,
        (
            app.id,
            app.client_id,
            app.organisation_id,
            app.name,
            app.type,
            *described(app)[1:],
            int(app.require_pkce),
            at,
            app.origin,
            app.vouched_by,
            new.digest,
        ),
    )
    if not rows:
        return None
    if new.secret is not None:
        yield app_secrets.insert(new.secret)
    yield events.append(new.event)
    return AppId(rows[0][0])


def _recording_request(client_id: ClientId, at: datetime) -> Operation[None]:
    yield Statement(_RECORD_REQUEST, (client_id, to_micros(at)))


class SqlRegistrationStore:
    """Keeps them in the database; the `RegistrationStore` of the ports."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._apps = SqlAppStore(database)

    async def find(self, client_id: str) -> KeptRegistration | None:
        """Return the app, if it is there and registered itself by RFC 7591."""
        client = await self._apps.find_client(client_id)
        if client is None or client.app.origin is not AppOrigin.DYNAMIC:
            return None
        rows = await self._database.read(_FIND_DIGEST, client.app.id)
        return KeptRegistration(client, rows[0][0]) if rows else None

    async def count(self, *, most: int) -> int:
        """Return how many apps registered themselves, counting no further than `most`."""
        ((counted,),) = await self._database.read(_COUNT, SELF_REGISTERED, most)
        return int(counted)

    async def register(self, new: NewRegistration) -> AppId | None:
        """Write the app; None where its client ID is taken, or no use is left of the token."""
        return await self._database.write(_registering, new)

    async def replace(self, before: KeptRegistration, after: App, digest: bytes, event: Event) -> bool:
        """Write a registration anew and the digest of its new token; False if another was faster."""
        args = (after.id, *described(after), digest, to_micros(event.at), before.digest)
        return await self._database.write(events.changing, Statement(_REPLACE, args), event)

    async def describe(self, before: App, after: App, event: Event) -> bool:
        """Write what an app's document says of it now; False if the app is not there any more."""
        args = (before.id, *described(after), after.type, after.vouched_by, to_micros(event.at))
        return await self._database.write(events.changing, Statement(_DESCRIBE, args), event)

    async def record_request(self, client_id: ClientId, at: datetime) -> None:
        """Note that the app was asked for."""
        await self._database.write(_recording_request, client_id, at)
