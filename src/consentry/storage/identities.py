"""The claims of users, and what the apps asked to be told of them."""

from consentry.model.event import Event
from consentry.model.ids import TokenId, UserId
from consentry.oauth.scope import Scope
from consentry.ports.identities import AskedOfToken
from consentry.storage import events
from consentry.storage.database import Database, Statement

_FIND_CLAIMS = "SELECT claims FROM users WHERE id = $1"
_SET_CLAIMS = "UPDATE users SET claims = $2 WHERE id = $1 RETURNING id"
_FIND_ASKED = """
SELECT f.claims, c.scopes, a.required_scopes || ' ' || a.optional_scopes
FROM access_tokens t
JOIN token_families f ON f.id = t.family_id
JOIN connections c ON c.id = f.connection_id
JOIN apps a ON a.id = c.app_id
WHERE t.id = $1
"""


class SqlIdentityStore:
    """The `IdentityStore` of the ports over either engine."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find_claims(self, user_id: UserId) -> str | None:
        """Return the user's claims beyond name and e-mail address, as the JSON text that is kept; None for none."""
        for (claims,) in await self._database.read(_FIND_CLAIMS, user_id):
            return None if claims is None else str(claims)
        return None

    async def find_asked(self, token_id: TokenId) -> AskedOfToken | None:
        """Return what was asked with the token's authorization request; None for a token that is not there."""
        for claims, approved, registered in await self._database.read(_FIND_ASKED, token_id):
            standing = Scope(frozenset(approved.split()) & frozenset(registered.split()))
            return AskedOfToken(claims, standing)
        return None

    async def set_claims(self, user_id: UserId, claims: str | None, event: Event) -> bool:
        """Put these claims in place of those before; False if there is no such user."""
        return await self._database.write(events.changing, Statement(_SET_CLAIMS, (user_id, claims)), event)
