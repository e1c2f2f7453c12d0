"""The store of API keys, for those who make and mind them. The guard reads keys through its own store."""

from datetime import datetime
from typing import Protocol

from consentry.model.api_key import ApiKeyDetails
from consentry.model.credential import ApiKey
from consentry.model.event import Event
from consentry.model.ids import ApiKeyId, OrganisationId, UserId


class ApiKeyStore(Protocol):
    """Whole operations on API keys, each atomic and durable when it returns, each with its audit event."""

    async def find(self, key_id: ApiKeyId) -> ApiKeyDetails | None:
        """Return the key, revoked and expired ones too, or None."""
        ...

    async def page(
        self,
        organisation_id: OrganisationId | None,
        user_id: UserId | None,
        *,
        after: ApiKeyId | None,
        limit: int,
    ) -> tuple[ApiKeyDetails, ...]:
        """Return up to `limit` keys of that organisation and that user (None: of any), newest first."""
        ...

    async def create(self, key: ApiKey, event: Event) -> None:
        """Store a new key."""
        ...

    async def edit(self, before: ApiKey, after: ApiKey, event: Event) -> bool:
        """Write name, permissions and networks of `after`.

        False, and nothing written, when the key was revoked, or is no longer as `before` says.
        """
        ...

    async def rotate(
        self, key: ApiKey, digest: bytes, hint: str, *, previous_expires_at: datetime | None, event: Event
    ) -> bool:
        """Put a new secret in place of the key's; the one before works until `previous_expires_at` (None: no longer).

        One statement with one winner. False, and nothing written, when the key was revoked or rotated meanwhile.
        """
        ...

    async def revoke(self, key_id: ApiKeyId, revoked_by: UserId | None, event: Event) -> bool:
        """Revoke the key and every secret of it at the event's time: one row. False when it was revoked already."""
        ...
