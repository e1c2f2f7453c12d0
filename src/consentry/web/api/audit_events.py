"""`/api/v1/audit-events`: what happened in an organisation, newest first; for `audit.read`, and for operators."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel

from consentry.model.acting import Acting
from consentry.model.event import Event
from consentry.model.faults import Fault, InvalidInputError
from consentry.model.ids import EventId, OrganisationId
from consentry.web.api.bearer import Caller
from consentry.web.api.page import ANY_ID_PATTERN, After, Limit, Page, page_of
from consentry.wiring import Deeds

Organisation = Annotated[
    str | None, Query(pattern=ANY_ID_PATTERN, description="Needed from an operator; others see their own.")
]


class EventAnswer(BaseModel):
    """One event. `user`, `operator` and `through` (an app or an API key) say who did it; all null: the system."""

    id: str
    at: datetime
    name: str
    organisation: str | None
    user: str | None
    operator: str | None
    through: str | None
    subject: str
    details: Mapping[str, str]


def router(deeds: Deeds) -> APIRouter:
    """Return the route of the audit."""
    routes = APIRouter(prefix="/audit-events", tags=["Audit"])

    @routes.get("")
    async def list_events(
        acting: Caller, limit: Limit = 50, after: After = None, organisation: Organisation = None
    ) -> Page[EventAnswer]:
        """List what happened, newest first."""
        organisation_id = _organisation(acting, organisation)
        before = None if after is None else EventId(after)
        found = await deeds.audit.page(acting, organisation_id, before=before, limit=limit + 1)
        return page_of(found, limit, _answer, lambda event: event.id)

    return routes


def _organisation(acting: Acting, named: str | None) -> OrganisationId:
    if named is not None:
        return OrganisationId(named)
    if acting.organisation_id is None:
        raise InvalidInputError(Fault("organisation", "Name the organisation whose events to list."))
    return acting.organisation_id


def _answer(event: Event) -> EventAnswer:
    return EventAnswer(
        id=event.id,
        at=event.at,
        name=event.kind.value,
        organisation=event.organisation_id,
        user=event.actor.user_id,
        operator=event.actor.operator_id,
        through=event.actor.through,
        subject=event.subject,
        details=event.details,
    )
