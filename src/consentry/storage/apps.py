"""Apps: registration, edits, life and death, and the log of refused redirect URIs."""

from datetime import datetime
from functools import lru_cache

from consentry.model.app import App, AppOrigin, AppSecret, AppStatus, AppType
from consentry.model.client import AppDetails, Client, RedirectRefusal
from consentry.model.event import Event
from consentry.model.ids import AppId, ClientId, OrganisationId, UserId
from consentry.oauth.client_metadata import ClientMetadata
from consentry.oauth.redirect_uri import MismatchPart
from consentry.oauth.scope import Scope
from consentry.storage import app_secrets, events
from consentry.storage.app_deletion import delete_app
from consentry.storage.database import (
    LARGE_PART,
    Database,
    KeyedRead,
    Operation,
    Row,
    Statement,
    from_micros,
    from_micros_or_none,
    to_micros,
)

_SELECT_APP = """
SELECT a.id, a.client_id, a.organisation_id, a.name, a.type, a.redirect_uris, a.required_scopes, a.optional_scopes,
       a.require_pkce, a.status, a.created_by, a.created_at, a.updated_at, a.metadata, a.origin, a.vouched_by
FROM apps a
"""

_APP_WIDTH = 16

_FIND = _SELECT_APP + "WHERE a.client_id = $1 AND a.status <> 'deleted'"

_FIND_CLIENT = KeyedRead(
    """
SELECT a.client_id,
       a.id, a.client_id, a.organisation_id, a.name, a.type, a.redirect_uris, a.required_scopes, a.optional_scopes,
       a.require_pkce, a.status, a.created_by, a.created_at, a.updated_at, a.metadata, a.origin, a.vouched_by,
       s.id, s.app_id, s.digest, s.hint, s.created_at, s.last_used_at, s.expires_at, s.retired_at
FROM apps a LEFT JOIN app_secrets s ON s.app_id = a.id AND s.retired_at IS NULL
WHERE a.client_id {key} AND a.status <> 'deleted' ORDER BY s.id
""",
    LARGE_PART,
)

_PAGE_OF_ORGANISATION = f"""{_SELECT_APP}
WHERE a.organisation_id = $1 AND a.id > COALESCE((SELECT id FROM apps WHERE client_id = $2), '')
  AND a.status <> 'deleted' ORDER BY a.id LIMIT $3
"""  # noqa: S608 - constants

_PAGE_OF_ALL = f"""{_SELECT_APP}
WHERE a.id > COALESCE((SELECT id FROM apps WHERE client_id = $1), '')
  AND a.status <> 'deleted' ORDER BY a.id LIMIT $2
"""  # noqa: S608 - constants

CONNECTIONS_COUNTED = 1000

_NAME = "SELECT name FROM users WHERE id = $1"

# An app may have a million connections, and its page is opened often.
_USE = """
SELECT count(*), max(last_used_at) FROM (
    SELECT last_used_at FROM connections WHERE app_id = $1 AND ended_at IS NULL ORDER BY id DESC LIMIT $2
) newest
"""

# From a SELECT, so that an organisation that does not exist gives no row rather than the engine's own error.
_REGISTER = """
INSERT INTO apps (id, client_id, organisation_id, name, type, redirect_uris, required_scopes, optional_scopes,
                  metadata, require_pkce, status, created_by, created_at, updated_at, origin, vouched_by)
SELECT $1, $2, id, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16
FROM organisations WHERE id = $3 ON CONFLICT (client_id) DO NOTHING RETURNING id
"""

_CHANGE = """
UPDATE apps SET name = $2, redirect_uris = $3, required_scopes = $4, optional_scopes = $5, metadata = $6,
                require_pkce = $7, updated_at = $8
WHERE id = $1 AND name = $9 AND redirect_uris = $10 AND required_scopes = $11 AND optional_scopes = $12
  AND metadata = $13 AND require_pkce = $14 AND status <> 'deleted' RETURNING id
"""

_CHANGE_STATUS = "UPDATE apps SET status = $2, updated_at = $3 WHERE id = $1 AND status = $4 RETURNING id"

REFUSALS_MOST = 20

_RECORD_REFUSAL = """
INSERT INTO redirect_refusals (app_id, redirect_uri, part, closest, times, first_at, last_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (app_id, redirect_uri) DO UPDATE SET
    part = excluded.part, closest = excluded.closest, last_at = excluded.last_at,
    times = redirect_refusals.times + excluded.times
"""

_FORGET_OLD_REFUSALS = """
DELETE FROM redirect_refusals WHERE app_id = $1 AND redirect_uri NOT IN (
    SELECT redirect_uri FROM redirect_refusals WHERE app_id = $1 ORDER BY last_at DESC, redirect_uri LIMIT $2
)
"""

_REFUSALS = """
SELECT redirect_uri, part, closest, times, first_at, last_at
FROM redirect_refusals WHERE app_id = $1 ORDER BY last_at DESC, redirect_uri
"""


def _app_of(row: Row) -> App:
    return App(
        AppId(row[0]),
        ClientId(row[1]),
        OrganisationId(row[2]),
        row[3],
        AppType(row[4]),
        tuple(filter(None, row[5].split("\n"))),
        Scope.parse(row[6]),
        Scope.parse(row[7]),
        bool(row[8]),
        AppStatus(row[9]),
        None if row[10] is None else UserId(row[10]),
        from_micros(row[11]),
        from_micros(row[12]),
        ClientMetadata.from_json(row[13]),
        AppOrigin(row[14]),
        row[15],
    )


def described(app: App) -> tuple[str, str, str, str, str]:
    """Return name, redirect URIs, required and optional scopes and metadata, as the columns hold them."""
    return (
        app.name,
        "\n".join(app.redirect_uris),
        str(app.required_scopes),
        str(app.optional_scopes),
        app.metadata.to_json(),
    )


def _edited(app: App) -> tuple[str, str, str, str, str, int]:
    return (*described(app), int(app.require_pkce))


def registering(app: App, secret: AppSecret | None, event: Event) -> Operation[bool]:
    """Write a new app, its first secret and the event."""
    rows = yield Statement(
        _REGISTER,
        (
            app.id,
            app.client_id,
            app.organisation_id,
            app.name,
            app.type,
            *_edited(app)[1:],
            app.status,
            app.created_by,
            to_micros(app.created_at),
            to_micros(app.updated_at),
            app.origin,
            app.vouched_by,
        ),
    )
    if not rows:
        return False
    if secret is not None:
        yield app_secrets.insert(secret)
    yield events.append(event)
    return True


def recording_refusal(app_id: AppId, refusal: RedirectRefusal) -> Operation[None]:
    """Count a refused address, and forget the oldest beyond the twentieth, so that strangers cannot fill the table."""
    yield Statement(
        _RECORD_REFUSAL,
        (
            app_id,
            refusal.redirect_uri,
            refusal.part,
            refusal.closest,
            refusal.times,
            to_micros(refusal.first_at),
            to_micros(refusal.last_at),
        ),
    )
    yield Statement(_FORGET_OLD_REFUSALS, (app_id, REFUSALS_MOST))


class SqlAppStore:
    """Keeps apps in the database; the `AppStore` of the ports."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find_app(self, client_id: str) -> App | None:
        """Return the app of this client ID, or None."""
        if not _is_client_id(client_id):
            return None
        rows = await self._database.read(_FIND, client_id)
        return _app_of(rows[0]) if rows else None

    async def find_client(self, client_id: str) -> Client | None:
        """Return the app with its secrets, in one read, or None."""
        if not _is_client_id(client_id):
            return None
        rows = await self._database.read_by_key(_FIND_CLIENT, client_id)
        return _client_of(tuple(rows)) if rows else None

    async def find_details(self, client_id: str, *, now: datetime) -> AppDetails | None:
        """Return the app, its live secrets, its use and its recent refusals, or None."""
        client = await self.find_client(client_id)
        if client is None:
            return None
        app = client.app
        makers = await self._database.read(_NAME, app.created_by)
        ((counted, last_used_at),) = await self._database.read(_USE, app.id, CONNECTIONS_COUNTED + 1)
        refusals = await self._database.read(_REFUSALS, app.id)
        return AppDetails(
            app,
            client.live_secrets(now),
            makers[0][0] if makers else None,
            min(counted, CONNECTIONS_COUNTED),
            counted > CONNECTIONS_COUNTED,
            from_micros_or_none(last_used_at),
            tuple(_refusal_of(row) for row in refusals),
        )

    async def page(self, organisation_id: OrganisationId | None, *, after: ClientId | None, limit: int) -> list[App]:
        """Return up to `limit` apps that were registered after the app `after`."""
        if organisation_id is None:
            rows = await self._database.read(_PAGE_OF_ALL, after, limit)
        else:
            rows = await self._database.read(_PAGE_OF_ORGANISATION, organisation_id, after, limit)
        return [_app_of(row) for row in rows]

    async def register(self, app: App, secret: AppSecret | None, event: Event) -> bool:
        """Write a new app and its first secret; False if there is no such organisation."""
        return await self._database.write(registering, app, secret, event)

    async def change(self, before: App, after: App, event: Event) -> bool:
        """Write the edited fields; False if they are no longer as they were `before`."""
        args = (before.id, *_edited(after), to_micros(event.at), *_edited(before))
        return await self._database.write(events.changing, Statement(_CHANGE, args), event)

    async def change_status(self, app_id: AppId, status: AppStatus, *, before: AppStatus, event: Event) -> bool:
        """Set the status; False if it is no longer `before`."""
        args = (app_id, status, to_micros(event.at), before)
        return await self._database.write(events.changing, Statement(_CHANGE_STATUS, args), event)

    async def delete(self, app_id: AppId, event: Event) -> bool:
        """Leave a tombstone and end secrets and connections; False if it was deleted already.

        Nothing of the app works from the first commit on. What remains of many connections, should the process end
        meanwhile, housekeeping ends.
        """
        return await delete_app(self._database, app_id, event)

    async def record_refusal(self, app_id: AppId, refusal: RedirectRefusal) -> None:
        """Add a refused redirect URI to the app's own log."""
        await self._database.write(recording_refusal, app_id, refusal)


def _is_client_id(text: str) -> bool:
    """Tell whether `text` may be asked for: NUL and broken text would be an engine's error (threats IN-07)."""
    return text.isascii() and text.isprintable()


@lru_cache(maxsize=1024)
def _client_of(rows: tuple[Row, ...]) -> Client:
    """Return the client that the rows describe; by their content, which is read anew each time."""
    of_secret = 1 + _APP_WIDTH
    secrets = tuple(app_secrets.secret_of(row[of_secret:]) for row in rows if row[of_secret] is not None)
    return Client(_app_of(rows[0][1:]), secrets)


def _refusal_of(row: Row) -> RedirectRefusal:
    return RedirectRefusal(row[0], MismatchPart(row[1]), row[2], row[3], from_micros(row[4]), from_micros(row[5]))
