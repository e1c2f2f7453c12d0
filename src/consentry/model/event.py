"""Audit events: what happened, to what, by whom, through what. Append-only; never a secret inside."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from consentry.model.ids import EventId, OrganisationId


class EventKind(StrEnum):
    """What can happen."""

    ORGANISATION_CREATED = "organisation.created"
    ORGANISATION_CHANGED = "organisation.changed"
    USER_CREATED = "user.created"
    USER_CHANGED = "user.changed"
    MEMBER_SET = "member.set"
    MEMBER_REMOVED = "member.removed"
    ROLE_SET = "role.set"
    ROLE_REMOVED = "role.removed"
    APP_REGISTERED = "app.registered"
    APP_CHANGED = "app.changed"
    APP_DEACTIVATED = "app.deactivated"
    APP_REACTIVATED = "app.reactivated"
    APP_DELETED = "app.deleted"
    APP_MAY_ACT = "app.may_act"
    APP_SECRET_ADDED = "app.secret_added"  # noqa: S105 - an event's name
    APP_SECRET_RETIRED = "app.secret_retired"  # noqa: S105 - an event's name
    CONNECTION_APPROVED = "connection.approved"
    CONNECTION_DECLINED = "connection.declined"
    CONNECTION_ENDED = "connection.ended"
    DEVICE_CODE_REFUSED = "device.code_refused"
    FAMILY_ENDED = "connection.tokens_ended"
    CODE_REPLAYED = "connection.code_replayed"
    REFRESH_TOKEN_REPLAYED = "connection.refresh_token_replayed"  # noqa: S105 - an event's name
    API_KEY_CREATED = "api_key.created"
    API_KEY_CHANGED = "api_key.changed"
    API_KEY_ROTATED = "api_key.rotated"
    API_KEY_REVOKED = "api_key.revoked"
    RESOURCE_REGISTERED = "resource.registered"
    REGISTRATION_TOKEN_CREATED = "registration_token.created"  # noqa: S105 - an event's name
    REGISTRATION_TOKEN_REVOKED = "registration_token.revoked"  # noqa: S105 - an event's name
    OPERATOR_CREATED = "operator.created"
    OPERATOR_REVOKED = "operator.revoked"
    SIGNING_KEY_ROTATED = "signing_key.rotated"
    PASSWORD_SET = "user.password_set"  # noqa: S105 - an event's name
    SIGNED_IN = "user.signed_in"
    SIGNED_OUT = "user.signed_out"
    SESSIONS_ENDED = "user.sessions_ended"
    SIGN_IN_REFUSED = "user.sign_in_refused"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did it: a user, an operator or the system itself, and through which app or API key where there was one.

    `user_id`, `operator_id` are None for the system; `through` is an app's or a key's identifier.
    """

    user_id: str | None = None
    operator_id: str | None = None
    through: str | None = None


SYSTEM = Actor()


@dataclass(frozen=True, slots=True)
class Event:
    """One entry of the audit.

    `subject` is the identifier of what changed; `details` are plain values that a person can read.
    """

    id: EventId
    at: datetime
    kind: EventKind
    organisation_id: OrganisationId | None
    actor: Actor
    subject: str
    details: Mapping[str, str] = field(default_factory=dict)
