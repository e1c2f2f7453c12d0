"""What a member who manages members may do to others: never more than they hold, never to somebody who holds more.

Judged on what a change does, whichever way: by giving a role, by defining one anew, by suspending or removing.
"""

from collections.abc import Sequence

from consentry.model.acting import Acting
from consentry.model.faults import ConflictError, PermissionMissingError
from consentry.model.ids import UserId
from consentry.model.membership import Holder, RoleBook

MEMBER_MANAGE = "member.manage"


def require_held(acting: Acting, permissions: frozenset[str]) -> None:
    """Return if the one who acts holds all of `permissions`, or is an operator; raises PermissionMissingError."""
    if acting.is_operator:
        return
    missing = sorted(permissions - acting.permissions)
    if missing:
        raise PermissionMissingError(missing[0])


def judge_member_change(acting: Acting, book: RoleBook, before: Sequence[Holder], after: Sequence[Holder]) -> None:
    """Return if the one who acts may turn the members of their organisation from `before` into `after`.

    Raises PermissionMissingError if a member who was changed held, or now holds, a permission that the one who acts
    does not; ConflictError if nobody is left who may manage members.
    """
    was, now = _by_user(before), _by_user(after)
    for user_id in sorted(was.keys() | now.keys()):
        old, new = was.get(user_id), now.get(user_id)
        if old != new:
            require_held(acting, _power(old, book) | _power(new, book))
    if any(MEMBER_MANAGE in book.held_by(holder) for holder in before) and not any(
        MEMBER_MANAGE in book.held_by(holder) for holder in after
    ):
        raise ConflictError(
            "That would leave nobody in the organisation who may manage members. Give somebody else that first."
        )


def _by_user(holders: Sequence[Holder]) -> dict[UserId, Holder]:
    return {holder.user_id: holder for holder in holders}


def _power(holder: Holder | None, book: RoleBook) -> frozenset[str]:
    """Return what the member would hold if nobody were suspended: a suspension must not hide who is changed."""
    return frozenset() if holder is None else book.permissions_of(holder.roles, holder.custom_permissions)
