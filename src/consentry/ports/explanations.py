"""The reads behind explanations: whole things with their names, and nothing that is secret, not even a digest."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from consentry.model.explanation import Names
from consentry.model.ids import ApiKeyId, ConnectionId, OrganisationId, TokenId, UserId
from consentry.model.live import LiveApiKey, LiveConnection
from consentry.model.membership import Holder


@dataclass(frozen=True, slots=True)
class MemberInSight:
    """A member with the user's names."""

    holder: Holder
    name: str
    email: str


@dataclass(frozen=True, slots=True)
class ConnectionInSight:
    """A connection with its app and its user as one read found them."""

    connection: LiveConnection
    holder: Holder
    names: Names


@dataclass(frozen=True, slots=True)
class KeyInSight:
    """An API key with its user as one read found them; its digests are empty."""

    key: LiveApiKey
    names: Names


class ExplanationStore(Protocol):
    """Reads only. Lists are keyset-paginated: up to `limit` that come after the identifier `after`."""

    async def find_connection(self, connection_id: ConnectionId) -> ConnectionInSight | None:
        """Return the connection, live or ended, or None."""
        ...

    async def find_key(self, key_id: ApiKeyId) -> KeyInSight | None:
        """Return the key, whatever became of it, or None."""
        ...

    async def sign_in_ended_at(self, token_id: TokenId) -> datetime | None:
        """Return when the token family of the access token ended; None where it has not."""
        ...

    async def members(
        self, organisation_id: OrganisationId, *, after: UserId | None, limit: int
    ) -> Sequence[MemberInSight]:
        """Return members, in the order in which their users were created."""
        ...

    async def find_member(self, organisation_id: OrganisationId, user_id: UserId) -> MemberInSight | None:
        """Return the member, or None."""
        ...

    async def find_member_by_email(self, organisation_id: OrganisationId, email: str) -> MemberInSight | None:
        """Return the member whose user has this normalised address, or None."""
        ...

    async def connections(
        self, organisation_id: OrganisationId, *, after: ConnectionId | None, limit: int
    ) -> Sequence[ConnectionInSight]:
        """Return connections that have not ended, newest first."""
        ...

    async def keys(
        self, organisation_id: OrganisationId, *, after: ApiKeyId | None, limit: int
    ) -> Sequence[KeyInSight]:
        """Return API keys that were not revoked, newest first."""
        ...
