"""Roles: those of the catalog, and those that an organisation defines for itself or defines anew."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from consentry.flows.members import find_permission_faults
from consentry.model.acting import Acting
from consentry.model.event import Event, EventKind
from consentry.model.faults import ConflictError, Fault, InvalidInputError, NotFoundError
from consentry.model.ids import EVENT, EventId, OrganisationId
from consentry.model.member_change import MEMBER_MANAGE, judge_member_change, require_held
from consentry.model.membership import RoleBook
from consentry.model.organisation import Role
from consentry.model.permission import render_permissions
from consentry.ports.people import Check, OrganisationStore, RoleStore
from consentry.ports.world import Clock, SecretSource

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")


@dataclass(frozen=True, slots=True)
class KnownRole:
    """A role that members of an organisation can be given. `built_in`: the catalog has it; `own`: so has it."""

    name: str
    title: str
    permissions: frozenset[str]
    built_in: bool
    own: bool


@dataclass(frozen=True, slots=True)
class Roles:
    """What operators may do with roles, and members who hold `member.manage` in their own organisation."""

    store: RoleStore
    organisations: OrganisationStore
    book: RoleBook
    clock: Clock
    secrets: SecretSource

    async def list(self, acting: Acting, organisation_id: OrganisationId) -> list[KnownRole]:
        """Return the built-in roles as they hold here, then the organisation's own, by name.

        Raises NotFoundError, PermissionMissingError.
        """
        await self._require(acting, organisation_id)
        own = {role.name: role.permissions for role in await self.store.roles_of(organisation_id)}
        catalog = self.book.catalog
        built_in = [
            KnownRole(
                entry.name,
                entry.title,
                catalog.without_unknown(own.get(entry.name, entry.permissions)),
                built_in=True,
                own=entry.name in own,
            )
            for entry in catalog.roles.values()
        ]
        added = [
            KnownRole(name, name, catalog.without_unknown(permissions), built_in=False, own=True)
            for name, permissions in own.items()
            if name not in catalog.roles
        ]
        return built_in + added

    async def set(
        self, acting: Acting, organisation_id: OrganisationId, name: str, permissions: Sequence[str]
    ) -> KnownRole:
        """Define the role in this organisation; it holds at once for every member who has it.

        Raises:
            NotFoundError: no such organisation.
            PermissionMissingError: no `member.manage`, or the role has or gets a permission not held.
            InvalidInputError: a name that cannot be one, or a permission that there is not.
            ConflictError: nobody would be left who may manage members.
        """
        await self._require(acting, organisation_id)
        faults = find_permission_faults("permissions", permissions, self.book)
        if _NAME.fullmatch(name) is None:
            faults.insert(0, Fault("name", "A role's name is 1 to 40 of a-z, 0-9, _ and -, and starts with a letter."))
        if faults:
            raise InvalidInputError(*faults)
        await self._require_mine(acting, organisation_id, name, frozenset(permissions))
        role = Role(organisation_id, name, frozenset(permissions))
        event = self._event(acting, EventKind.ROLE_SET, role.organisation_id, name, render_permissions(permissions))
        if not await self.store.set_role(role, check=self._check(acting), event=event):
            raise NotFoundError("organisation")
        entry = self.book.catalog.roles.get(name)
        return KnownRole(
            name, name if entry is None else entry.title, role.permissions, built_in=entry is not None, own=True
        )

    async def remove(self, acting: Acting, organisation_id: OrganisationId, name: str) -> None:
        """Remove the organisation's own definition; a built-in role is then the catalog's again.

        Raises as `set` does, and NotFoundError where there is no definition, ConflictError where members have the role
        and nothing would define it.
        """
        await self._require(acting, organisation_id)
        if name not in {role.name for role in await self.store.roles_of(organisation_id)}:
            raise NotFoundError("role")
        built_in = self.book.catalog.role_permissions(name)
        await self._require_mine(acting, organisation_id, name, built_in or frozenset())
        removed = await self.store.remove_role(
            organisation_id,
            name,
            even_if_held=built_in is not None,
            check=self._check(acting),
            event=self._event(acting, EventKind.ROLE_REMOVED, organisation_id, name, None),
        )
        if not removed:
            raise ConflictError("Members have this role. Give them another first.")

    async def _require(self, acting: Acting, organisation_id: OrganisationId) -> None:
        acting.require(MEMBER_MANAGE, organisation_id, what="organisation")
        if await self.organisations.find_organisation(organisation_id) is None:
            raise NotFoundError("organisation")

    async def _require_mine(
        self, acting: Acting, organisation_id: OrganisationId, name: str, wanted: frozenset[str]
    ) -> None:
        """What the role has now counts too: who narrows it takes from all who have it."""
        own = {role.name: role.permissions for role in await self.store.roles_of(organisation_id)}
        present = own.get(name, self.book.catalog.role_permissions(name) or frozenset())
        require_held(acting, wanted | self.book.catalog.without_unknown(present))

    def _check(self, acting: Acting) -> Check | None:
        return None if acting.is_operator else partial(judge_member_change, acting, self.book)

    def _event(
        self, acting: Acting, kind: EventKind, organisation_id: OrganisationId, name: str, permissions: str | None
    ) -> Event:
        details = {"role": name} | ({} if permissions is None else {"permissions": permissions})
        identifier = EventId(self.secrets.new_id(EVENT))
        return Event(identifier, self.clock.now(), kind, organisation_id, acting.actor, organisation_id, details)
