"""Who a user is, for an app that may know it: the claims of OpenID Connect Core 1.0 §5.1."""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from consentry.model.ids import UserId
from consentry.model.person_claims import told_claims
from consentry.oauth.identity_scopes import CLAIMS_OF_SCOPE, SCOPE_OF_CLAIM
from consentry.oauth.scope import Scope
from consentry.ports.identities import IdentityStore
from consentry.ports.people import UserStore


@dataclass(frozen=True, slots=True)
class Identities:
    """Reads claims of users."""

    users: UserStore
    store: IdentityStore

    async def claims(self, user_id: UserId, names: Iterable[str]) -> dict[str, object]:
        """Return those of the named claims that there are, as they stand now."""
        wanted = frozenset(names)
        if not wanted:
            return {}
        user = await self.users.find_user(user_id)
        kept = await self.store.find_claims(user_id)
        return {} if user is None else told_claims(user, {} if kept is None else json.loads(kept), wanted)


def claims_of_scope(scope: Scope) -> frozenset[str]:
    """Return the claims that the scope opens. *Source:* OpenID Connect Core §5.4."""
    return frozenset(claim for token in scope for claim in CLAIMS_OF_SCOPE.get(token, ()))


def approved_claims(asked: Iterable[str], standing: Scope) -> frozenset[str]:
    """Return what of the claims that were asked for one by one the user's approval still lets through."""
    return frozenset(claim for claim in asked if SCOPE_OF_CLAIM.get(claim) in standing)
