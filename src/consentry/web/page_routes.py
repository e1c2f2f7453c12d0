"""The pages for people, and the management API's place among them: every route that is not a program's endpoint.

Loaded at the first request for any of them: templates, dates and the framework behind them are most of what a server
would load, and many processes never show a page.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.responses import RedirectResponse
from starlette.routing import Mount, Route

from consentry.oauth.metadata import AUTHORIZATION_PATH
from consentry.web import device, logout, references, sign_in
from consentry.web.api import LazyApi
from consentry.web.authorize import authorize, take_posted
from consentry.web.consent import decide, show_consent
from consentry.web.errors import exception_handlers
from consentry.web.remember_organisation import RememberOrganisation
from consentry.web.settings import access, api_keys, apps, audit, connections, home, unverified_apps, what_if
from consentry.web.static_files import static_file

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute
    from starlette.types import ASGIApp

    from consentry.wiring import Deeds

_SEE_OTHER = 303


def build_pages(deeds: Deeds) -> ASGIApp:
    """Return the application of all pages. It has no lifespan of its own."""
    pages = Starlette(routes=_routes(deeds), exception_handlers=dict(exception_handlers(deeds)))
    return RememberOrganisation(pages, issuer=deeds.settings.issuer)


def _routes(deeds: Deeds) -> list[BaseRoute]:
    return [
        Route("/", _go_to_settings, methods=["GET"]),
        Route(AUTHORIZATION_PATH, partial(authorize, deeds=deeds), methods=["GET"]),
        Route(AUTHORIZATION_PATH, take_posted, methods=["POST"]),
        Route("/consent", partial(show_consent, deeds=deeds), methods=["GET"]),
        Route("/consent", partial(decide, deeds=deeds), methods=["POST"]),
        *device.routes(deeds),
        *sign_in.routes(deeds),
        *(logout.routes(deeds) if deeds.settings.openid_connect else ()),
        *home.routes(deeds),
        *apps.routes(deeds),
        *api_keys.routes(deeds),
        *connections.routes(deeds),
        *unverified_apps.routes(deeds),
        *access.routes(deeds),
        *what_if.routes(deeds),
        *audit.routes(deeds),
        *references.routes(deeds),
        Route("/static/{address}", static_file, methods=["GET"]),
        Mount("/api/v1", LazyApi(deeds)),
    ]


async def _go_to_settings(_request: Request) -> Response:
    return RedirectResponse("/settings", _SEE_OTHER)
