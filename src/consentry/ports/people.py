"""The stores of organisations, users, members, roles, operators and resource servers: whole operations.

Each writes its audit event in the same transaction, and holds from the moment that it returns.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol, TypeAlias

from consentry.model.event import Event
from consentry.model.ids import OperatorId, OrganisationId, ResourceId, UserId
from consentry.model.membership import Holder, Membership
from consentry.model.organisation import (
    Member,
    MemberDetails,
    Operator,
    Organisation,
    ResourceServer,
    Role,
    Standing,
    UnverifiedApps,
    User,
)

Check: TypeAlias = Callable[[Sequence[Holder], Sequence[Holder]], None]
"""Looks at all members of an organisation before a change and after it; what it raises undoes the change."""


class Directory(Protocol):
    """Where users and what they hold come from: always the present truth."""

    async def find_holder(self, organisation_id: OrganisationId, user_id: UserId) -> Holder | None:
        """Return the user in the organisation as the rows say now, or None where either does not exist."""
        ...

    async def memberships_of(self, user_id: UserId) -> list[Membership]:
        """Return the user's organisations by name, those included where the user may not act now."""
        ...


class OrganisationStore(Protocol):
    """Keeps organisations."""

    async def find_organisation(self, organisation_id: OrganisationId) -> Organisation | None:
        """Return the organisation, or None."""
        ...

    async def organisations_named(self, name: str) -> list[Organisation]:
        """Return the organisations of exactly this name."""
        ...

    async def page(self, *, after: OrganisationId | None, limit: int) -> list[Organisation]:
        """Return up to `limit` organisations in the order of their creation."""
        ...

    async def create(self, organisation: Organisation, event: Event) -> None:
        """Write a new organisation."""
        ...

    async def rename(self, organisation_id: OrganisationId, name: str, event: Event) -> bool:
        """Set the name; False if there is no such organisation."""
        ...

    async def set_standing(self, organisation_id: OrganisationId, standing: Standing, event: Event) -> bool:
        """Set the standing; False if there is no such organisation, or it stands so already."""
        ...

    async def set_unverified_apps(self, organisation_id: OrganisationId, said: UnverifiedApps, event: Event) -> bool:
        """Set what is said of apps that registered themselves; False if nothing changes by it."""
        ...


class UserStore(Protocol):
    """Keeps users and the hashes of their passwords."""

    async def find_user(self, user_id: UserId) -> User | None:
        """Return the user, or None."""
        ...

    async def find_user_by_email(self, email: str) -> User | None:
        """Return the user of this normalised address, or None."""
        ...

    async def find_password(self, email: str) -> tuple[User, str | None] | None:
        """Return the user of this normalised address with the hash of the password, where there is one; or None."""
        ...

    async def page(self, *, after: UserId | None, limit: int) -> list[User]:
        """Return up to `limit` users in the order of their creation."""
        ...

    async def create(self, user: User, password_hash: str | None, event: Event) -> bool:
        """Write a new user; False if the address is in use."""
        ...

    async def rename(self, user_id: UserId, name: str, event: Event) -> bool:
        """Set the name; False if there is no such user."""
        ...

    async def set_standing(self, user_id: UserId, standing: Standing, event: Event) -> bool:
        """Set the standing; False if there is no such user, or they stand so already."""
        ...

    async def set_password(self, user_id: UserId, password_hash: str, event: Event) -> bool:
        """Set the password and end every session of the user; False if there is no such user."""
        ...

    async def end_sessions(self, user_id: UserId, event: Event) -> int:
        """End every session of the user, and see to it that their apps are told; return how many."""
        ...


class MemberStore(Protocol):
    """Keeps members. `check`, where given, judges a change inside its transaction."""

    async def find_member(self, organisation_id: OrganisationId, user_id: UserId) -> MemberDetails | None:
        """Return the member with the user, or None."""
        ...

    async def page(self, organisation_id: OrganisationId, *, after: UserId | None, limit: int) -> list[MemberDetails]:
        """Return up to `limit` members, in the order in which their users were created."""
        ...

    async def set_member(self, member: Member, *, own_roles: Sequence[str], check: Check | None, event: Event) -> bool:
        """Write the member's roles and custom permissions, creating the member; an existing standing stays.

        `own_roles` are those of the roles that only the organisation defines. False if the organisation, the user or
        one of these roles is gone.
        """
        ...

    async def set_standing(
        self, organisation_id: OrganisationId, user_id: UserId, standing: Standing, *, check: Check | None, event: Event
    ) -> bool:
        """Set the standing; False if there is no such member, or they stand so already."""
        ...

    async def remove(
        self, organisation_id: OrganisationId, user_id: UserId, *, check: Check | None, event: Event
    ) -> bool:
        """Remove the member with their roles; False if there is no such member."""
        ...


class RoleStore(Protocol):
    """Keeps the roles that an organisation defines itself, its own definitions of built-in ones included."""

    async def roles_of(self, organisation_id: OrganisationId) -> list[Role]:
        """Return the organisation's own roles by name."""
        ...

    async def set_role(self, role: Role, *, check: Check | None, event: Event) -> bool:
        """Write the role; False if there is no such organisation."""
        ...

    async def remove_role(
        self, organisation_id: OrganisationId, name: str, *, even_if_held: bool, check: Check | None, event: Event
    ) -> bool:
        """Remove the role; False if there is none, or a member holds it and `even_if_held` is not set."""
        ...


class OperatorStore(Protocol):
    """Keeps operators."""

    async def find_operator(self, operator_id: OperatorId) -> Operator | None:
        """Return the operator, revoked or not, or None."""
        ...

    async def operators(self) -> list[Operator]:
        """Return all operators, oldest first."""
        ...

    async def create(self, operator: Operator, event: Event) -> None:
        """Write a new operator."""
        ...

    async def revoke(self, operator_id: OperatorId, now: datetime, event: Event) -> bool:
        """End the operator's token; False if it had ended already or never was."""
        ...


class ResourceStore(Protocol):
    """Keeps resource servers."""

    async def find_resource_server(self, client_id: str) -> ResourceServer | None:
        """Return the resource server of this client ID, or None."""
        ...

    async def identifiers(self) -> Sequence[str]:
        """Return the RFC 8707 identifiers of all resource servers."""
        ...

    async def page(self, *, after: ResourceId | None, limit: int) -> list[ResourceServer]:
        """Return up to `limit` resource servers in the order of their registration."""
        ...

    async def register(self, resource: ResourceServer, event: Event) -> bool:
        """Write a new resource server; False if the identifier is in use."""
        ...
