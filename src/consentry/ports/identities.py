"""What is kept of people for the apps that they sign in to."""

from typing import NamedTuple, Protocol

from consentry.model.event import Event
from consentry.model.ids import TokenId, UserId
from consentry.oauth.scope import Scope


class AskedOfToken(NamedTuple):
    """What an access token's app asked to be told one by one, and what stands between the user and the app now."""

    claims: str | None
    standing: Scope


class IdentityStore(Protocol):
    """Keeps the claims of users."""

    async def find_claims(self, user_id: UserId) -> str | None:
        """Return the user's claims beyond name and e-mail address, as the JSON text that is kept; None for none."""
        ...

    async def find_asked(self, token_id: TokenId) -> AskedOfToken | None:
        """Return what was asked with the token's authorization request; None for a token that is not there."""
        ...

    async def set_claims(self, user_id: UserId, claims: str | None, event: Event) -> bool:
        """Put these claims in place of those before; False if there is no such user."""
        ...
