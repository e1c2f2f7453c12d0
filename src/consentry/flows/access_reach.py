"""Who and what can do something in an organisation right now, and what a change would do. Only reads.

Who may: operators everything. In their own organisation, whoever holds `member.manage` sees the members,
`oauth_app.manage` the connections, and `api_key.manage` the API keys; asking what-if needs `member.manage` besides.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from consentry.model.access import Access, Refused
from consentry.model.acting import Acting
from consentry.model.approval import ApprovalBook
from consentry.model.check import judge_key, judge_token
from consentry.model.email_address import normalise_email
from consentry.model.explainer import as_if_allowed_here, as_if_issued, held_through
from consentry.model.faults import Fault, InvalidInputError, NotFoundError
from consentry.model.ids import ApiKeyId, ConnectionId, OrganisationId, UserId
from consentry.model.member_change import MEMBER_MANAGE
from consentry.model.membership import Holder, RoleBook
from consentry.model.permission import render_permissions
from consentry.model.what_if import Change, Difference, MemberIsSuspended, RoleChanges, changed, difference
from consentry.ports.explanations import ConnectionInSight, ExplanationStore, KeyInSight, MemberInSight
from consentry.ports.people import OrganisationStore, RoleStore
from consentry.ports.world import Clock

S = TypeVar("S", MemberInSight, ConnectionInSight, KeyInSight)

_BATCH = 200
READ_MOST = 5000
"""How many rows one page of a list looks at before it answers with what it has found, and where to go on."""


class Kind(StrEnum):
    """What a list holds."""

    MEMBERS = "members"
    CONNECTIONS = "connections"
    API_KEYS = "api_keys"


MAY_SEE: Mapping[Kind, str] = {
    Kind.MEMBERS: MEMBER_MANAGE,
    Kind.CONNECTIONS: "oauth_app.manage",
    Kind.API_KEYS: "api_key.manage",
}
"""The permission that each list needs."""


@dataclass(frozen=True, slots=True)
class Found(Generic[S]):
    """Somebody or something in a list.

    `through` are the roles (none where a member's permissions were tuned) or the scopes that give the permission asked
    for; `difference` is what a change would do.
    """

    one: S
    through: tuple[str, ...] = ()
    difference: Difference | None = None


@dataclass(frozen=True, slots=True)
class Slice(Generic[S]):
    """Part of a list; `next` is the identifier after which it goes on, or None at its end."""

    found: tuple[Found[S], ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class Reach:
    """Who and what is concerned. A list is None where it was not asked for, or may not be seen."""

    members: Slice[MemberInSight] | None
    connections: Slice[ConnectionInSight] | None
    api_keys: Slice[KeyInSight] | None
    withheld: tuple[Kind, ...] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """Which part of the lists is wanted: all kinds from their beginning, or one kind after an identifier."""

    only: Kind | None = None
    after: str | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True)
class AccessReach:
    """What can be asked about a permission, or a change, across an organisation. Nothing here writes."""

    store: ExplanationStore
    organisations: OrganisationStore
    own_roles: RoleStore
    approvals: ApprovalBook
    book: RoleBook
    clock: Clock

    async def who_can(
        self, acting: Acting, organisation_id: OrganisationId, permission: str, asked: Asked | None = None
    ) -> Reach:
        """Return the members, connections and API keys that can do `permission` in the organisation right now.

        Raises:
            NotFoundError: no such organisation, or another's.
            PermissionMissingError: none of the lists, or not the one that was asked for, may be seen.
            InvalidInputError: the catalog has no such permission.
        """
        self._require_permission(permission)

        def through_roles(holder: Holder) -> tuple[str, ...]:
            return held_through(permission, holder, self.book)

        def through_scopes(seen: ConnectionInSight) -> tuple[str, ...]:
            standing = frozenset(seen.connection.scopes.split()) & frozenset(seen.connection.app_scopes.split())
            return tuple(name for name in self.book.catalog.scopes_granting(permission) if name in standing)

        def pick_member(seen: MemberInSight) -> Found[MemberInSight] | None:
            return Found(seen, through_roles(seen.holder)) if permission in self._of_member(seen.holder) else None

        def pick_connection(seen: ConnectionInSight) -> Found[ConnectionInSight] | None:
            may = permission in self._of_connection(seen, seen.holder)
            return Found(seen, through_scopes(seen)) if may else None

        def pick_key(seen: KeyInSight) -> Found[KeyInSight] | None:
            return Found(seen) if permission in self._of_key(seen, seen.key.holder) else None

        return await self._reach(acting, organisation_id, asked or Asked(), pick_member, pick_connection, pick_key)

    async def what_if(
        self, acting: Acting, organisation_id: OrganisationId, change: Change, asked: Asked | None = None
    ) -> Reach:
        """Return the members, connections and API keys that would lose or gain something by `change`. Writes nothing.

        Raises:
            NotFoundError: no such organisation, or another's; no such member.
            PermissionMissingError: no `member.manage`, or the list that was asked for may not be seen.
            InvalidInputError: a role or a permission that there is not.
        """
        acting.require(MEMBER_MANAGE, organisation_id, what="organisation")
        own = {
            role.name: render_permissions(role.permissions) for role in await self.own_roles.roles_of(organisation_id)
        }
        await self._require_sensible(organisation_id, change, own)

        def then(holder: Holder) -> Holder:
            return changed(holder, change, self.book, own)

        def pick_member(seen: MemberInSight) -> Found[MemberInSight] | None:
            return _differing(seen, self._of_member(seen.holder), self._of_member(then(seen.holder)))

        def pick_connection(seen: ConnectionInSight) -> Found[ConnectionInSight] | None:
            holder = seen.holder
            return _differing(seen, self._of_connection(seen, holder), self._of_connection(seen, then(holder)))

        def pick_key(seen: KeyInSight) -> Found[KeyInSight] | None:
            holder = seen.key.holder
            return _differing(seen, self._of_key(seen, holder), self._of_key(seen, then(holder)))

        return await self._reach(acting, organisation_id, asked or Asked(), pick_member, pick_connection, pick_key)

    async def member_of(self, acting: Acting, organisation_id: OrganisationId, email: str) -> UserId:
        """Return the member with this e-mail address, to ask what-if about them.

        Raises NotFoundError, and PermissionMissingError without `member.manage`.
        """
        acting.require(MEMBER_MANAGE, organisation_id, what="organisation")
        found = await self.store.find_member_by_email(organisation_id, normalise_email(email))
        if found is None:
            raise NotFoundError("member")
        return found.holder.user_id

    async def _require_sensible(self, organisation_id: OrganisationId, change: Change, own: Mapping[str, str]) -> None:
        if await self.organisations.find_organisation(organisation_id) is None:
            raise NotFoundError("organisation")
        if isinstance(change, RoleChanges):
            self._require_permission(change.permission)
        if not isinstance(change, MemberIsSuspended) and change.role not in {*own, *self.book.catalog.roles}:
            raise InvalidInputError(Fault("role", "There is no such role in this organisation."))
        if isinstance(change, RoleChanges):
            return
        if await self.store.find_member(organisation_id, change.user_id) is None:
            raise NotFoundError("member")

    def _require_permission(self, permission: str) -> None:
        if permission not in self.book.catalog.permissions:
            raise InvalidInputError(Fault("permission", "The catalog has no such permission."))

    def _of_member(self, holder: Holder) -> frozenset[str]:
        return self.book.held_by(holder)

    def _of_connection(self, seen: ConnectionInSight, holder: Holder) -> frozenset[str]:
        now = self.clock.now()
        token = as_if_issued(seen.connection, holder, now)
        return _permissions(judge_token(token, now, None, self.approvals, self.book))

    def _of_key(self, seen: KeyInSight, holder: Holder) -> frozenset[str]:
        key = as_if_allowed_here(seen.key.held_by(holder))
        return _permissions(judge_key(key, self.clock.now(), None, self.book))

    async def _reach(
        self,
        acting: Acting,
        organisation_id: OrganisationId,
        asked: Asked,
        pick_member: Callable[[MemberInSight], Found[MemberInSight] | None],
        pick_connection: Callable[[ConnectionInSight], Found[ConnectionInSight] | None],
        pick_key: Callable[[KeyInSight], Found[KeyInSight] | None],
    ) -> Reach:
        wanted = await self._wanted(acting, organisation_id, asked)
        members = connections = keys = None
        if Kind.MEMBERS in wanted:

            async def read_members(after: str | None) -> Sequence[MemberInSight]:
                at = None if after is None else UserId(after)
                return await self.store.members(organisation_id, after=at, limit=_BATCH)

            members = await _collect(read_members, pick_member, lambda seen: seen.holder.user_id, asked)
        if Kind.CONNECTIONS in wanted:

            async def read_connections(after: str | None) -> Sequence[ConnectionInSight]:
                at = None if after is None else ConnectionId(after)
                return await self.store.connections(organisation_id, after=at, limit=_BATCH)

            connections = await _collect(read_connections, pick_connection, lambda seen: seen.connection.id, asked)
        if Kind.API_KEYS in wanted:

            async def read_keys(after: str | None) -> Sequence[KeyInSight]:
                at = None if after is None else ApiKeyId(after)
                return await self.store.keys(organisation_id, after=at, limit=_BATCH)

            keys = await _collect(read_keys, pick_key, lambda seen: seen.key.id, asked)
        withheld = () if asked.only is not None else tuple(kind for kind in Kind if kind not in wanted)
        return Reach(members, connections, keys, withheld)

    async def _wanted(self, acting: Acting, organisation_id: OrganisationId, asked: Asked) -> Sequence[Kind]:
        """Return the lists that were asked for and may be seen."""
        if asked.only is None and asked.after is not None:
            raise InvalidInputError(Fault("after", "Say of which list with only."))
        seen = [kind for kind in Kind if acting.may(MAY_SEE[kind], organisation_id)]
        kinds = seen if asked.only is None else [asked.only]
        for kind in kinds or Kind:
            acting.require(MAY_SEE[kind], organisation_id, what="organisation")
        if await self.organisations.find_organisation(organisation_id) is None:
            raise NotFoundError("organisation")
        return kinds


async def _collect(
    read: Callable[[str | None], Awaitable[Sequence[S]]],
    pick: Callable[[S], Found[S] | None],
    key: Callable[[S], str],
    asked: Asked,
) -> Slice[S]:
    found: list[Found[S]] = []
    after, looked_at = asked.after, 0
    while True:
        rows = await read(after)
        for row in rows:
            picked = pick(row)
            if picked is None:
                continue
            if len(found) == asked.limit:
                return Slice(tuple(found), key(found[-1].one))
            found.append(picked)
        looked_at += len(rows)
        if len(rows) < _BATCH:
            return Slice(tuple(found), None)
        after = key(rows[-1])
        if looked_at >= READ_MOST:
            return Slice(tuple(found), after)


def _differing(seen: S, before: frozenset[str], after: frozenset[str]) -> Found[S] | None:
    found = difference(before, after)
    return None if found is None else Found(seen, difference=found)


def _permissions(answer: Access | Refused) -> frozenset[str]:
    return frozenset() if isinstance(answer, Refused) else answer.permissions
