"""`/api/v1/users`: operators only, because a user belongs to no one organisation."""

from typing import Annotated

from fastapi import APIRouter, Query

from consentry.model.ids import UserId
from consentry.model.secret import Secret
from consentry.web.api import people_bodies as bodies
from consentry.web.api.bearer import Caller
from consentry.web.api.page import AfterAnyId, Limit, Page, page_of
from consentry.wiring import Deeds

Email = Annotated[str | None, Query(max_length=2048, description="Only the user of this address.")]


def router(deeds: Deeds) -> APIRouter:
    """Return the routes of users."""
    routes = APIRouter(prefix="/users", tags=["Users"])
    users = deeds.people.users

    @routes.get("")
    async def list_users(
        acting: Caller, limit: Limit = 50, after: AfterAnyId = None, email: Email = None
    ) -> Page[bodies.UserAnswer]:
        """List users by the time of their creation, or find one by e-mail address."""
        if email is not None:
            one = await users.find_by_email(acting, email)
            return Page(data=[] if one is None else [bodies.user_answer(one)], next=None)
        found = await users.page(acting, after=None if after is None else UserId(after), limit=limit + 1)
        return page_of(found, limit, bodies.user_answer, lambda user: user.id)

    @routes.post("", status_code=201)
    async def create_user(body: bodies.NewUser, acting: Caller) -> bodies.UserAnswer:
        """Make a user."""
        password = None if body.password is None else Secret(body.password)
        return bodies.user_answer(await users.create(acting, body.email, name=body.name, password=password))

    @routes.get("/{user_id}")
    async def get_user(user_id: bodies.UserPath, acting: Caller) -> bodies.UserAnswer:
        """Show one user."""
        return bodies.user_answer(await users.get(acting, UserId(user_id)))

    @routes.patch("/{user_id}")
    async def edit_user(user_id: bodies.UserPath, body: bodies.UserEdit, acting: Caller) -> bodies.UserAnswer:
        """Rename, suspend or reinstate: suspended, sessions, tokens and keys stop at once."""
        own_id = UserId(user_id)
        if body.name is not None:
            await users.rename(acting, own_id, body.name)
        if body.standing is not None:
            await users.set_standing(acting, own_id, body.standing)
        return bodies.user_answer(await users.get(acting, own_id))

    @routes.put("/{user_id}/password", status_code=204)
    async def set_password(user_id: bodies.UserPath, body: bodies.NewPassword, acting: Caller) -> None:
        """Set the password. Every session of the user ends."""
        await users.set_password(acting, UserId(user_id), Secret(body.password))

    @routes.delete("/{user_id}/sessions", status_code=204)
    async def end_sessions(user_id: bodies.UserPath, acting: Caller) -> None:
        """Sign the user out everywhere. Apps that signed in under these sessions are told."""
        await users.sign_out_everywhere(acting, UserId(user_id))

    return routes
