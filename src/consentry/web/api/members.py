"""`/api/v1/organisations/{id}/members` and `/roles`: for operators, and for members who hold `member.manage`."""

from fastapi import APIRouter

from consentry.model.ids import OrganisationId, UserId
from consentry.web.api import people_bodies as bodies
from consentry.web.api.bearer import Caller
from consentry.web.api.page import AfterAnyId, Limit, Page, page_of
from consentry.wiring import Deeds


def router(deeds: Deeds) -> APIRouter:
    """Return the routes of members and roles."""
    routes = APIRouter(prefix="/organisations/{organisation_id}")
    _add_members(routes, deeds)
    _add_roles(routes, deeds)
    return routes


def _add_members(routes: APIRouter, deeds: Deeds) -> None:
    members, book = deeds.people.members, deeds.role_book

    @routes.get("/members", tags=["Members"])
    async def list_members(
        organisation_id: bodies.OrganisationPath, acting: Caller, limit: Limit = 50, after: AfterAnyId = None
    ) -> Page[bodies.MemberAnswer]:
        """List the members with what they hold, by the time of their users' creation."""
        following = None if after is None else UserId(after)
        found = await members.page(acting, OrganisationId(organisation_id), after=following, limit=limit + 1)
        return page_of(found, limit, lambda one: bodies.member_answer(one, book), lambda one: one.user.id)

    @routes.get("/members/{user_id}", tags=["Members"])
    async def get_member(
        organisation_id: bodies.OrganisationPath, user_id: bodies.UserPath, acting: Caller
    ) -> bodies.MemberAnswer:
        """Show one member."""
        found = await members.get(acting, OrganisationId(organisation_id), UserId(user_id))
        return bodies.member_answer(found, book)

    @routes.put("/members/{user_id}", tags=["Members"])
    async def set_member(
        organisation_id: bodies.OrganisationPath,
        user_id: bodies.UserPath,
        body: bodies.MemberRoles,
        acting: Caller,
    ) -> bodies.MemberAnswer:
        """Give a member exactly these roles. It holds for the very next request of every credential of theirs.

        An operator makes a user a member in this way. Others can neither give nor take what they do not hold.
        """
        found = await members.set(
            acting, OrganisationId(organisation_id), UserId(user_id), body.roles, body.custom_permissions
        )
        return bodies.member_answer(found, book)

    @routes.patch("/members/{user_id}", tags=["Members"])
    async def edit_member(
        organisation_id: bodies.OrganisationPath, user_id: bodies.UserPath, body: bodies.MemberEdit, acting: Caller
    ) -> bodies.MemberAnswer:
        """Suspend or reinstate a member in this organisation."""
        found = await members.set_standing(acting, OrganisationId(organisation_id), UserId(user_id), body.standing)
        return bodies.member_answer(found, book)

    @routes.delete("/members/{user_id}", status_code=204, tags=["Members"])
    async def remove_member(organisation_id: bodies.OrganisationPath, user_id: bodies.UserPath, acting: Caller) -> None:
        """Take a member out of the organisation."""
        await members.remove(acting, OrganisationId(organisation_id), UserId(user_id))


def _add_roles(routes: APIRouter, deeds: Deeds) -> None:
    roles = deeds.people.roles

    @routes.get("/roles", tags=["Roles"])
    async def list_roles(organisation_id: bodies.OrganisationPath, acting: Caller) -> Page[bodies.RoleAnswer]:
        """List the roles that members can be given: built-in ones as they hold here, then the organisation's own."""
        found = await roles.list(acting, OrganisationId(organisation_id))
        return Page(data=[bodies.role_answer(role) for role in found], next=None)

    @routes.put("/roles/{name}", tags=["Roles"])
    async def set_role(
        organisation_id: bodies.OrganisationPath, name: bodies.RolePath, body: bodies.RoleDefinition, acting: Caller
    ) -> bodies.RoleAnswer:
        """Define a role in this organisation, or a built-in one anew. It holds at once for all who have it."""
        return bodies.role_answer(await roles.set(acting, OrganisationId(organisation_id), name, body.permissions))

    @routes.delete("/roles/{name}", status_code=204, tags=["Roles"])
    async def remove_role(organisation_id: bodies.OrganisationPath, name: bodies.RolePath, acting: Caller) -> None:
        """Remove the organisation's definition; a built-in role is then the catalog's again."""
        await roles.remove(acting, OrganisationId(organisation_id), name)
