"""What the protocol's deeds need of the store of codes, token families, access tokens and API keys."""

from datetime import datetime
from typing import Protocol

from consentry.model.credential import AccessToken, Rotation, TokenFamily
from consentry.model.event import Event
from consentry.model.ids import ApiKeyId, CodeId, FamilyId, TokenId
from consentry.model.live import LiveApiKey, LiveToken
from consentry.model.live_grant import LiveCode, LiveFamily


class CredentialStore(Protocol):
    """Whole operations on credentials, each atomic and durable when it returns."""

    async def find_access_token(self, token_id: TokenId) -> LiveToken | None:
        """Return the token and all it hangs on in one strict read, or None."""
        ...

    async def find_api_key(self, key_id: ApiKeyId) -> LiveApiKey | None:
        """Return the key and all it hangs on in one strict read, or None."""
        ...

    async def find_code(self, code_id: CodeId) -> LiveCode | None:
        """Return the code and all it hangs on, or None."""
        ...

    async def count_wrong_proof(self, code_id: CodeId, *, most: int, now: datetime) -> None:
        """Count a wrong proof of possession; the one that makes it `most` consumes the code."""
        ...

    async def redeem_code(self, code_id: CodeId, family: TokenFamily, token: AccessToken) -> bool:
        """Consume the code and store its family and first access token, in one transaction.

        False: somebody else won, and nothing was stored.
        """
        ...

    async def find_family(self, family_id: FamilyId) -> LiveFamily | None:
        """Return the family and all it hangs on, or None."""
        ...

    async def rotate_refresh_token(self, rotation: Rotation, token: AccessToken) -> bool:
        """Put the new refresh token in place of that of the generation before, and store the access token.

        False: that generation is no longer current or the family was ended, and nothing was stored.
        """
        ...

    async def extend_family(self, token: AccessToken, *, idle_expires_micros: int) -> bool:
        """Store a further access token of a family that lives, and put off its idle end.

        False: the family was ended, and nothing was stored.
        """
        ...

    async def end_family(self, family_id: FamilyId, event: Event, *, now: datetime) -> None:
        """End the family with all its tokens: one row. Idempotent; the event is written by whoever ends it."""
        ...

    async def delete_access_token(self, token_id: TokenId, event: Event) -> None:
        """Remove one access token. Idempotent."""
        ...
