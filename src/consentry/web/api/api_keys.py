"""`/api/v1/api-keys`: keys for scripts, for operators and for those who hold `api_key.manage` or `api_key.create`."""

from typing import Annotated

from fastapi import APIRouter, Query

from consentry.model.ids import ApiKeyId, OrganisationId, UserId
from consentry.web.api import api_key_bodies as bodies
from consentry.web.api.bearer import Caller
from consentry.web.api.page import ANY_ID_PATTERN, After, Limit, Page, page_of
from consentry.wiring import Deeds

Organisation = Annotated[str | None, Query(pattern=ANY_ID_PATTERN, description="Only the keys of this organisation.")]
User = Annotated[str | None, Query(pattern=ANY_ID_PATTERN, description="Only the keys of this user.")]


def router(deeds: Deeds) -> APIRouter:
    """Return the routes of API keys."""
    routes = APIRouter(prefix="/api-keys", tags=["API keys"])
    _add_reading(routes, deeds)
    _add_life(routes, deeds)
    return routes


def _add_reading(routes: APIRouter, deeds: Deeds) -> None:
    @routes.get("")
    async def list_api_keys(
        acting: Caller, limit: Limit = 50, after: After = None, organisation: Organisation = None, user: User = None
    ) -> Page[bodies.ApiKeyAnswer]:
        """List keys, newest first, revoked and expired ones too: all with `api_key.manage`, otherwise one's own."""
        found = await deeds.api_keys.list_visible(
            acting,
            None if organisation is None else OrganisationId(organisation),
            None if user is None else UserId(user),
            after=None if after is None else ApiKeyId(after),
            limit=limit + 1,
        )
        now = deeds.clock.now()
        return page_of(found, limit, lambda details: bodies.key_answer(details, now), lambda details: details.key.id)

    @routes.get("/{key_id}")
    async def get_api_key(key_id: bodies.KeyPath, acting: Caller) -> bodies.ApiKeyAnswer:
        """Show one key; never its text."""
        return bodies.key_answer(await deeds.api_keys.get(acting, ApiKeyId(key_id)), deeds.clock.now())


def _add_life(routes: APIRouter, deeds: Deeds) -> None:
    @routes.post("", status_code=201)
    async def create_api_key(body: bodies.NewApiKey, acting: Caller) -> bodies.ShownApiKeyAnswer:
        """Make a key within what its owner holds. Its text is in this answer and never again.

        Through an API key nothing wider than that key can be made: in permissions, expiry or networks.
        """
        draft = body.to_draft(deeds.api_keys.default_expiry())
        return bodies.shown_answer(await deeds.api_keys.create(acting, draft, body.to_owner()), deeds.clock.now())

    @routes.patch("/{key_id}")
    async def edit_api_key(key_id: bodies.KeyPath, body: bodies.ApiKeyEdit, acting: Caller) -> bodies.ApiKeyAnswer:
        """Change name and networks, and take permissions away. The key's text stays as it is."""
        edited = await deeds.api_keys.edit(acting, ApiKeyId(key_id), body.to_edit())
        return bodies.key_answer(edited, deeds.clock.now())

    @routes.post("/{key_id}/rotate")
    async def rotate_api_key(
        key_id: bodies.KeyPath, acting: Caller, body: bodies.Rotation | None = None
    ) -> bodies.ShownApiKeyAnswer:
        """Give a key a new text, told in this answer only; the old one goes on for the overlap."""
        overlap = (body or bodies.Rotation()).to_overlap()
        return bodies.shown_answer(await deeds.api_keys.rotate(acting, ApiKeyId(key_id), overlap), deeds.clock.now())

    @routes.delete("/{key_id}", status_code=204)
    async def revoke_api_key(key_id: bodies.KeyPath, acting: Caller) -> None:
        """Revoke a key: when this answers, no text of it is good for anything. It stays in the list."""
        await deeds.api_keys.revoke(acting, ApiKeyId(key_id))
