"""The application: deeds behind routes, inside the middleware that every answer passes."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.responses import RedirectResponse
from starlette.routing import Mount, Route

from consentry.oauth.metadata import (
    AUTHORIZATION_PATH,
    INTROSPECTION_PATH,
    JWKS_PATH,
    REVOCATION_PATH,
    TOKEN_PATH,
    well_known_path,
)
from consentry.web import operations, references, sign_in
from consentry.web.api import LazyApi
from consentry.web.authorize import authorize
from consentry.web.browser_safety import BrowserSafety
from consentry.web.consent import decide, show_consent
from consentry.web.errors import exception_handlers
from consentry.web.forward_auth import FORWARD_AUTH_PATH, ForwardAuth, load_guard_routes
from consentry.web.oauth_endpoints import OAuthEndpoints
from consentry.web.remember_organisation import RememberOrganisation
from consentry.web.request_frame import RequestFrame
from consentry.web.settings import access, api_keys, apps, audit, connections, home, what_if
from consentry.web.static_files import static_file
from consentry.wiring import open_deeds

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute
    from starlette.types import ASGIApp, Receive, Scope, Send

    from consentry.settings import Settings
    from consentry.wiring import Deeds

_SEE_OTHER = 303


def build_app(settings: Settings) -> ASGIApp:
    """Return the ASGI application for these settings, its database opened. It closes the database at shutdown."""
    return app_over(open_deeds(settings))


def app_over(deeds: Deeds) -> ASGIApp:
    """Return the ASGI application over deeds that are there; tests pass deeds with a clock of their own."""
    issuer = deeds.settings.issuer
    pages = Starlette(
        routes=_routes(deeds),
        exception_handlers=dict(exception_handlers(deeds)),
        lifespan=partial(_lifespan, deeds=deeds),
    )
    programs = _ProgramEndpoints(deeds, RememberOrganisation(pages, issuer=issuer))
    return BrowserSafety(RequestFrame(programs, deeds), issuer=issuer)


class _ProgramEndpoints:
    """Sends what programs call straight to its endpoint, past the routes of the pages."""

    def __init__(self, deeds: Deeds, pages: ASGIApp) -> None:
        endpoints = OAuthEndpoints(deeds)
        forward_auth = ForwardAuth(deeds, load_guard_routes(deeds))
        self._pages = pages
        self._forward_auth = forward_auth
        self._by_path: dict[str, ASGIApp] = {
            TOKEN_PATH: endpoints.token,
            REVOCATION_PATH: endpoints.revoke,
            INTROSPECTION_PATH: endpoints.introspect,
            JWKS_PATH: endpoints.jwks,
            FORWARD_AUTH_PATH: forward_auth,
            well_known_path(deeds.settings.issuer): endpoints.metadata,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        endpoint = self._by_path.get(scope["path"]) if scope["type"] == "http" else None
        if endpoint is None and scope["type"] == "http" and scope["path"].startswith(f"{FORWARD_AUTH_PATH}/"):
            endpoint = self._forward_auth
        await (endpoint or self._pages)(scope, receive, send)


def _routes(deeds: Deeds) -> list[BaseRoute]:
    return [
        Route("/", _go_to_settings, methods=["GET"]),
        Route(AUTHORIZATION_PATH, partial(authorize, deeds=deeds), methods=["GET"]),
        Route("/consent", partial(show_consent, deeds=deeds), methods=["GET"]),
        Route("/consent", partial(decide, deeds=deeds), methods=["POST"]),
        *sign_in.routes(deeds),
        *home.routes(deeds),
        *apps.routes(deeds),
        *api_keys.routes(deeds),
        *connections.routes(deeds),
        *access.routes(deeds),
        *what_if.routes(deeds),
        *audit.routes(deeds),
        *references.routes(deeds),
        *operations.routes(deeds),
        Route("/static/{address}", static_file, methods=["GET"]),
        Mount("/api/v1", LazyApi(deeds)),
    ]


async def _go_to_settings(_request: Request) -> Response:
    return RedirectResponse("/settings", _SEE_OTHER)


@asynccontextmanager
async def _lifespan(_app: Starlette, deeds: Deeds) -> AsyncIterator[None]:
    background = [asyncio.create_task(deeds.usage.run()), asyncio.create_task(deeds.housekeeping.run())]
    try:
        yield
    finally:
        for task in background:
            task.cancel()
        for task in background:
            with suppress(asyncio.CancelledError):
                await task
        try:
            await deeds.usage.flush()
        finally:
            await deeds.database.close()
