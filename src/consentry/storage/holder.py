"""The columns and joins that read the user behind a credential, shared by every read that must know what holds now."""

from consentry.model.ids import OrganisationId, UserId
from consentry.model.membership import Holder
from consentry.model.organisation import Standing
from consentry.storage.database import Row

# What a member holds: standing, roles, permissions of their own. The roles are one text, `name;name=permission
# permission`: see model/membership.py. It is a copy of `member_roles` and `roles` that the database itself writes in
# the statement that changes them (migration 0007). storage/view_source.py puts others in place of these three.
MEMBER_COLUMNS = "m.standing, coalesce(m.roles, ''), m.custom_permissions"
# How the app `a` stands in the organisation `o`: a text of AppStanding. Its origin is read only where some are refused.
APP_STANDING = """CASE WHEN o.unverified_apps = 'refused' AND a.origin <> 'registered' AND a.status = 'active'
    THEN 'refused' ELSE a.status END"""
HOLDER_COLUMNS = f"o.id, o.standing, u.id, u.standing, {MEMBER_COLUMNS}"
HOLDER_WIDTH = 7


def holder_joins(organisation: str, user: str) -> str:
    """Return the joins for the columns above, from the columns that name the organisation and the user."""
    return (
        f"JOIN organisations o ON o.id = {organisation} JOIN users u ON u.id = {user} "
        f"LEFT JOIN members m ON m.organisation_id = {organisation} AND m.user_id = {user}"
    )


def checked_columns(user: str) -> str:
    """Return what a check reads instead of `HOLDER_COLUMNS`: the same, without reading a user who may act.

    A user who may not is found in a small index of those. That there is such a user, a foreign key must have said of
    the column `user`.
    """
    standing = f"SELECT u.standing FROM users u WHERE u.id || '' = {user} || '' AND u.standing <> 'active'"  # noqa: S608 - constants
    return f"o.id, o.standing, {user}, coalesce(({standing}), 'active'), {MEMBER_COLUMNS}"


def checked_joins(organisation: str, user: str) -> str:
    """Return the joins for `checked_columns`, from the columns that name the organisation and the user."""
    return (
        f"JOIN organisations o ON o.id = {organisation} "
        f"LEFT JOIN members m ON m.organisation_id = {organisation} AND m.user_id = {user}"
    )


def read_holder(row: Row) -> Holder:
    """Return the holder from exactly the seven columns above."""
    return Holder(
        OrganisationId(row[0]),
        Standing(row[1]),
        UserId(row[2]),
        Standing(row[3]),
        None if row[4] is None else Standing(row[4]),
        row[5],
        row[6],
    )
