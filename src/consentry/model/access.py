"""Access: what a credential may do right now, and why it may not do the rest.

effective = expand(approved scopes ∩ the app's scopes now) ∩ the member's permissions now     (connection)
effective = permissions of the key ∩ the member's permissions now                             (API key)
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from consentry.model.catalog import Catalog
from consentry.model.ids import ApiKeyId, AppId, ClientId, ConnectionId, OrganisationId, UserId
from consentry.model.micros import from_micros, from_micros_or_none
from consentry.oauth.scope import Scope


class Reason(StrEnum):
    """Why a call is refused: stable, machine-readable codes."""

    CREDENTIAL_MISSING = "credential_missing"
    MALFORMED_REQUEST = "malformed_request"
    MALFORMED_CREDENTIAL = "malformed_credential"
    UNKNOWN_CREDENTIAL = "unknown_credential"
    SENDER_NOT_PROVED = "sender_not_proved"
    INVALID_DPOP_PROOF = "invalid_dpop_proof"
    USE_DPOP_NONCE = "use_dpop_nonce"
    EXPIRED = "expired"
    REVOKED = "revoked"
    APP_SUSPENDED = "app_suspended"
    ORG_POLICY = "org_policy"
    USER_SUSPENDED = "user_suspended"
    MEMBER_REMOVED = "member_removed"
    MEMBER_SUSPENDED = "member_suspended"
    ORGANISATION_SUSPENDED = "organisation_suspended"
    WRONG_AUDIENCE = "wrong_audience"
    ADDRESS_NOT_ALLOWED = "address_not_allowed"
    SCOPE_NOT_GRANTED = "scope_not_granted"
    APP_LACKS_SCOPE = "app_lacks_scope"
    PERMISSION_NOT_IN_KEY = "permission_not_in_key"
    USER_LACKS_PERMISSION = "user_lacks_permission"
    RESOURCE_RULE = "resource_rule"
    ROUTE_NOT_DECLARED = "route_not_declared"
    TOOL_NOT_DECLARED = "tool_not_declared"
    REQUEST_AMBIGUOUS = "request_ambiguous"


@dataclass(frozen=True, slots=True)
class Allowed:
    """The call may go on."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The call must not go on.

    `sentence` is for the app's developer. `permission` is what the call needed; `scopes` are those that would help if
    the user approved them, and are empty wherever asking again cannot help.
    """

    reason: Reason
    sentence: str
    permission: str | None = None
    scopes: Scope = Scope()  # noqa: RUF009 - an immutable value


ALLOWED = Allowed()


class Access(NamedTuple):
    """The guard's answer for a credential that works.

    `approved` is what consent (and the app's registration) or the key allows; `held` is what the member may do now;
    `permissions` is what both allow. `scope` holds the approved scopes that the app still has; None for a key. Times
    are kept in microseconds since the epoch, as they were read; `issued_at` and `expires_at` are their datetimes.
    `dpop_jkt` is the thumbprint of the key that the credential is bound to; None for one that any bearer may use.
    `app_scopes` are all that the app may ask for, as they are stored: they only word a refusal. None where they are not
    known, and for a key.
    """

    organisation_id: OrganisationId
    user_id: UserId
    app_id: AppId | None
    client_id: ClientId | None
    connection_id: ConnectionId | None
    api_key_id: ApiKeyId | None
    scope: Scope | None
    approved: frozenset[str]
    held: frozenset[str]
    permissions: frozenset[str]
    resource: str | None
    issued_micros: int
    expires_micros: int | None
    dpop_jkt: str | None = None
    app_scopes: str | None = None

    @property
    def issued_at(self) -> datetime:
        """When the credential was issued, in UTC."""
        return from_micros(self.issued_micros)

    @property
    def expires_at(self) -> datetime | None:
        """From when on the credential is worth nothing, in UTC; None for one that does not expire."""
        return from_micros_or_none(self.expires_micros)

    def decide(self, permission: str, catalog: Catalog) -> Allowed | Refused:
        """Say whether the credential may do `permission` now, and if not, which side is missing."""
        if permission in self.permissions:
            return ALLOWED
        if permission not in self.held:
            return Refused(
                Reason.USER_LACKS_PERMISSION,
                f"The user's own role does not include {permission}. An administrator can change that.",
                permission,
            )
        if self.api_key_id is not None:
            return Refused(
                Reason.PERMISSION_NOT_IN_KEY,
                f"This API key was not given {permission}. A key cannot be widened: create another that has it.",
                permission,
            )
        granting = catalog.scopes_granting(permission)
        if not granting:
            sentence = f"No scope covers {permission}: apps cannot be given it."
            return Refused(Reason.SCOPE_NOT_GRANTED, sentence, permission)
        askable = granting if self.app_scopes is None else _within(granting, self.app_scopes)
        if not askable:
            sentence = (
                f"The app may not ask for a scope that covers {permission}, so the user cannot approve one. "
                f"Whoever registered the app can give it {granting[0]}."
            )
            return Refused(Reason.APP_LACKS_SCOPE, sentence, permission)
        sentence = f"The user has not approved a scope that covers {permission}. Ask for {askable[0]}."
        return Refused(Reason.SCOPE_NOT_GRANTED, sentence, permission, Scope.of(askable[0]))


def _within(names: tuple[str, ...], scopes: str) -> tuple[str, ...]:
    known = frozenset(scopes.split())
    return tuple(name for name in names if name in known)
