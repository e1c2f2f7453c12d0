"""`/api/v1/apps`: apps and their client secrets, for operators and for those who hold `oauth_app.manage`."""

from typing import Annotated

from fastapi import APIRouter, Query

from consentry.model.ids import ClientId, OrganisationId
from consentry.web.api import app_bodies as bodies
from consentry.web.api.bearer import Caller
from consentry.web.api.page import ANY_ID_PATTERN, AfterClient, Limit, Page, page_of
from consentry.wiring import Deeds

Organisation = Annotated[str | None, Query(pattern=ANY_ID_PATTERN, description="Only the apps of this organisation.")]


def router(deeds: Deeds) -> APIRouter:
    """Return the routes of apps and of their secrets."""
    routes = APIRouter(prefix="/apps", tags=["Apps"])
    # A client ID may be the address of a document, slashes and all. So what ends in a word of ours comes first.
    _add_secrets(routes, deeds)
    _add_acting(routes, deeds)
    _add_life(routes, deeds)
    _add_registry(routes, deeds)
    return routes


def _add_registry(routes: APIRouter, deeds: Deeds) -> None:
    @routes.post("", status_code=201)
    async def register_app(body: bodies.NewApp, acting: Caller) -> bodies.RegisteredAppAnswer:
        """Register an app. A confidential one gets its client secret in this answer and never again."""
        organisation_id = None if body.organisation is None else OrganisationId(body.organisation)
        registered = await deeds.app_registry.register(acting, body.to_draft(), organisation_id=organisation_id)
        return bodies.registered_answer(registered.app, registered.client_secret)

    @routes.get("")
    async def list_apps(
        acting: Caller, limit: Limit = 50, after: AfterClient = None, organisation: Organisation = None
    ) -> Page[bodies.AppAnswer]:
        """List apps by the time of their registration: one's own organisation's; an operator's are all."""
        found = await deeds.app_registry.page(
            acting,
            organisation_id=None if organisation is None else OrganisationId(organisation),
            after=None if after is None else ClientId(after),
            limit=limit + 1,
        )
        return page_of(found, limit, bodies.app_answer, lambda app: app.client_id)

    @routes.get("/{client_id:path}")
    async def get_app(client_id: str, acting: Caller) -> bodies.AppDetailsAnswer:
        """Show one app, how many connections it has, and the redirect URIs lately refused."""
        return bodies.details_answer(await deeds.app_registry.get_details(acting, client_id))

    @routes.patch("/{client_id:path}")
    async def edit_app(client_id: str, body: bodies.AppEdit, acting: Caller) -> bodies.AppAnswer:
        """Change an app, by the same rules as at registration. What is left out stays as it is."""
        return bodies.app_answer(await deeds.app_registry.edit(acting, client_id, body.to_change()))

    @routes.post("/{client_id:path}/test-redirect-uri")
    async def try_redirect_uri(
        client_id: str, body: bodies.RedirectUriToTry, acting: Caller
    ) -> bodies.RedirectTrialAnswer:
        """Say whether an authorization request with this redirect URI would be accepted, and if not, why."""
        return bodies.trial_answer(await deeds.app_registry.try_redirect_uri(acting, client_id, body.redirect_uri))


def _add_life(routes: APIRouter, deeds: Deeds) -> None:
    @routes.post("/{client_id:path}/deactivate")
    async def deactivate_app(client_id: str, acting: Caller) -> bodies.AppAnswer:
        """Stop an app: when this answers, its tokens do nothing and nobody can connect it."""
        return bodies.app_answer(await deeds.app_registry.deactivate(acting, client_id))

    @routes.post("/{client_id:path}/reactivate")
    async def reactivate_app(client_id: str, acting: Caller) -> bodies.AppAnswer:
        """Let a deactivated app work again, with the connections that it has."""
        return bodies.app_answer(await deeds.app_registry.reactivate(acting, client_id))

    @routes.delete("/{client_id:path}", status_code=204)
    async def delete_app(client_id: str, acting: Caller) -> None:
        """End an app, its secrets and its connections for good. The audit keeps its name."""
        await deeds.app_registry.delete(acting, client_id, confirm_name=None)


def _add_acting(routes: APIRouter, deeds: Deeds) -> None:
    @routes.put("/{client_id:path}/acting")
    async def allow_acting(client_id: str, acting: Caller) -> bodies.ActingAnswer:
        """Let a confidential app act for its organisation by itself, with the scopes that it has now (RFC 6749 §4.4).

        Needs `member.manage` too. The app's own member gets no more than whoever allows it holds now.
        """
        return bodies.acting_answer(client_id, await deeds.services.members.allow(acting, client_id))

    @routes.delete("/{client_id:path}/acting", status_code=204)
    async def stop_acting(client_id: str, acting: Caller) -> None:
        """Take that back: the app's own tokens do nothing from now on. People's connections stay."""
        await deeds.services.members.stop(acting, client_id)


def _add_secrets(routes: APIRouter, deeds: Deeds) -> None:
    @routes.get("/{client_id:path}/secrets")
    async def list_secrets(client_id: str, acting: Caller) -> Page[bodies.SecretAnswer]:
        """List the live secrets of an app: when made, last used, and when they end; never their text."""
        secrets = await deeds.app_secrets.list(acting, client_id)
        return Page(data=[bodies.secret_answer(secret) for secret in secrets], next=None)

    @routes.post("/{client_id:path}/secrets", status_code=201)
    async def add_secret(client_id: str, acting: Caller) -> bodies.NewSecretAnswer:
        """Give an app one more secret, told in this answer and never again. Both work until one is retired."""
        added = await deeds.app_secrets.add(acting, client_id)
        return bodies.new_secret_answer(added.record, client_id, added.client_secret)

    @routes.delete("/{client_id:path}/secrets/{secret_id}", status_code=204)
    async def retire_secret(
        client_id: str, secret_id: str, acting: Caller, expires_at: Annotated[bodies.Expiry, Query()] = None
    ) -> None:
        """End a secret now, or at `expires_at`, so that the app has time to change."""
        await deeds.app_secrets.retire(acting, client_id, secret_id, expires_at=expires_at)
