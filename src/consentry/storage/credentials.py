"""Authorization codes, token families, access tokens and API keys: one strict read each."""

from functools import lru_cache

from consentry.model.app import AppStanding
from consentry.model.credential import AuthorizationCode, SignInFacts, TokenFamily
from consentry.model.ids import ApiKeyId, AppId, ClientId, CodeId, ConnectionId, FamilyId, SessionId, TokenId
from consentry.model.live import LiveApiKey, LiveCode, LiveConnection, LiveFamily, LiveToken
from consentry.model.membership import Holder
from consentry.oauth.scope import Scope
from consentry.storage.credential_writes import CredentialWrites
from consentry.storage.database import KeyedRead, Row, from_micros, from_micros_or_none
from consentry.storage.holder import (
    APP_STANDING,
    HOLDER_COLUMNS,
    HOLDER_WIDTH,
    checked_columns,
    checked_joins,
    holder_joins,
    read_holder,
)

_CONNECTION_COLUMNS = f"""
    c.id, c.scopes, c.ended_at, a.id, a.client_id, a.name, {APP_STANDING}, a.required_scopes || ' ' || a.optional_scopes
"""
_CONNECTION_WIDTH = 8
_CONNECTION_JOINS = f"JOIN apps a ON a.id = c.app_id {holder_joins('c.organisation_id', 'c.user_id')}"

# The columns of these two are the fields of LiveToken and LiveApiKey, and `_make` would only count them once more.
_new_row = tuple.__new__
# By content: the same text is always the same scope.
_stored_scope = lru_cache(maxsize=4096)(Scope.parse)

# The trees in which most of what is read lies cold are three: tokens, connections, members. The family is looked for
# among those that have ended. It is there for as long as its tokens can live (flows/housekeeping.py), and a token of
# before migration 0007 finds its connection through it.
_FIND_ACCESS_TOKEN = KeyedRead(f"""
SELECT t.id, t.digest, t.scope, t.resource, t.issued_at, t.expires_at, t.dpop_jkt,
    (SELECT f.ended_at FROM token_families f WHERE f.id || '' = t.family_id || '' AND f.ended_at IS NOT NULL),
    {_CONNECTION_COLUMNS}, {checked_columns("c.user_id")}
FROM access_tokens t
JOIN connections c ON c.id = coalesce(
    t.connection_id, (SELECT f.connection_id FROM token_families f WHERE f.id = t.family_id)
)
JOIN apps a ON a.id = c.app_id {checked_joins("c.organisation_id", "c.user_id")}
WHERE t.id {{key}}
""")  # noqa: S608 - composed of constants only

_FIND_API_KEY = KeyedRead(f"""
SELECT k.id, k.name, k.digest, k.previous_digest, k.previous_expires_at, k.permissions, k.allowed_networks,
    k.created_at, k.expires_at, k.revoked_at, {checked_columns("k.user_id")}
FROM api_keys k {checked_joins("k.organisation_id", "k.user_id")}
WHERE k.id {{key}}
""")  # noqa: S608 - composed of constants only

_FIND_CODE = KeyedRead(f"""
SELECT q.id, q.digest, q.connection_id, q.app_id, q.redirect_uri, q.code_challenge, q.scope, q.nonce, q.resource,
    q.issued_at, q.expires_at, q.consumed_at, q.wrong_proofs, q.family_id, q.dpop_jkt,
    q.session_id, q.authenticated_at, q.claims,
    {_CONNECTION_COLUMNS}, {HOLDER_COLUMNS}
FROM authorization_codes q
JOIN connections c ON c.id = q.connection_id
{_CONNECTION_JOINS}
WHERE q.id {{key}}
""")  # noqa: S608 - composed of constants only

_FIND_FAMILY = KeyedRead(f"""
SELECT f.id, f.connection_id, f.scope, f.resource, f.refresh_digest, f.generation, f.sealed_successor,
    f.successor_scope, f.created_at, f.rotated_at, f.idle_expires_at, f.expires_at, f.ended_at, f.dpop_jkt,
    f.session_id, f.authenticated_at, f.claims,
    {_CONNECTION_COLUMNS}, {HOLDER_COLUMNS}
FROM token_families f
JOIN connections c ON c.id = f.connection_id
{_CONNECTION_JOINS}
WHERE f.id {{key}}
""")  # noqa: S608 - composed of constants only


class SqlCredentialStore(CredentialWrites):
    """The store of credentials over either engine."""

    async def find_access_token(self, token_id: TokenId) -> LiveToken | None:
        """Return the token and all it hangs on in one strict read, or None."""
        rows = await self._database.read_by_key(_FIND_ACCESS_TOKEN, token_id)
        return _new_row(LiveToken, rows[0]) if rows else None

    async def find_api_key(self, key_id: ApiKeyId) -> LiveApiKey | None:
        """Return the key and all it hangs on in one strict read, or None."""
        rows = await self._database.read_by_key(_FIND_API_KEY, key_id)
        return _new_row(LiveApiKey, rows[0]) if rows else None

    async def find_code(self, code_id: CodeId) -> LiveCode | None:
        """Return the code and all it hangs on, or None."""
        for row in await self._database.read_by_key(_FIND_CODE, code_id):
            return LiveCode(_code(row), *_connection_and_holder(row, 18))
        return None

    async def find_family(self, family_id: FamilyId) -> LiveFamily | None:
        """Return the family and all it hangs on, or None."""
        for row in await self._database.read_by_key(_FIND_FAMILY, family_id):
            return LiveFamily(_family(row), *_connection_and_holder(row, 17))
        return None


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
        AppStanding(one[6]),
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
        _stored_scope(row[6]),
        row[7],
        row[8],
        from_micros(row[9]),
        from_micros(row[10]),
        from_micros_or_none(row[11]),
        row[12],
        None if row[13] is None else FamilyId(row[13]),
        row[14],
        _sign_in(row[15:18]),
    )


def _family(row: Row) -> TokenFamily:
    return TokenFamily(
        FamilyId(row[0]),
        ConnectionId(row[1]),
        _stored_scope(row[2]),
        row[3],
        row[4],
        row[5],
        row[6],
        None if row[7] is None else _stored_scope(row[7]),
        from_micros(row[8]),
        from_micros(row[9]),
        from_micros(row[10]),
        from_micros(row[11]),
        from_micros_or_none(row[12]),
        row[13],
        _sign_in(row[14:17]),
    )


def _sign_in(row: Row) -> SignInFacts | None:
    return None if row[0] is None else SignInFacts(SessionId(row[0]), from_micros(row[1]), row[2])
