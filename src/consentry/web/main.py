"""The application: deeds behind routes, inside the middleware that every answer passes."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from consentry.web.browser_safety import BrowserSafety
from consentry.web.direct_endpoints import DirectEndpoints
from consentry.web.forward_auth import FORWARD_AUTH_PATH, ForwardAuth, load_guard_routes
from consentry.web.lazy_app import LazyApp
from consentry.web.lifespan import live
from consentry.web.oauth_endpoints import OAuthEndpoints
from consentry.web.operations import Operations
from consentry.web.program_endpoint import serve_over_asgi
from consentry.web.request_frame import RequestFrame
from consentry.wiring import open_deeds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import ASGIApp, Receive, Scope, Send

    from consentry.settings import Settings
    from consentry.web.program_endpoint import ProgramEndpoint
    from consentry.wiring import Deeds


def build_app(settings: Settings) -> Application:
    """Return the ASGI application for these settings, its database opened. It closes the database at shutdown."""
    return app_over(open_deeds(settings))


def app_over(deeds: Deeds) -> Application:
    """Return the ASGI application over deeds that are there; tests pass deeds with a clock of their own."""
    return Application(deeds)


class Application:
    """Consentry as an ASGI application. Our own HTTP protocol finds in `direct` what needs no ASGI between."""

    def __init__(self, deeds: Deeds) -> None:
        forward_auth = ForwardAuth(deeds, load_guard_routes(deeds))
        programs = {
            **OAuthEndpoints(deeds).by_path(),
            **forward_auth.documents(),
            FORWARD_AUTH_PATH: forward_auth,
        }
        frame = RequestFrame(_Doors(deeds, programs), deeds)
        safety = BrowserSafety(frame, issuer=deeds.settings.issuer)
        self._app = safety
        self.direct = DirectEndpoints(programs, frame, safety, deeds.database.read_together)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer over ASGI."""
        await self._app(scope, receive, send)


class _Doors:
    """Sends what programs call straight to its endpoint, and everything else to the pages."""

    def __init__(self, deeds: Deeds, programs: Mapping[str, ProgramEndpoint]) -> None:
        self._deeds = deeds
        self._pages = LazyApp(self._build_pages)
        self._forward_auth: ASGIApp = partial(serve_over_asgi, programs[FORWARD_AUTH_PATH])
        self._by_path: dict[str, ASGIApp] = {
            **{path: partial(serve_over_asgi, endpoint) for path, endpoint in programs.items()},
            **Operations(deeds).by_path(),
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await live(self._deeds, receive, send)
            return
        endpoint = self._by_path.get(scope["path"]) if scope["type"] == "http" else None
        if endpoint is None and scope["type"] == "http" and scope["path"].startswith(f"{FORWARD_AUTH_PATH}/"):
            endpoint = self._forward_auth
        await (endpoint or self._pages)(scope, receive, send)

    def _build_pages(self) -> ASGIApp:
        from consentry.web.page_routes import build_pages  # noqa: PLC0415 - most of what a server loads, see there

        return build_pages(self._deeds)
