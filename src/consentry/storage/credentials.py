"""Authorization codes, token families, access tokens and API keys: one strict read each."""

from consentry.model.ids import ApiKeyId, CodeId, FamilyId, TokenId
from consentry.model.live import LiveApiKey, LiveToken
from consentry.model.live_grant import LiveCode, LiveFamily
from consentry.storage.credential_writes import CredentialWrites
from consentry.storage.database import LARGE_PART, KeyedRead
from consentry.storage.holder import APP_STANDING, checked_columns, checked_joins

_CONNECTION_COLUMNS = f"""
    c.id, c.scopes, c.ended_at, a.id, a.client_id, a.name, {APP_STANDING}, a.required_scopes || ' ' || a.optional_scopes
"""

# The columns of each are the fields of its live row, and `_make` would only count them once more.
_new_row = tuple.__new__

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

_FIND_CODE = KeyedRead(
    f"""
SELECT q.id, q.digest, q.app_id, q.redirect_uri, q.code_challenge, q.scope, q.nonce, q.resource,
    q.expires_at, q.consumed_at, q.family_id, q.dpop_jkt, q.session_id, q.authenticated_at, q.claims,
    {_CONNECTION_COLUMNS}, {checked_columns("c.user_id")}
FROM authorization_codes q
JOIN connections c ON c.id = q.connection_id
JOIN apps a ON a.id = c.app_id {checked_joins("c.organisation_id", "c.user_id")}
WHERE q.id {{key}}
""",  # noqa: S608 - composed of constants only
    LARGE_PART,
)

_FIND_FAMILY = KeyedRead(
    f"""
SELECT f.id, f.scope, f.resource, f.refresh_digest, f.generation, f.sealed_successor, f.successor_scope,
    f.rotated_at, f.idle_expires_at, f.expires_at, f.ended_at, f.dpop_jkt, f.session_id, f.authenticated_at, f.claims,
    {_CONNECTION_COLUMNS}, {checked_columns("c.user_id")}
FROM token_families f
JOIN connections c ON c.id = f.connection_id
JOIN apps a ON a.id = c.app_id {checked_joins("c.organisation_id", "c.user_id")}
WHERE f.id {{key}}
""",  # noqa: S608 - composed of constants only
    LARGE_PART,
)


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
        rows = await self._database.read_by_key(_FIND_CODE, code_id)
        return _new_row(LiveCode, rows[0]) if rows else None

    async def find_family(self, family_id: FamilyId) -> LiveFamily | None:
        """Return the family and all it hangs on, or None."""
        rows = await self._database.read_by_key(_FIND_FAMILY, family_id)
        return _new_row(LiveFamily, rows[0]) if rows else None
