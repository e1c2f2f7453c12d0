"""What an operator says of a user beyond name and e-mail address, for the apps that the user lets see it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from consentry.model.acting import Acting
from consentry.model.event import Event, EventKind
from consentry.model.faults import InvalidInputError, NotFoundError
from consentry.model.ids import EVENT, EventId, UserId
from consentry.model.person_claims import find_claims_faults
from consentry.ports.identities import IdentityStore
from consentry.ports.people import UserStore
from consentry.ports.world import Clock, SecretSource

_UPDATED_AT = "updated_at"


@dataclass(frozen=True, slots=True)
class UserClaims:
    """Reads and sets the standard claims of users (OpenID Connect Core 1.0 §5.1). All of it needs an operator."""

    users: UserStore
    store: IdentityStore
    clock: Clock
    secrets: SecretSource

    async def get(self, acting: Acting, user_id: UserId) -> dict[str, Any]:
        """Return what is kept of the user. Raises PermissionMissingError, NotFoundError."""
        acting.require_operator()
        if await self.users.find_user(user_id) is None:
            raise NotFoundError("user")
        kept = await self.store.find_claims(user_id)
        claims: dict[str, Any] = {} if kept is None else json.loads(kept)
        return claims

    async def set(self, acting: Acting, user_id: UserId, claims: Mapping[str, Any]) -> dict[str, Any]:
        """Put these claims in place of all that were kept; without an `updated_at` of theirs, it is now.

        Raises PermissionMissingError, NotFoundError, InvalidInputError with every fault.
        """
        acting.require_operator()
        faults = find_claims_faults(claims)
        if faults:
            raise InvalidInputError(*faults)
        now = self.clock.now()
        kept = dict(sorted({_UPDATED_AT: int(now.timestamp()), **claims}.items())) if claims else {}
        text = json.dumps(kept, separators=(",", ":")) if kept else None
        details = {"claims": " ".join(sorted(claims))}
        event = Event(
            EventId(self.secrets.new_id(EVENT)), now, EventKind.USER_CHANGED, None, acting.actor, user_id, details
        )
        # Looked up first: a view over the product's own tables may know a user whom nobody has met here.
        if await self.users.find_user(user_id) is None or not await self.store.set_claims(user_id, text, event):
            raise NotFoundError("user")
        return kept
