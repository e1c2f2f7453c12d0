"""`/api/v1/resources`: the product's APIs that may introspect. Operators only."""

from fastapi import APIRouter

from consentry.model.ids import ResourceId
from consentry.web.api import people_bodies as bodies
from consentry.web.api.bearer import Caller
from consentry.web.api.page import After, Limit, Page, page_of
from consentry.wiring import Deeds


def router(deeds: Deeds) -> APIRouter:
    """Return the routes of resource servers."""
    routes = APIRouter(prefix="/resources", tags=["Resource servers"])
    resources = deeds.resources

    @routes.get("")
    async def list_resources(acting: Caller, limit: Limit = 50, after: After = None) -> Page[bodies.ResourceAnswer]:
        """List the registered APIs."""
        found = await resources.page(acting, after=None if after is None else ResourceId(after), limit=limit + 1)
        return page_of(found, limit, bodies.resource_answer, lambda one: one.id)

    @routes.post("", status_code=201)
    async def register_resource(body: bodies.NewResource, acting: Caller) -> bodies.RegisteredResourceAnswer:
        """Register an API. Its client ID and secret are for introspection; the secret is told this once."""
        registered = await resources.register(acting, body.name, body.identifier)
        return bodies.registered_answer(registered.resource, registered.client_secret)

    return routes
