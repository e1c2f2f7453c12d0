"""The reads behind explanations. Nothing here writes, and no digest is read."""

from collections.abc import Sequence
from datetime import datetime

from consentry.model.app import AppStanding
from consentry.model.explanation import Names
from consentry.model.ids import ApiKeyId, AppId, ClientId, ConnectionId, OrganisationId, TokenId, UserId
from consentry.model.live import LiveApiKey, LiveConnection
from consentry.ports.explanations import ConnectionInSight, KeyInSight, MemberInSight
from consentry.storage.database import Database, Row, from_micros_or_none
from consentry.storage.events import LAST
from consentry.storage.holder import APP_STANDING, HOLDER_COLUMNS, HOLDER_WIDTH, holder_joins, read_holder

_CONNECTIONS = f"""
SELECT {HOLDER_COLUMNS}, o.name, u.name, u.email,
    c.id, c.scopes, c.ended_at, a.id, a.client_id, a.name, {APP_STANDING}, a.required_scopes || ' ' || a.optional_scopes
FROM connections c JOIN apps a ON a.id = c.app_id {holder_joins("c.organisation_id", "c.user_id")}
"""  # noqa: S608 - composed of constants only
_FIND_CONNECTION = f"{_CONNECTIONS} WHERE c.id = $1"
_PAGE_OF_CONNECTIONS = f"""
{_CONNECTIONS} WHERE c.organisation_id = $1 AND c.id < $2 AND c.ended_at IS NULL ORDER BY c.id DESC LIMIT $3
"""

_KEYS = f"""
SELECT {HOLDER_COLUMNS}, o.name, u.name, u.email,
    k.id, k.name, k.permissions, k.allowed_networks, k.created_at, k.expires_at, k.revoked_at
FROM api_keys k {holder_joins("k.organisation_id", "k.user_id")}
"""  # noqa: S608 - composed of constants only
_FIND_KEY = f"{_KEYS} WHERE k.id = $1"
_PAGE_OF_KEYS = f"""
{_KEYS} WHERE k.organisation_id = $1 AND k.id < $2 AND k.revoked_at IS NULL ORDER BY k.id DESC LIMIT $3
"""

_MEMBERS = f"""
SELECT {HOLDER_COLUMNS}, u.name, u.email
FROM members one {holder_joins("one.organisation_id", "one.user_id")} WHERE one.organisation_id = $1
"""  # noqa: S608 - composed of constants only
_FIND_MEMBER = f"{_MEMBERS} AND one.user_id = $2"
_FIND_MEMBER_BY_EMAIL = f"{_MEMBERS} AND u.email = $2"
_PAGE_OF_MEMBERS = f"{_MEMBERS} AND one.user_id > $2 ORDER BY one.user_id LIMIT $3"

_SIGN_IN_ENDED_AT = """
SELECT f.ended_at FROM access_tokens t JOIN token_families f ON f.id = t.family_id WHERE t.id = $1
"""


class SqlExplanationStore:
    """The `ExplanationStore` of the ports over either engine."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find_connection(self, connection_id: ConnectionId) -> ConnectionInSight | None:
        """Return the connection, live or ended, or None."""
        rows = await self._database.read(_FIND_CONNECTION, connection_id)
        return _connection(rows[0]) if rows else None

    async def find_key(self, key_id: ApiKeyId) -> KeyInSight | None:
        """Return the key, whatever became of it, or None."""
        rows = await self._database.read(_FIND_KEY, key_id)
        return _key(rows[0]) if rows else None

    async def sign_in_ended_at(self, token_id: TokenId) -> datetime | None:
        """Return when the token family of the access token ended; None where it has not."""
        rows = await self._database.read(_SIGN_IN_ENDED_AT, token_id)
        return from_micros_or_none(rows[0][0]) if rows else None

    async def members(
        self, organisation_id: OrganisationId, *, after: UserId | None, limit: int
    ) -> Sequence[MemberInSight]:
        """Return members, in the order in which their users were created."""
        return [
            _member(row) for row in await self._database.read(_PAGE_OF_MEMBERS, organisation_id, after or "", limit)
        ]

    async def find_member(self, organisation_id: OrganisationId, user_id: UserId) -> MemberInSight | None:
        """Return the member, or None."""
        rows = await self._database.read(_FIND_MEMBER, organisation_id, user_id)
        return _member(rows[0]) if rows else None

    async def find_member_by_email(self, organisation_id: OrganisationId, email: str) -> MemberInSight | None:
        """Return the member whose user has this normalised address, or None."""
        rows = await self._database.read(_FIND_MEMBER_BY_EMAIL, organisation_id, email)
        return _member(rows[0]) if rows else None

    async def connections(
        self, organisation_id: OrganisationId, *, after: ConnectionId | None, limit: int
    ) -> Sequence[ConnectionInSight]:
        """Return connections that have not ended, newest first."""
        rows = await self._database.read(_PAGE_OF_CONNECTIONS, organisation_id, after or LAST, limit)
        return [_connection(row) for row in rows]

    async def keys(
        self, organisation_id: OrganisationId, *, after: ApiKeyId | None, limit: int
    ) -> Sequence[KeyInSight]:
        """Return API keys that were not revoked, newest first."""
        rows = await self._database.read(_PAGE_OF_KEYS, organisation_id, after or LAST, limit)
        return [_key(row) for row in rows]


def _member(row: Row) -> MemberInSight:
    return MemberInSight(read_holder(row[:HOLDER_WIDTH]), *row[HOLDER_WIDTH:])


def _connection(row: Row) -> ConnectionInSight:
    names, one = row[HOLDER_WIDTH : HOLDER_WIDTH + 3], row[HOLDER_WIDTH + 3 :]
    connection = LiveConnection(
        ConnectionId(one[0]),
        one[1],
        one[2] is not None,
        AppId(one[3]),
        ClientId(one[4]),
        one[5],
        AppStanding(one[6]),
        one[7],
    )
    called = Names(names[0], names[1], names[2], connection_ended_at=from_micros_or_none(one[2]))
    return ConnectionInSight(connection, read_holder(row[:HOLDER_WIDTH]), called)


def _key(row: Row) -> KeyInSight:
    names, one = row[HOLDER_WIDTH : HOLDER_WIDTH + 3], row[HOLDER_WIDTH + 3 :]
    key = LiveApiKey(ApiKeyId(one[0]), one[1], b"", None, None, *one[2:], *row[:HOLDER_WIDTH])
    return KeyInSight(key, Names(names[0], names[1], names[2], key_revoked_at=from_micros_or_none(one[6])))
