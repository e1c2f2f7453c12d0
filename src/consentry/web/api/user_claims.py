"""`/api/v1/users/{user_id}/claims`: what apps may be told of a user. OpenID Connect Core 1.0 §5.1."""

from typing import Any

from fastapi import APIRouter

from consentry.model.ids import UserId
from consentry.web.api.bearer import Caller
from consentry.web.api.people_bodies import Claims, UserPath
from consentry.wiring import Deeds


def router(deeds: Deeds) -> APIRouter:
    """Return the routes of claims."""
    routes = APIRouter(prefix="/users", tags=["Users"])

    @routes.get("/{user_id}/claims")
    async def get_claims(user_id: UserPath, acting: Caller) -> dict[str, Any]:
        """Show what apps may be told of the user beyond name and e-mail address."""
        return await deeds.user_claims.get(acting, UserId(user_id))

    @routes.put("/{user_id}/claims")
    async def set_claims(user_id: UserPath, body: Claims, acting: Caller) -> dict[str, Any]:
        """Put these standard claims of OpenID Connect in place of all that were there."""
        return await deeds.user_claims.set(acting, UserId(user_id), body)

    return routes
