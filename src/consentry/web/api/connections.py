"""`/api/v1/connections`: for operators and for those who hold `oauth_app.manage`."""

from typing import Annotated

from fastapi import APIRouter, Query

from consentry.model.ids import ClientId, ConnectionId, OrganisationId, UserId
from consentry.web.api import connection_bodies as bodies
from consentry.web.api.bearer import Caller
from consentry.web.api.page import ANY_ID_PATTERN, CLIENT_ID_PATTERN, After, Limit, Page, page_of
from consentry.wiring import Deeds

Organisation = Annotated[str | None, Query(pattern=ANY_ID_PATTERN, description="Only those in this organisation.")]
App = Annotated[str | None, Query(pattern=CLIENT_ID_PATTERN, description="Only those to the app of this client ID.")]
User = Annotated[str | None, Query(pattern=ANY_ID_PATTERN, description="Only those of this user.")]
IncludeEnded = Annotated[bool, Query(description="Also those that have ended.")]


def router(deeds: Deeds) -> APIRouter:
    """Return the routes of connections."""
    routes = APIRouter(prefix="/connections", tags=["Connections"])

    @routes.get("")
    async def list_connections(
        acting: Caller,
        limit: Limit = 50,
        after: After = None,
        organisation: Organisation = None,
        client_id: App = None,
        user: User = None,
        *,
        include_ended: IncludeEnded = False,
    ) -> Page[bodies.ConnectionAnswer]:
        """List connections, newest first: one's own organisation's; an operator's are all."""
        found = await deeds.connections.list_all(
            acting,
            acting.organisation_id if organisation is None else OrganisationId(organisation),
            client_id=None if client_id is None else ClientId(client_id),
            user_id=None if user is None else UserId(user),
            include_ended=include_ended,
            after=None if after is None else ConnectionId(after),
            limit=limit + 1,
        )
        return page_of(found, limit, bodies.connection_answer, lambda today: today.details.connection.id)

    @routes.get("/{connection_id}")
    async def get_connection(connection_id: bodies.ConnectionPath, acting: Caller) -> bodies.ConnectionAnswer:
        """Show one connection and what of it works today."""
        return bodies.connection_answer(await deeds.connections.get(acting, ConnectionId(connection_id)))

    @routes.delete("/{connection_id}", status_code=204)
    async def end_connection(connection_id: bodies.ConnectionPath, acting: Caller) -> None:
        """End a connection: when this answers, no token under it does anything any more."""
        await deeds.connections.end(acting, ConnectionId(connection_id))

    return routes
