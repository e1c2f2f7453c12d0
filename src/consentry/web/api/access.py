"""`/api/v1/access`: why a call is refused, who can do what now, what a change would do. Nothing is written."""

from fastapi import APIRouter

from consentry.json_explanations import explanation_object, reach_object
from consentry.model.acting import Acting
from consentry.model.faults import Fault, InvalidInputError
from consentry.model.ids import OrganisationId
from consentry.web.api import access_bodies as bodies
from consentry.web.api.bearer import Caller
from consentry.wiring import Deeds


def router(deeds: Deeds) -> APIRouter:
    """Return the routes that explain access. They are POST so that no credential ever stands in an address."""
    routes = APIRouter(prefix="/access", tags=["Access"])

    @routes.post("/explain")
    async def explain(body: bodies.ExplainBody, acting: Caller) -> bodies.ExplanationAnswer:
        """Explain, permission by permission, what a credential may do now and why not the rest."""
        told = await deeds.explain_access.explain(
            acting, body.credential, body.permission, address=body.address, resource=body.resource
        )
        return bodies.ExplanationAnswer(**explanation_object(told))

    @routes.post("/who-can")
    async def who_can(body: bodies.WhoCanBody, acting: Caller) -> bodies.WhoCanAnswer:
        """List the members, connections and API keys that can do something in an organisation right now."""
        where = _organisation(acting, body.organisation)
        reach = await deeds.access_reach.who_can(acting, where, body.permission, body.asked)
        return bodies.WhoCanAnswer(**reach_object(reach))

    @routes.post("/what-if")
    async def what_if(body: bodies.WhatIfBody, acting: Caller) -> bodies.WhatIfAnswer:
        """List who and what would lose or gain something by a change of a role or a member. Changes nothing."""
        where = _organisation(acting, body.organisation)
        reach = await deeds.access_reach.what_if(acting, where, body.change, body.asked)
        return bodies.WhatIfAnswer(**reach_object(reach))

    return routes


def _organisation(acting: Acting, named: str | None) -> OrganisationId:
    if named is not None:
        return OrganisationId(named)
    if acting.organisation_id is None:
        raise InvalidInputError(Fault("organisation", "Name the organisation that is asked about."))
    return acting.organisation_id
