"""Members and the roles that organisations define; and the directory, which says what a user holds now.

Where a check is given, all members of the organisation are read before and after the change, within its transaction,
and a change of members or roles first takes the organisation's row: two administrators who take each other's role at
one moment cannot both succeed, and no role goes while it is given.
"""

from collections.abc import Sequence

from consentry.model.event import Event
from consentry.model.ids import OrganisationId, UserId
from consentry.model.membership import Holder, Membership, parse_role_grants
from consentry.model.organisation import Member, MemberDetails, Role, Standing
from consentry.model.permission import parse_permissions, render_permissions
from consentry.ports.people import Check
from consentry.storage import events
from consentry.storage.database import Database, Operation, Row, Statement, from_micros, to_micros
from consentry.storage.holder import HOLDER_COLUMNS, HOLDER_WIDTH, holder_joins, read_holder
from consentry.storage.organisations import ORGANISATION_COLUMNS, organisation_of
from consentry.storage.users import user_of

_HOLDER_OF_PAIR = f"""
SELECT {HOLDER_COLUMNS}
FROM (SELECT $1 AS organisation_id, $2 AS user_id) pair {holder_joins("pair.organisation_id", "pair.user_id")}
"""  # noqa: S608 - constants

_MEMBERSHIPS = f"""
SELECT {HOLDER_COLUMNS}, {ORGANISATION_COLUMNS}
FROM members mine {holder_joins("mine.organisation_id", "mine.user_id")}
WHERE mine.user_id = $1 ORDER BY o.name, o.id
"""  # noqa: S608 - constants

_HOLDERS = f"""
SELECT {HOLDER_COLUMNS}
FROM members every {holder_joins("every.organisation_id", "every.user_id")} WHERE every.organisation_id = $1
"""  # noqa: S608 - constants

_DETAILS = f"""
SELECT {HOLDER_COLUMNS}, each_one.created_at, u.id, u.email, u.name, u.standing, u.created_at
FROM members each_one {holder_joins("each_one.organisation_id", "each_one.user_id")}
WHERE each_one.organisation_id = $1
"""  # noqa: S608 - constants
_FIND = f"{_DETAILS} AND each_one.user_id = $2"
_PAGE = f"{_DETAILS} AND each_one.user_id > $2 ORDER BY each_one.user_id LIMIT $3"

# From a SELECT, so that an organisation or a user that does not exist gives no row rather than the engine's own error.
_SET = """
INSERT INTO members (organisation_id, user_id, custom_permissions, standing, created_at)
SELECT o.id, u.id, $3, $4, $5 FROM organisations o JOIN users u ON u.id = $2 WHERE o.id = $1
ON CONFLICT (organisation_id, user_id) DO UPDATE SET custom_permissions = excluded.custom_permissions
RETURNING user_id
"""
_OWN_ROLE = "SELECT name FROM roles WHERE organisation_id = $1 AND name = $2"
_CLEAR_ROLES = "DELETE FROM member_roles WHERE organisation_id = $1 AND user_id = $2"
_GIVE_ROLE = "INSERT INTO member_roles (organisation_id, user_id, role) VALUES ($1, $2, $3)"
_SET_STANDING = """
UPDATE members SET standing = $3 WHERE organisation_id = $1 AND user_id = $2 AND standing <> $3 RETURNING user_id
"""
_REMOVE = "DELETE FROM members WHERE organisation_id = $1 AND user_id = $2 RETURNING user_id"

_ROLES = "SELECT organisation_id, name, permissions FROM roles WHERE organisation_id = $1 ORDER BY name"
_SET_ROLE = """
INSERT INTO roles (organisation_id, name, permissions, updated_at)
SELECT id, $2, $3, $4 FROM organisations WHERE id = $1
ON CONFLICT (organisation_id, name) DO UPDATE SET permissions = excluded.permissions, updated_at = excluded.updated_at
RETURNING name
"""
_REMOVE_ROLE = """
DELETE FROM roles WHERE organisation_id = $1 AND name = $2 AND ($3 = 1 OR NOT EXISTS (
    SELECT 1 FROM member_roles WHERE organisation_id = $1 AND role = $2
)) RETURNING name
"""


# SQLite has one writer; on PostgreSQL a second change waits here, and its statements see what the first one did.
_TAKE_ORGANISATION = "UPDATE organisations SET standing = standing WHERE id = $1"


class _RoleGoneError(Exception):
    """A role that was to be given is not there any more; undoes the operation."""


def _checked(
    organisation_id: OrganisationId, change: Operation[bool], check: Check | None, event: Event
) -> Operation[bool]:
    """Run `change`, let `check` look at what it did, and append the event if it did anything."""
    yield Statement(_TAKE_ORGANISATION, (organisation_id,))
    before = [] if check is None else (yield Statement(_HOLDERS, (organisation_id,)))
    done = yield from change
    if not done:
        return False
    if check is not None:
        after = yield Statement(_HOLDERS, (organisation_id,))
        check([read_holder(row) for row in before], [read_holder(row) for row in after])
    yield events.append(event)
    return True


def _setting(member: Member, own_roles: Sequence[str]) -> Operation[bool]:
    key = (member.organisation_id, member.user_id)
    rows = yield Statement(_SET, (*key, member.custom_permissions, member.standing, to_micros(member.created_at)))
    if not rows:
        return False
    for name in own_roles:
        if not (yield Statement(_OWN_ROLE, (member.organisation_id, name))):
            raise _RoleGoneError
    yield Statement(_CLEAR_ROLES, key)
    for grant in member.roles:
        yield Statement(_GIVE_ROLE, (*key, grant.name))
    return True


def _doing(statement: Statement) -> Operation[bool]:
    return bool((yield statement))


def _setting_member(member: Member, own_roles: Sequence[str], check: Check | None, event: Event) -> Operation[bool]:
    return _checked(member.organisation_id, _setting(member, own_roles), check, event)


def _changing(
    organisation_id: OrganisationId, statement: Statement, check: Check | None, event: Event
) -> Operation[bool]:
    return _checked(organisation_id, _doing(statement), check, event)


class SqlMemberStore:
    """Keeps members in the database; the `MemberStore` and the built-in `Directory` of the ports."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find_holder(self, organisation_id: OrganisationId, user_id: UserId) -> Holder | None:
        """Return the user in the organisation as the rows say now, or None where either does not exist."""
        rows = await self._database.read(_HOLDER_OF_PAIR, organisation_id, user_id)
        return read_holder(rows[0]) if rows else None

    async def memberships_of(self, user_id: UserId) -> list[Membership]:
        """Return the user's organisations by name."""
        rows = await self._database.read(_MEMBERSHIPS, user_id)
        return [Membership(organisation_of(row[HOLDER_WIDTH:]), read_holder(row[:HOLDER_WIDTH])) for row in rows]

    async def find_member(self, organisation_id: OrganisationId, user_id: UserId) -> MemberDetails | None:
        """Return the member with the user, or None."""
        rows = await self._database.read(_FIND, organisation_id, user_id)
        return _details_of(rows[0]) if rows else None

    async def page(self, organisation_id: OrganisationId, *, after: UserId | None, limit: int) -> list[MemberDetails]:
        """Return up to `limit` members, in the order in which their users were created."""
        return [_details_of(row) for row in await self._database.read(_PAGE, organisation_id, after or "", limit)]

    async def set_member(self, member: Member, *, own_roles: Sequence[str], check: Check | None, event: Event) -> bool:
        """Write roles and custom permissions; False if the organisation, the user or one of `own_roles` is gone."""
        try:
            return await self._database.write(_setting_member, member, own_roles, check, event)
        except _RoleGoneError:
            return False

    async def set_standing(
        self, organisation_id: OrganisationId, user_id: UserId, standing: Standing, *, check: Check | None, event: Event
    ) -> bool:
        """Set the standing; False if there is no such member, or they stand so already."""
        statement = Statement(_SET_STANDING, (organisation_id, user_id, standing))
        return await self._database.write(_changing, organisation_id, statement, check, event)

    async def remove(
        self, organisation_id: OrganisationId, user_id: UserId, *, check: Check | None, event: Event
    ) -> bool:
        """Remove the member with their roles; False if there is no such member."""
        statement = Statement(_REMOVE, (organisation_id, user_id))
        return await self._database.write(_changing, organisation_id, statement, check, event)


class SqlRoleStore:
    """Keeps an organisation's own roles in the database; the `RoleStore` of the ports."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def roles_of(self, organisation_id: OrganisationId) -> list[Role]:
        """Return the organisation's own roles by name."""
        rows = await self._database.read(_ROLES, organisation_id)
        return [Role(OrganisationId(row[0]), row[1], parse_permissions(row[2])) for row in rows]

    async def set_role(self, role: Role, *, check: Check | None, event: Event) -> bool:
        """Write the role; False if there is no such organisation."""
        statement = Statement(
            _SET_ROLE, (role.organisation_id, role.name, render_permissions(role.permissions), to_micros(event.at))
        )
        return await self._database.write(_changing, role.organisation_id, statement, check, event)

    async def remove_role(
        self, organisation_id: OrganisationId, name: str, *, even_if_held: bool, check: Check | None, event: Event
    ) -> bool:
        """Remove the role; False if there is none, or a member holds it and `even_if_held` is not set."""
        statement = Statement(_REMOVE_ROLE, (organisation_id, name, int(even_if_held)))
        return await self._database.write(_changing, organisation_id, statement, check, event)


def _details_of(row: Row) -> MemberDetails:
    holder = read_holder(row[:HOLDER_WIDTH])
    member = Member(
        holder.organisation_id,
        holder.user_id,
        parse_role_grants(holder.roles),
        holder.custom_permissions,
        Standing(row[4]),
        from_micros(row[HOLDER_WIDTH]),
    )
    return MemberDetails(user_of(row[HOLDER_WIDTH + 1 :]), member)
