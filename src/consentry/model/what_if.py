"""What would change if: a role or a member is changed in thought, and the rules are asked again. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from consentry.model.faults import Fault, InvalidInputError
from consentry.model.ids import UserId
from consentry.model.membership import Holder, RoleBook, parse_role_grants, render_role_grants
from consentry.model.organisation import RoleGrant, Standing
from consentry.model.permission import render_permissions


@dataclass(frozen=True, slots=True)
class RoleChanges:
    """A role of the organisation loses a permission, or gains it."""

    role: str
    permission: str
    gains: bool = False


@dataclass(frozen=True, slots=True)
class MemberRoleChanges:
    """A member loses a role, or gains it."""

    user_id: UserId
    role: str
    gains: bool = False


@dataclass(frozen=True, slots=True)
class MemberIsSuspended:
    """A member is suspended in the organisation."""

    user_id: UserId


Change: TypeAlias = RoleChanges | MemberRoleChanges | MemberIsSuspended


@dataclass(frozen=True, slots=True)
class Difference:
    """What somebody or something could do no more, and what it could do then."""

    lost: frozenset[str]
    gained: frozenset[str]


def difference(before: frozenset[str], after: frozenset[str]) -> Difference | None:
    """Return what is lost and gained between the two, or None where nothing is."""
    return None if before == after else Difference(before - after, after - before)


def changed(holder: Holder, change: Change, book: RoleBook, own_roles: Mapping[str, str]) -> Holder:
    """Return the member as they would be after the change.

    `own_roles` are the organisation's own definitions, as stored. A change of a role does not touch members whose
    permissions were tuned, nor one of roles: just as it would be in truth.
    """
    match change:
        case RoleChanges():
            grants = tuple(
                _changed_grant(grant, change, book) if grant.name == change.role else grant
                for grant in parse_role_grants(holder.roles)
            )
            return replace(holder, roles=render_role_grants(grants))
        case MemberRoleChanges() if change.user_id == holder.user_id:
            others = tuple(grant for grant in parse_role_grants(holder.roles) if grant.name != change.role)
            gained = (RoleGrant(change.role, own_roles.get(change.role)),) if change.gains else ()
            return replace(holder, roles=render_role_grants((*others, *gained)))
        case MemberIsSuspended() if change.user_id == holder.user_id and holder.member_standing is not None:
            return replace(holder, member_standing=Standing.SUSPENDED)
        case _:
            return holder


def _changed_grant(grant: RoleGrant, change: RoleChanges, book: RoleBook) -> RoleGrant:
    before = book.permissions_of(render_role_grants((grant,)), None)
    after = before | {change.permission} if change.gains else before - {change.permission}
    return RoleGrant(grant.name, render_permissions(after))


def read_change(
    *,
    role: str | None = None,
    loses: str | None = None,
    gains: str | None = None,
    user_id: UserId | None = None,
    loses_role: str | None = None,
    gains_role: str | None = None,
    suspended: bool = False,
) -> Change:
    """Return the one change that is named: a role and what it loses or gains, or a user and what becomes of them.

    Raises InvalidInputError where none is named, or more than one.
    """
    of_role = [loses, gains]
    of_member = [loses_role, gains_role, suspended or None]
    named = [one for one in (*of_role, *of_member) if one is not None]
    if len(named) == 1 and role is not None and user_id is None and named[0] in of_role:
        return RoleChanges(role, loses or gains or "", gains=gains is not None)
    if len(named) == 1 and role is None and user_id is not None and loses is None and gains is None:
        if suspended:
            return MemberIsSuspended(user_id)
        return MemberRoleChanges(user_id, loses_role or gains_role or "", gains=gains_role is not None)
    raise InvalidInputError(
        Fault(
            "change",
            "Name one change: a role and a permission that it loses or gains, or a member and a role that they lose or "
            "gain, or a member who is suspended.",
        )
    )
