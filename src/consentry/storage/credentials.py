"""Authorization codes, token families and access tokens: one strict read each, and writes that have one winner."""

from datetime import datetime

from consentry.model.app import AppStatus
from consentry.model.credential import AccessToken, AuthorizationCode, TokenFamily
from consentry.model.event import Event
from consentry.model.ids import ApiKeyId, AppId, ClientId, CodeId, ConnectionId, FamilyId, TokenId
from consentry.model.live import LiveApiKey, LiveCode, LiveConnection, LiveFamily, LiveToken
from consentry.model.membership import Holder
from consentry.oauth.scope import Scope
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
from consentry.storage.holder import HOLDER_COLUMNS, HOLDER_WIDTH, holder_joins, read_holder

_CONNECTION_COLUMNS = """
    c.id, c.scopes, c.ended_at, a.id, a.client_id, a.name, a.status, a.required_scopes || ' ' || a.optional_scopes
"""
_CONNECTION_WIDTH = 8
_CONNECTION_JOINS = f"JOIN apps a ON a.id = c.app_id {holder_joins('c.organisation_id', 'c.user_id')}"

_FIND_ACCESS_TOKEN = f"""
SELECT t.id, t.digest, t.scope, t.resource, t.issued_at, t.expires_at, f.ended_at,
    {_CONNECTION_COLUMNS}, {HOLDER_COLUMNS}
FROM access_tokens t
JOIN token_families f ON f.id = t.family_id
JOIN connections c ON c.id = f.connection_id
{_CONNECTION_JOINS}
WHERE t.id = $1
"""  # noqa: S608 - composed of constants only

_FIND_API_KEY = f"""
SELECT k.id, k.name, k.digest, k.previous_digest, k.previous_expires_at, k.permissions, k.allowed_networks,
    k.created_at, k.expires_at, k.revoked_at, {HOLDER_COLUMNS}
FROM api_keys k {holder_joins("k.organisation_id", "k.user_id")}
WHERE k.id = $1
"""  # noqa: S608 - composed of constants only

_FIND_CODE = f"""
SELECT q.id, q.digest, q.connection_id, q.app_id, q.redirect_uri, q.code_challenge, q.scope, q.nonce, q.resource,
    q.issued_at, q.expires_at, q.consumed_at, q.wrong_proofs, q.family_id,
    {_CONNECTION_COLUMNS}, {HOLDER_COLUMNS}
FROM authorization_codes q
JOIN connections c ON c.id = q.connection_id
{_CONNECTION_JOINS}
WHERE q.id = $1
"""  # noqa: S608 - composed of constants only

_FIND_FAMILY = f"""
SELECT f.id, f.connection_id, f.scope, f.resource, f.refresh_digest, f.generation, f.sealed_successor,
    f.successor_scope, f.created_at, f.rotated_at, f.idle_expires_at, f.expires_at, f.ended_at,
    {_CONNECTION_COLUMNS}, {HOLDER_COLUMNS}
FROM token_families f
JOIN connections c ON c.id = f.connection_id
{_CONNECTION_JOINS}
WHERE f.id = $1
"""  # noqa: S608 - composed of constants only

_COUNT_WRONG_PROOF = """
UPDATE authorization_codes
SET wrong_proofs = wrong_proofs + 1,
    consumed_at = CASE WHEN wrong_proofs + 1 >= $2 THEN coalesce(consumed_at, $3) ELSE consumed_at END
WHERE id = $1
"""

# One statement with one winner: a second redemption finds no row, whoever runs it.
_CONSUME_CODE = """
UPDATE authorization_codes SET consumed_at = $2, family_id = $3
WHERE id = $1 AND consumed_at IS NULL
RETURNING id
"""

_INSERT_CODE = """
INSERT INTO authorization_codes (id, digest, connection_id, app_id, redirect_uri, code_challenge, scope, nonce,
    resource, issued_at, expires_at, consumed_at, wrong_proofs, family_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, NULL, 0, NULL)
"""

_INSERT_FAMILY = """
INSERT INTO token_families (id, connection_id, scope, resource, refresh_digest, generation, sealed_successor,
    successor_scope, created_at, rotated_at, idle_expires_at, expires_at, ended_at)
VALUES ($1, $2, $3, $4, $5, $6, NULL, NULL, $7, $7, $8, $9, NULL)
"""

_APPEND_ACCESS = """
INSERT INTO access_tokens (id, digest, family_id, scope, resource, issued_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""

_ROTATE = """
UPDATE token_families
SET refresh_digest = $3, generation = $4, sealed_successor = $5, successor_scope = $6, rotated_at = $7,
    idle_expires_at = $8
WHERE id = $1 AND generation = $2 AND ended_at IS NULL
RETURNING id
"""

_EXTEND = "UPDATE token_families SET idle_expires_at = $2 WHERE id = $1 AND ended_at IS NULL RETURNING id"

_END_FAMILY = "UPDATE token_families SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL RETURNING id"

_DELETE_ACCESS_TOKEN = "DELETE FROM access_tokens WHERE id = $1 RETURNING id"  # noqa: S105 - a statement


class SqlCredentialStore:
    """The store of credentials over either engine."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find_access_token(self, token_id: TokenId) -> LiveToken | None:
        """Return the token and all it hangs on in one strict read, or None."""
        for row in await self._database.read(_FIND_ACCESS_TOKEN, token_id):
            return LiveToken(
                TokenId(row[0]),
                row[1],
                row[2],
                row[3],
                from_micros(row[4]),
                from_micros(row[5]),
                row[6] is not None,
                *_connection_and_holder(row, 7),
            )
        return None

    async def find_api_key(self, key_id: ApiKeyId) -> LiveApiKey | None:
        """Return the key and all it hangs on in one strict read, or None."""
        for row in await self._database.read(_FIND_API_KEY, key_id):
            return LiveApiKey(
                ApiKeyId(row[0]),
                row[1],
                row[2],
                row[3],
                from_micros_or_none(row[4]),
                row[5],
                tuple(row[6].split()),
                from_micros(row[7]),
                from_micros_or_none(row[8]),
                row[9] is not None,
                read_holder(row[10 : 10 + HOLDER_WIDTH]),
            )
        return None

    async def find_code(self, code_id: CodeId) -> LiveCode | None:
        """Return the code and all it hangs on, or None."""
        for row in await self._database.read(_FIND_CODE, code_id):
            return LiveCode(_code(row), *_connection_and_holder(row, 14))
        return None

    async def count_wrong_proof(self, code_id: CodeId, *, most: int, now: datetime) -> None:
        """Count a wrong proof of possession; the one that makes it `most` consumes the code."""

        def operation() -> Operation[None]:
            yield Statement(_COUNT_WRONG_PROOF, (code_id, most, to_micros(now)))

        await self._database.write(operation)

    async def redeem_code(self, code_id: CodeId, family: TokenFamily, token: AccessToken, *, now: datetime) -> bool:
        """Consume the code and store its family and first access token, in one transaction."""

        def operation() -> Operation[bool]:
            won = yield Statement(_CONSUME_CODE, (code_id, to_micros(now), family.id))
            if not won:
                return False
            yield Statement(
                _INSERT_FAMILY,
                (
                    family.id,
                    family.connection_id,
                    str(family.scope),
                    family.resource,
                    family.refresh_digest,
                    family.generation,
                    to_micros(family.created_at),
                    to_micros(family.idle_expires_at),
                    to_micros(family.expires_at),
                ),
            )
            yield _inserting(token)
            return True

        return await self._database.write(operation)

    async def find_family(self, family_id: FamilyId) -> LiveFamily | None:
        """Return the family and all it hangs on, or None."""
        for row in await self._database.read(_FIND_FAMILY, family_id):
            return LiveFamily(_family(row), *_connection_and_holder(row, 13))
        return None

    async def rotate_refresh_token(
        self, family: TokenFamily, token: AccessToken, *, from_generation: int, now: datetime
    ) -> bool:
        """Put the new refresh token in place of that of `from_generation` and store the access token."""

        def operation() -> Operation[bool]:
            won = yield Statement(
                _ROTATE,
                (
                    family.id,
                    from_generation,
                    family.refresh_digest,
                    family.generation,
                    family.sealed_successor,
                    None if family.successor_scope is None else str(family.successor_scope),
                    to_micros(now),
                    to_micros(family.idle_expires_at),
                ),
            )
            if not won:
                return False
            yield _inserting(token)
            return True

        return await self._database.write(operation)

    async def extend_family(self, token: AccessToken, *, idle_expires_at: datetime) -> bool:
        """Store a further access token of a family that lives, and put off its idle end."""

        def operation() -> Operation[bool]:
            if not (yield Statement(_EXTEND, (token.family_id, to_micros(idle_expires_at)))):
                return False
            yield _inserting(token)
            return True

        return await self._database.write(operation)

    async def end_family(self, family_id: FamilyId, event: Event, *, now: datetime) -> None:
        """End the family with all its tokens: one row."""
        await self._database.write(events.changing, Statement(_END_FAMILY, (family_id, to_micros(now))), event)

    async def delete_access_token(self, token_id: TokenId, event: Event) -> None:
        """Remove one access token."""
        await self._database.write(events.changing, Statement(_DELETE_ACCESS_TOKEN, (token_id,)), event)


def inserting_code(code: AuthorizationCode, connection_id: ConnectionId) -> Statement:
    """Return the statement that stores a new code, to be yielded in the operation that writes the approval."""
    return Statement(
        _INSERT_CODE,
        (
            code.id,
            code.digest,
            connection_id,
            code.app_id,
            code.redirect_uri,
            code.code_challenge,
            str(code.scope),
            code.nonce,
            code.resource,
            to_micros(code.issued_at),
            to_micros(code.expires_at),
        ),
    )


def _inserting(token: AccessToken) -> Statement:
    return Statement(
        _APPEND_ACCESS,
        (
            token.id,
            token.digest,
            token.family_id,
            str(token.scope),
            token.resource,
            to_micros(token.issued_at),
            to_micros(token.expires_at),
        ),
    )


def _connection_and_holder(row: Row, start: int) -> tuple[LiveConnection, Holder]:
    middle = start + _CONNECTION_WIDTH
    one = row[start:middle]
    connection = LiveConnection(
        ConnectionId(one[0]),
        one[1],
        one[2] is not None,
        AppId(one[3]),
        ClientId(one[4]),
        one[5],
        AppStatus(one[6]),
        one[7],
    )
    return connection, read_holder(row[middle : middle + HOLDER_WIDTH])


def _code(row: Row) -> AuthorizationCode:
    return AuthorizationCode(
        CodeId(row[0]),
        row[1],
        ConnectionId(row[2]),
        AppId(row[3]),
        row[4],
        row[5],
        Scope.parse(row[6]),
        row[7],
        row[8],
        from_micros(row[9]),
        from_micros(row[10]),
        from_micros_or_none(row[11]),
        row[12],
        None if row[13] is None else FamilyId(row[13]),
    )


def _family(row: Row) -> TokenFamily:
    return TokenFamily(
        FamilyId(row[0]),
        ConnectionId(row[1]),
        Scope.parse(row[2]),
        row[3],
        row[4],
        row[5],
        row[6],
        None if row[7] is None else Scope.parse(row[7]),
        from_micros(row[8]),
        from_micros(row[9]),
        from_micros(row[10]),
        from_micros(row[11]),
        from_micros_or_none(row[12]),
    )
