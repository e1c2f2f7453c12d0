"""Members: who belongs to an organisation, with which roles. Who may change whom: model/member_change.py."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from consentry.model.acting import Acting
from consentry.model.event import Event, EventKind
from consentry.model.faults import Fault, InvalidInputError, NotFoundError
from consentry.model.ids import EVENT, EventId, OrganisationId, UserId
from consentry.model.member_change import MEMBER_MANAGE, judge_member_change, require_held
from consentry.model.membership import RoleBook, render_role_grants
from consentry.model.organisation import Member, MemberDetails, RoleGrant, Standing
from consentry.model.permission import render_permissions
from consentry.ports.people import Check, MemberStore, OrganisationStore, RoleStore
from consentry.ports.world import Clock, SecretSource

_ROLES_MOST = 50


@dataclass(frozen=True, slots=True)
class Members:
    """What operators may do with members, and members who hold `member.manage` in their own organisation."""

    store: MemberStore
    roles: RoleStore
    organisations: OrganisationStore
    book: RoleBook
    clock: Clock
    secrets: SecretSource

    async def page(
        self, acting: Acting, organisation_id: OrganisationId, *, after: UserId | None, limit: int
    ) -> list[MemberDetails]:
        """Return up to `limit` members with their users. Raises NotFoundError, PermissionMissingError."""
        await self._require(acting, organisation_id)
        return await self.store.page(organisation_id, after=after, limit=limit)

    async def get(self, acting: Acting, organisation_id: OrganisationId, user_id: UserId) -> MemberDetails:
        """Return the member with the user. Raises NotFoundError, PermissionMissingError."""
        await self._require(acting, organisation_id)
        found = await self.store.find_member(organisation_id, user_id)
        if found is None:
            raise NotFoundError("member")
        return found

    def permissions_of(self, member: Member) -> frozenset[str]:
        """Return what the member's roles, or custom permissions, come to."""
        return self.book.permissions_of(render_role_grants(member.roles), member.custom_permissions)

    async def set(
        self,
        acting: Acting,
        organisation_id: OrganisationId,
        user_id: UserId,
        roles: Sequence[str],
        custom_permissions: Sequence[str] | None = None,
    ) -> MemberDetails:
        """Give the member exactly these roles, and these permissions in their place where they are given.

        An operator makes a user a member in this way; to anybody else a user who is not a member does not exist. Holds
        for the very next request of the member, and of every app and key that acts for them.

        Raises:
            NotFoundError: no such organisation or member (an operator: or user).
            PermissionMissingError: no `member.manage`, or the change concerns a permission not held.
            InvalidInputError: a role or a permission that there is not.
            ConflictError: nobody would be left who may manage members.
        """
        await self._require(acting, organisation_id)
        if not acting.is_operator and await self.store.find_member(organisation_id, user_id) is None:
            raise NotFoundError("member")
        names = tuple(dict.fromkeys(roles))
        own = {role.name: role.permissions for role in await self.roles.roles_of(organisation_id)}
        self._require_known(names, custom_permissions, frozenset(own))
        grants = tuple(RoleGrant(name, render_permissions(own[name]) if name in own else None) for name in names)
        custom = None if custom_permissions is None else render_permissions(custom_permissions)
        member = Member(organisation_id, user_id, grants, custom, Standing.ACTIVE, self.clock.now())
        # Both, because the roles hold again when the custom permissions are taken away.
        require_held(acting, self.book.permissions_of(render_role_grants(grants), None) | self.permissions_of(member))
        details = {"roles": " ".join(sorted(names))} | ({} if custom is None else {"custom_permissions": custom})
        written = await self.store.set_member(
            member,
            own_roles=[name for name in names if name not in self.book.catalog.roles],
            check=self._check(acting),
            event=self._event(acting, EventKind.MEMBER_SET, organisation_id, user_id, **details),
        )
        if not written:
            raise NotFoundError("user")
        return await self.get(acting, organisation_id, user_id)

    async def set_standing(
        self, acting: Acting, organisation_id: OrganisationId, user_id: UserId, standing: Standing
    ) -> MemberDetails:
        """Suspend or reinstate the member: what acts for them here stops, or works again, at once. Idempotent.

        Raises as `set` does.
        """
        await self.get(acting, organisation_id, user_id)
        event = self._event(acting, EventKind.MEMBER_SET, organisation_id, user_id, standing=standing.value)
        await self.store.set_standing(organisation_id, user_id, standing, check=self._check(acting), event=event)
        return await self.get(acting, organisation_id, user_id)

    async def remove(self, acting: Acting, organisation_id: OrganisationId, user_id: UserId) -> None:
        """Take the member out of the organisation: what acts for them here does nothing from now on.

        Raises as `set` does.
        """
        await self._require(acting, organisation_id)
        event = self._event(acting, EventKind.MEMBER_REMOVED, organisation_id, user_id)
        if not await self.store.remove(organisation_id, user_id, check=self._check(acting), event=event):
            raise NotFoundError("member")

    async def _require(self, acting: Acting, organisation_id: OrganisationId) -> None:
        acting.require(MEMBER_MANAGE, organisation_id, what="organisation")
        if await self.organisations.find_organisation(organisation_id) is None:
            raise NotFoundError("organisation")

    def _require_known(
        self, names: Sequence[str], custom_permissions: Sequence[str] | None, own: frozenset[str]
    ) -> None:
        faults = []
        if not names:
            faults.append(Fault("roles", "Give at least one role."))
        if len(names) > _ROLES_MOST:
            raise InvalidInputError(Fault("roles", f"Give at most {_ROLES_MOST} roles."))
        faults += [
            Fault(f"roles.{index}", "There is no such role in this organisation.")
            for index, name in enumerate(names)
            if name not in own and name not in self.book.catalog.roles
        ]
        faults += find_permission_faults("custom_permissions", custom_permissions or (), self.book)
        if faults:
            raise InvalidInputError(*faults)

    def _check(self, acting: Acting) -> Check | None:
        return None if acting.is_operator else partial(judge_member_change, acting, self.book)

    def _event(
        self, acting: Acting, kind: EventKind, organisation_id: OrganisationId, user_id: UserId, **details: str
    ) -> Event:
        identifier = EventId(self.secrets.new_id(EVENT))
        return Event(identifier, self.clock.now(), kind, organisation_id, acting.actor, user_id, details)


def find_permission_faults(field: str, names: Sequence[str], book: RoleBook) -> list[Fault]:
    """Return a fault for each name that the catalog does not declare."""
    return [
        Fault(f"{field}.{index}", "The catalog has no such permission.")
        for index, name in enumerate(names)
        if name not in book.catalog.permissions
    ]
