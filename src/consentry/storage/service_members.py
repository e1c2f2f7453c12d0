"""The members that apps are where they act by themselves: user, member, connection and token family."""

from consentry.model.credential import TokenFamily
from consentry.model.service_member import ServiceAllowance, service_email
from consentry.storage import events
from consentry.storage.database import Database, Operation, Statement, to_micros

# Takes the app until the end of the transaction, and only as it was read.
_CHANGE_APP = """
UPDATE apps SET metadata = $2, updated_at = $3
WHERE id = $1 AND metadata = $4 AND required_scopes = $5 AND optional_scopes = $6 AND status = 'active' RETURNING id
"""

_INSERT_USER = """
INSERT INTO users (id, email, name, standing, created_at, service_of) VALUES ($1, $2, $3, 'active', $4, $5)
ON CONFLICT DO NOTHING
"""
_NAME_USER = "UPDATE users SET name = $2 WHERE id = $1 AND service_of = $3 RETURNING id"

_SET_MEMBER = """
INSERT INTO members (organisation_id, user_id, custom_permissions, standing, created_at)
VALUES ($1, $2, $3, 'active', $4)
ON CONFLICT (organisation_id, user_id) DO UPDATE SET custom_permissions = excluded.custom_permissions
"""

_SET_CONNECTION = """
INSERT INTO connections (id, organisation_id, user_id, app_id, scopes, declined_scopes, created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, '', $6, $6)
ON CONFLICT (user_id, organisation_id, app_id) WHERE ended_at IS NULL
DO UPDATE SET scopes = excluded.scopes, updated_at = excluded.updated_at
RETURNING id
"""

_INSERT_CONSENT = """
INSERT INTO consents (id, connection_id, user_id, asked, approved, page_version, at)
VALUES ($1, $2, $3, $4, $4, $5, $6)
"""

_OPEN_FAMILY = """
INSERT INTO token_families (id, connection_id, scope, refresh_digest, generation, created_at, rotated_at,
    idle_expires_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $6, $7, $8)
ON CONFLICT (id) DO NOTHING
"""


class _TakenError(Exception):
    """Another user has the app's identifier or address; undoes the operation."""


def _allowing(given: ServiceAllowance) -> Operation[bool]:
    app, at = given.app, to_micros(given.at)
    before = (app.metadata.to_json(), str(app.required_scopes), str(app.optional_scopes))
    if not (yield Statement(_CHANGE_APP, (app.id, given.changed.metadata.to_json(), at, *before))):
        return False
    yield Statement(_INSERT_USER, (given.user_id, service_email(app.id), app.name, at, app.id))
    if not (yield Statement(_NAME_USER, (given.user_id, app.name, app.id))):
        raise _TakenError
    yield Statement(_SET_MEMBER, (given.organisation_id, given.user_id, given.permissions, at))
    scopes = str(given.scopes)
    connection = yield Statement(
        _SET_CONNECTION, (given.connection_id, given.organisation_id, given.user_id, app.id, scopes, at)
    )
    approver = given.event.actor.user_id or given.user_id
    yield Statement(_INSERT_CONSENT, (given.consent_id, connection[0][0], approver, scopes, given.page_version, at))
    yield events.append(given.event)
    return True


class SqlServiceMemberStore:
    """Keeps them in the database, whoever says what members hold."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def allow(self, allowance: ServiceAllowance) -> bool:
        """Write the user, the member and the connection of an app that may act by itself, new or changed."""
        try:
            return await self._database.write(_allowing, allowance)
        except _TakenError:
            return False

    async def open_family(self, family: TokenFamily) -> None:
        """Store the token family of an app's own connection, unless it is there."""

        def operation() -> Operation[None]:
            yield Statement(
                _OPEN_FAMILY,
                (
                    family.id,
                    family.connection_id,
                    str(family.scope),
                    family.refresh_digest,
                    family.generation,
                    family.created_micros,
                    family.idle_expires_micros,
                    family.expires_micros,
                ),
            )

        await self._database.write(operation)
