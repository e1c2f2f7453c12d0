"""People: organisations, users, members and the roles that they hold."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from consentry.model.ids import OperatorId, OrganisationId, ResourceId, UserId
from consentry.model.micros import from_micros


class Standing(StrEnum):
    """Whether an organisation, a user or a member may act now."""

    ACTIVE = "active"
    SUSPENDED = "suspended"


class UnverifiedApps(StrEnum):
    """What an organisation says of apps that registered themselves, or that a document describes."""

    ALLOWED = "allowed"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Organisation:
    """The account whose data the product's API serves (the tenant)."""

    id: OrganisationId
    name: str
    standing: Standing
    created_at: datetime
    unverified_apps: UnverifiedApps = UnverifiedApps.ALLOWED


@dataclass(frozen=True, slots=True)
class User:
    """A person; `email` is stored in lower case and is unique."""

    id: UserId
    email: str
    name: str
    standing: Standing
    created_at: datetime


@dataclass(frozen=True, slots=True)
class RoleGrant:
    """A role that a member holds.

    `permissions` is the organisation's own definition, rendered as stored, or None where the catalog's holds.
    """

    name: str
    permissions: str | None


@dataclass(frozen=True, slots=True)
class Member:
    """A user in an organisation.

    `custom_permissions` (rendered as stored), where set, stand in place of those of the roles; the member then shows as
    Custom.
    """

    organisation_id: OrganisationId
    user_id: UserId
    roles: tuple[RoleGrant, ...]
    custom_permissions: str | None
    standing: Standing
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Role:
    """An organisation's own role, or its own definition of a role that the catalog also has."""

    organisation_id: OrganisationId
    name: str
    permissions: frozenset[str]


@dataclass(frozen=True, slots=True)
class MemberDetails:
    """A member with the user behind it, as a list of members shows them."""

    user: User
    member: Member


class ResourceServer(NamedTuple):
    """A product API that may introspect; `identifier` is its RFC 8707 resource, `digest` that of its secret.

    Read at every introspection, so that the time stays as it was read, in microseconds since the epoch.
    """

    client_id: str
    id: ResourceId
    name: str
    identifier: str
    digest: bytes
    created_micros: int

    @property
    def created_at(self) -> datetime:
        """When it was registered, in UTC."""
        return from_micros(self.created_micros)


@dataclass(frozen=True, slots=True)
class Operator:
    """One who may do everything through the management API; `digest` is that of the operator token."""

    id: OperatorId
    name: str
    digest: bytes
    created_at: datetime
    revoked_at: datetime | None
