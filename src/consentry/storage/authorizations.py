"""Pending authorization requests and the user's answers to them, each answered once."""

from dataclasses import replace

from consentry.model.connection import Connection, PendingAuthorization
from consentry.model.credential import AuthorizationCode
from consentry.model.event import Event
from consentry.model.faults import ConflictError
from consentry.model.ids import (
    AppId,
    ClientId,
    ConnectionId,
    OrganisationId,
    PushedRequestId,
    RequestId,
    SessionId,
    UserId,
)
from consentry.oauth.scope import Scope
from consentry.ports.authorizations import ApprovedAnswer, ApprovedConnection
from consentry.storage import events
from consentry.storage.connections import read_connection
from consentry.storage.credential_writes import inserting_code
from consentry.storage.database import (
    Database,
    Operation,
    Statement,
    from_micros,
    from_micros_or_none,
    to_micros,
)
from consentry.storage.pushed_requests import using

_FIND_LIVE_CONNECTION = """
SELECT id, organisation_id, user_id, app_id, scopes, declined_scopes, created_at, updated_at, first_used_at,
    last_used_at, ended_at, ended_by
FROM connections
WHERE user_id = $1 AND organisation_id = $2 AND app_id = $3 AND ended_at IS NULL
"""

_OPEN_PENDING = """
INSERT INTO pending_authorizations (id, session_id, user_id, client_id, query, created_at, expires_at, answered_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, NULL)
"""

_FIND_PENDING = """
SELECT id, session_id, user_id, client_id, query, created_at, expires_at, answered_at
FROM pending_authorizations WHERE id = $1
"""

# One statement with one winner: the second of two tabs finds no row.
_ANSWER = """
UPDATE pending_authorizations SET answered_at = $3
WHERE id = $1 AND session_id = $2 AND answered_at IS NULL AND expires_at > $3
RETURNING id
"""

# Holds the app as it is until the end of the transaction, so that nobody deactivates or narrows it in between.
_TAKE_APP = """
SELECT required_scopes || ' ' || optional_scopes FROM apps WHERE id = $1 AND status = 'active' FOR SHARE
"""

# Takes the row of the one live connection, new or old, and holds it until the end of the transaction.
_TAKE_CONNECTION = """
INSERT INTO connections (id, organisation_id, user_id, app_id, scopes, declined_scopes, created_at, updated_at)
VALUES ($1, $2, $3, $4, '', '', $5, $5)
ON CONFLICT (user_id, organisation_id, app_id) WHERE ended_at IS NULL DO UPDATE SET updated_at = excluded.updated_at
RETURNING id, scopes, declined_scopes
"""

_SET_SCOPES = "UPDATE connections SET scopes = $2, declined_scopes = $3 WHERE id = $1"

_INSERT_CONSENT = """
INSERT INTO consents (id, connection_id, user_id, asked, approved, page_version, at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""

# The app is taken before the connection, in the order in which whoever deletes an app takes them.
_TAKE_STANDING = """
SELECT c.scopes, a.required_scopes || ' ' || a.optional_scopes
FROM apps a JOIN connections c ON c.app_id = a.id
WHERE c.id = $1 AND c.ended_at IS NULL AND a.status = 'active' FOR SHARE
"""


class SqlAuthorizationStore:
    """The store of the authorization endpoint over either engine."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find_live_connection(
        self, user_id: UserId, organisation_id: OrganisationId, app_id: AppId
    ) -> Connection | None:
        """Return the user's live connection to the app in the organisation, or None."""
        rows = await self._database.read(_FIND_LIVE_CONNECTION, user_id, organisation_id, app_id)
        return read_connection(rows[0]) if rows else None

    async def open_pending(self, pending: PendingAuthorization) -> None:
        """Keep a validated request until the user answers."""

        def operation() -> Operation[None]:
            yield Statement(
                _OPEN_PENDING,
                (
                    pending.id,
                    pending.session_id,
                    pending.user_id,
                    pending.client_id,
                    pending.query,
                    to_micros(pending.created_at),
                    to_micros(pending.expires_at),
                ),
            )

        await self._database.write(operation)

    async def find_pending(self, request_id: RequestId) -> PendingAuthorization | None:
        """Return the request, answered or not, or None."""
        for row in await self._database.read(_FIND_PENDING, request_id):
            return PendingAuthorization(
                RequestId(row[0]),
                SessionId(row[1]),
                UserId(row[2]),
                ClientId(row[3]),
                row[4],
                from_micros(row[5]),
                from_micros(row[6]),
                from_micros_or_none(row[7]),
            )
        return None

    async def approve(self, answer: ApprovedAnswer) -> bool:
        """Mark the request answered, write connection, consent, code and event, in one transaction."""

        def operation() -> Operation[bool]:
            at = to_micros(answer.at)
            if not (yield Statement(_ANSWER, (answer.request_id, answer.session_id, at))):
                return False
            if not (yield from using(answer.pushed, at)):
                return False
            connection_id, granted = yield from connecting(answer)
            scope = granted & answer.code.scope
            if not scope:
                raise ConflictError("There is nothing left to approve. Tick at least one scope, or decline.")
            yield inserting_code(answer.code._replace(scope=scope), connection_id)
            return True

        return await self._database.write(operation)

    async def issue_remembered(self, code: AuthorizationCode, *, pushed: PushedRequestId | None = None) -> bool:
        """Store a code under a connection that lives, for what of its scope still stands."""

        def operation() -> Operation[bool]:
            standing = yield Statement(_TAKE_STANDING, (code.connection_id,))
            scope = code.scope & _stored(standing[0][0]) & _stored(standing[0][1]) if standing else Scope()
            if not scope or not (yield from using(pushed, to_micros(code.issued_at))):
                return False
            yield inserting_code(code._replace(scope=scope), code.connection_id)
            return True

        return await self._database.write(operation)

    async def decline(
        self, request_id: RequestId, session_id: SessionId, event: Event, *, pushed: PushedRequestId | None = None
    ) -> bool:
        """Mark the request answered and write the event."""

        def operation() -> Operation[bool]:
            at = to_micros(event.at)
            if not (yield Statement(_ANSWER, (request_id, session_id, at))):
                return False
            if not (yield from using(pushed, at)):
                return False
            yield events.append(event)
            return True

        return await self._database.write(operation)


def connecting(answer: ApprovedConnection) -> Operation[tuple[ConnectionId, Scope]]:
    """Write connection, consent and event; return the connection, and what of the request it now approves.

    To be run in the transaction of the answer. Raises ConflictError where nothing is left to approve.
    """
    at = to_micros(answer.at)
    app = yield Statement(_TAKE_APP, (answer.app_id,))
    if not app:
        raise ConflictError("The app was deactivated or deleted meanwhile.")
    # What was taken from the app since the page was shown was neither approved nor declined.
    app_scopes = _stored(app[0][0])
    taken = yield Statement(
        _TAKE_CONNECTION,
        (answer.new_connection_id, answer.organisation_id, answer.user_id, answer.app_id, at),
    )
    connection_id, before, declined_before = taken[0]
    scopes = (_stored(before) - answer.answered) | (answer.approved & app_scopes)
    declined = (_stored(declined_before) | (answer.answered & app_scopes)) - scopes
    granted = answer.asked & scopes & app_scopes
    if not granted:
        # The connection that the offer built on was ended meanwhile, or the app lost what was put to the user.
        raise ConflictError("The connection was ended meanwhile. Go back to the app and connect again.")
    yield Statement(_SET_SCOPES, (connection_id, str(scopes), str(declined)))
    yield Statement(
        _INSERT_CONSENT,
        (
            answer.consent_id,
            connection_id,
            answer.user_id,
            str(answer.asked),
            str(answer.approved),
            answer.page_version,
            at,
        ),
    )
    yield events.append(replace(answer.event, details={**answer.event.details, "scope": str(granted)}))
    return ConnectionId(connection_id), granted


def _stored(scopes: str) -> Scope:
    return Scope(frozenset(scopes.split()))
