"""An access explained, as `model/explainer.py` does it: the words for it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from consentry.model.access import Allowed, Refused
from consentry.model.catalog_entry import PermissionEntry


class ExplainedKind(StrEnum):
    """What was explained. A connection is explained as a token would be that has all of its scopes."""

    ACCESS_TOKEN = "access_token"  # noqa: S105 - the name of a kind
    CONNECTION = "connection"
    API_KEY = "api_key"


class PartKind(StrEnum):
    """What must be active for a credential to do anything; a sign-in is the token family of one approval."""

    ACCESS_TOKEN = "access_token"  # noqa: S105 - the name of a kind
    SIGN_IN = "sign_in"
    CONNECTION = "connection"
    API_KEY = "api_key"
    APP = "app"
    MEMBER = "member"
    USER = "user"
    ORGANISATION = "organisation"


class PartState(StrEnum):
    """How a part stands now."""

    ACTIVE = "active"
    EXPIRED = "expired"
    ENDED = "ended"
    REVOKED = "revoked"
    DEACTIVATED = "deactivated"
    DELETED = "deleted"
    REFUSED = "refused"
    SUSPENDED = "suspended"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that a credential hangs on. `since` is when it stopped, where that is known."""

    kind: PartKind
    name: str
    state: PartState
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Names:
    """How what a credential hangs on is called, and when it ended."""

    organisation: str
    user: str
    user_email: str
    connection_ended_at: datetime | None = None
    sign_in_ended_at: datetime | None = None
    key_revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PermissionExplained:
    """One permission, the verdict, and both sides of it.

    `covered_by` are the scopes that cover it now: approved, in the token, and still the app's. `given_up` were
    approved, but are the app's no more. `not_in_token` are approved, but this token was issued without them.
    `would_cover` are all scopes that the app could ask for, the narrowest first. `in_key` is None but for a key. `held`
    tells whether the member's roles, or the permissions tuned for them, include it, whether or not the
    member is active; `roles` are those that do.
    """

    entry: PermissionEntry
    verdict: Allowed | Refused
    covered_by: tuple[str, ...]
    given_up: tuple[str, ...]
    not_in_token: tuple[str, ...]
    would_cover: tuple[str, ...]
    in_key: bool | None
    held: bool
    roles: tuple[str, ...]

    @property
    def is_allowed(self) -> bool:
        """Tell whether the call may go on."""
        return isinstance(self.verdict, Allowed)


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a credential may do now, permission by permission.

    `refused` is why it does nothing at all, if so. `kind` is None for a text that is no credential of this server:
    then nothing else is known. `tuned` says that the member's permissions were set one by one, so that no role counts.
    `allowed_networks` are those of a key; they are left aside where no address was named.
    """

    kind: ExplainedKind | None
    id: str | None
    organisation_id: str | None
    user_id: str | None
    client_id: str | None
    parts: tuple[Part, ...]
    permissions: tuple[PermissionExplained, ...]
    refused: Refused | None
    roles: tuple[str, ...] = ()
    tuned: bool = False
    allowed_networks: tuple[str, ...] = ()
    resource: str | None = None


def nothing_known(refused: Refused) -> Explanation:
    """Return the explanation of a text behind which there is nothing."""
    return Explanation(None, None, None, None, None, (), (), refused)
