"""The people of a view: found in it, and given a row of ours when they are first met.

Connections, keys and sessions refer to organisations and users. So whoever comes to our pages, or is named to the
management API, is adopted: identifier, name and address are copied from the view into our tables, and copied again when
they changed there. What a member may do is never copied.
"""

from collections.abc import Sequence
from typing import Never

from consentry.model.app import App, AppSecret
from consentry.model.event import Event
from consentry.model.faults import ConflictError
from consentry.model.ids import OrganisationId, UserId
from consentry.model.membership import Holder, Membership
from consentry.model.organisation import MemberDetails, Organisation, Role, User
from consentry.storage.apps import SqlAppStore
from consentry.storage.database import Operation, Row, Statement
from consentry.storage.members import SqlMemberStore, SqlRoleStore
from consentry.storage.organisations import SqlOrganisationStore
from consentry.storage.users import SqlUserStore
from consentry.storage.view_source import ViewDatabase

_ADOPT_ORGANISATION = """
INSERT INTO organisations (id, name, standing, created_at) VALUES ($1, $2, 'active', $3)
ON CONFLICT (id) DO UPDATE SET name = excluded.name
"""
# An address that somebody else had is free again: who has it now is what the view says.
_FREE_ADDRESS = "UPDATE users SET email = id WHERE email = $2 AND id <> $1"
_ADOPT_USER = """
INSERT INTO users (id, email, name, standing, created_at) VALUES ($1, $2, $3, 'active', $4)
ON CONFLICT (id) DO UPDATE SET email = excluded.email, name = excluded.name
"""

# The view does not tell since when.
_UNKNOWN_SINCE = 0


class KeptByProductError(ConflictError):
    """People are kept by the product; they are not changed here."""

    def __init__(self) -> None:
        super().__init__("The product keeps its people itself, and Consentry reads them. Change them in the product.")


class Adoption:
    """Finds people in the view, and sees to it that each has a row of ours."""

    def __init__(self, database: ViewDatabase) -> None:
        self._database = database
        self._select = f"""
        SELECT v.organisation_id, coalesce(v.organisation_name, v.organisation_id), v.user_id,
            coalesce(v.email, v.user_id), coalesce(v.name, v.email, v.user_id), o.name, u.email, u.name, u.service_of
        FROM {database.view} v
        LEFT JOIN organisations o ON o.id = v.organisation_id LEFT JOIN users u ON u.id = v.user_id
        """  # noqa: S608 - the name was checked

    async def by_email(self, email: str) -> UserId | None:
        """Adopt the user of this address; None where there is none, or several, of whom none can be meant."""
        rows = await self._adopt("WHERE v.email = $1", email)
        users = {row[2] for row in rows}
        return UserId(users.pop()) if len(users) == 1 else None

    async def of_user(self, user_id: UserId) -> bool:
        """Adopt the user with all their organisations; tell whether there is such a user."""
        return bool(await self._adopt("WHERE v.user_id = $1", user_id))

    async def of_organisation(
        self, organisation_id: OrganisationId, *, after: UserId | None = None, limit: int = 1
    ) -> bool:
        """Adopt an organisation and up to `limit` of its members; tell whether there are any."""
        condition = "WHERE v.organisation_id = $1 AND v.user_id > $2 ORDER BY v.user_id LIMIT $3"
        return bool(await self._adopt(condition, organisation_id, after or "", limit))

    async def named(self, name: str) -> None:
        """Adopt the organisations of exactly this name."""
        await self._adopt("WHERE v.organisation_name = $1", name)

    async def _adopt(self, condition: str, *args: str | int) -> Sequence[Row]:
        rows = await self._database.read(self._select + condition, *args)
        if any(row[1] != row[5] or not _is_as_adopted(row) for row in rows):
            await self._database.write(_adopting, rows)
        return rows


def _is_as_adopted(row: Row) -> bool:
    # The view says what an app that acts by itself holds. Who it is was settled when it was allowed to: with an address
    # of the view's it could be taken for a person, be given a password, and sign in.
    is_app = row[8] is not None
    return is_app or row[3:5] == row[6:8]


def _adopting(rows: Sequence[Row]) -> Operation[None]:
    # In one order everywhere, so that two processes which adopt the same people never wait for each other in a circle.
    for organisation_id, name in sorted({(row[0], row[1]) for row in rows}):
        yield Statement(_ADOPT_ORGANISATION, (organisation_id, name, _UNKNOWN_SINCE))
    for user_id, email, name in sorted({row[2:5] for row in rows if not _is_as_adopted(row)}):
        yield Statement(_FREE_ADDRESS, (user_id, email))
        yield Statement(_ADOPT_USER, (user_id, email, name, _UNKNOWN_SINCE))


class ViewOrganisationStore(SqlOrganisationStore):
    """Organisations as the view names them; suspending one here cuts it off from everything."""

    def __init__(self, database: ViewDatabase, adoption: Adoption) -> None:
        super().__init__(database)
        self._adoption = adoption

    async def find_organisation(self, organisation_id: OrganisationId) -> Organisation | None:
        """Return the organisation, or None."""
        await self._adoption.of_organisation(organisation_id)
        return await super().find_organisation(organisation_id)

    async def organisations_named(self, name: str) -> list[Organisation]:
        """Return the organisations of exactly this name."""
        await self._adoption.named(name)
        return await super().organisations_named(name)

    async def create(self, *_given: object, **_named: object) -> Never:
        """Raise KeptByProductError."""
        raise KeptByProductError

    async def rename(self, *_given: object, **_named: object) -> Never:
        """Raise KeptByProductError."""
        raise KeptByProductError


class ViewAppStore(SqlAppStore):
    """Apps, of organisations that the view names."""

    def __init__(self, database: ViewDatabase, adoption: Adoption) -> None:
        super().__init__(database)
        self._adoption = adoption

    async def register(self, app: App, secret: AppSecret | None, event: Event) -> bool:
        """Write a new app and its first secret; False if there is no such organisation."""
        await self._adoption.of_organisation(app.organisation_id)
        return await super().register(app, secret, event)


class ViewUserStore(SqlUserStore):
    """Users as the view names them, with our passwords; suspending one here cuts them off from everything."""

    def __init__(self, database: ViewDatabase, adoption: Adoption) -> None:
        super().__init__(database)
        self._adoption = adoption

    async def find_user(self, user_id: UserId) -> User | None:
        """Return the user, also one who has left the view, or None."""
        await self._adoption.of_user(user_id)
        return await super().find_user(user_id)

    async def find_user_by_email(self, email: str) -> User | None:
        """Return the user who has this address in the view now, or None."""
        user_id = await self._adoption.by_email(email)
        return None if user_id is None else await super().find_user(user_id)

    async def find_password(self, email: str) -> tuple[User, str | None] | None:
        """Return the user who has this address in the view now with the hash of the password, or None."""
        user_id = await self._adoption.by_email(email)
        found = None if user_id is None else await super().find_password(email)
        return found if found is not None and found[0].id == user_id else None

    async def create(self, *_given: object, **_named: object) -> Never:
        """Raise KeptByProductError."""
        raise KeptByProductError

    async def rename(self, *_given: object, **_named: object) -> Never:
        """Raise KeptByProductError."""
        raise KeptByProductError


class ViewMemberStore(SqlMemberStore):
    """Members as the view has them now."""

    def __init__(self, database: ViewDatabase, adoption: Adoption) -> None:
        super().__init__(database)
        self._adoption = adoption

    async def find_holder(self, organisation_id: OrganisationId, user_id: UserId) -> Holder | None:
        """Return the user in the organisation as the view says now, or None where either was never met."""
        await self._adoption.of_user(user_id)
        return await super().find_holder(organisation_id, user_id)

    async def memberships_of(self, user_id: UserId) -> list[Membership]:
        """Return the user's organisations by name."""
        await self._adoption.of_user(user_id)
        return await super().memberships_of(user_id)

    async def find_member(self, organisation_id: OrganisationId, user_id: UserId) -> MemberDetails | None:
        """Return the member with the user, or None."""
        await self._adoption.of_user(user_id)
        return await super().find_member(organisation_id, user_id)

    async def page(self, organisation_id: OrganisationId, *, after: UserId | None, limit: int) -> list[MemberDetails]:
        """Return up to `limit` members, in the order of their identifiers."""
        await self._adoption.of_organisation(organisation_id, after=after, limit=limit)
        return await super().page(organisation_id, after=after, limit=limit)

    async def set_member(self, *_given: object, **_named: object) -> Never:
        """Raise KeptByProductError."""
        raise KeptByProductError

    async def set_standing(self, *_given: object, **_named: object) -> Never:
        """Raise KeptByProductError."""
        raise KeptByProductError

    async def remove(self, *_given: object, **_named: object) -> Never:
        """Raise KeptByProductError."""
        raise KeptByProductError


class ViewRoleStore(SqlRoleStore):
    """No roles but those of the catalog: the view names them."""

    async def roles_of(self, _organisation_id: OrganisationId) -> list[Role]:
        """Return none."""
        return []

    async def set_role(self, *_given: object, **_named: object) -> Never:
        """Raise KeptByProductError."""
        raise KeptByProductError

    async def remove_role(self, *_given: object, **_named: object) -> Never:
        """Raise KeptByProductError."""
        raise KeptByProductError
