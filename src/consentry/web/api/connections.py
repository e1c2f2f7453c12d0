"""`/api/v1/connections`: for operators and for those who hold `oauth_app.manage`."""

from typing import Annotated

from fastapi import APIRouter, Query

from consentry.model.ids import ClientId, ConnectionId, OrganisationId, UserId
from consentry.web.api import connection_bodies as bodies
from consentry.web.api.bearer import Caller
from consentry.wiring import Deeds

Limit = Annotated[int, Query(ge=1, le=200)]
After = Annotated[str | None, Query(description="The `next` of the page before.")]
Organisation = Annotated[str | None, Query(description="Only the connections in this organisation.")]
App = Annotated[str | None, Query(description="Only the connections to the app of this client ID.")]
User = Annotated[str | None, Query(description="Only the connections of this user.")]
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
    ) -> bodies.ConnectionPageAnswer:
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
        shown = found[:limit]
        following = shown[-1].details.connection.id if len(found) > limit else None
        return bodies.ConnectionPageAnswer(data=[bodies.connection_answer(today) for today in shown], next=following)

    @routes.get("/{connection_id}")
    async def get_connection(connection_id: str, acting: Caller) -> bodies.ConnectionAnswer:
        """Show one connection and what of it works today."""
        return bodies.connection_answer(await deeds.connections.get(acting, ConnectionId(connection_id)))

    @routes.delete("/{connection_id}", status_code=204)
    async def end_connection(connection_id: str, acting: Caller) -> None:
        """End a connection: when this answers, no token under it does anything any more."""
        await deeds.connections.end(acting, ConnectionId(connection_id))

    return routes
