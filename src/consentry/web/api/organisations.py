"""`/api/v1/organisations`."""

from fastapi import APIRouter

from consentry.model.ids import OrganisationId
from consentry.web.api import people_bodies as bodies
from consentry.web.api.bearer import Caller
from consentry.web.api.page import AfterAnyId, Limit, Page, page_of
from consentry.wiring import Deeds


def router(deeds: Deeds) -> APIRouter:
    """Return the routes of organisations."""
    routes = APIRouter(prefix="/organisations", tags=["Organisations"])
    organisations = deeds.people.organisations

    @routes.get("")
    async def list_organisations(
        acting: Caller, limit: Limit = 50, after: AfterAnyId = None
    ) -> Page[bodies.OrganisationAnswer]:
        """List organisations by the time of their creation: an operator's are all, a member's the own one."""
        following = None if after is None else OrganisationId(after)
        found = await organisations.page(acting, after=following, limit=limit + 1)
        return page_of(found, limit, bodies.organisation_answer, lambda one: one.id)

    @routes.post("", status_code=201)
    async def create_organisation(body: bodies.NewOrganisation, acting: Caller) -> bodies.OrganisationAnswer:
        """Make an organisation. Operators only."""
        return bodies.organisation_answer(await organisations.create(acting, body.name))

    @routes.get("/{organisation_id}")
    async def get_organisation(organisation_id: bodies.OrganisationPath, acting: Caller) -> bodies.OrganisationAnswer:
        """Show one organisation."""
        return bodies.organisation_answer(await organisations.get(acting, OrganisationId(organisation_id)))

    @routes.patch("/{organisation_id}")
    async def edit_organisation(
        organisation_id: bodies.OrganisationPath, body: bodies.OrganisationEdit, acting: Caller
    ) -> bodies.OrganisationAnswer:
        """Change the organisation. Suspended, every credential in it stops at once.

        `unverified_apps` says whether its users may connect apps that registered themselves; `refused` stops those that
        are connected too, until it is `allowed` again. It needs `oauth_app.manage`; the rest is for operators only.
        """
        own_id = OrganisationId(organisation_id)
        if body.name is not None:
            await organisations.rename(acting, own_id, body.name)
        if body.standing is not None:
            await organisations.set_standing(acting, own_id, body.standing)
        if body.unverified_apps is not None:
            await organisations.set_unverified_apps(acting, own_id, body.unverified_apps)
        return bodies.organisation_answer(await organisations.get(acting, own_id))

    return routes
