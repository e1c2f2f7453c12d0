"""The management API, `/api/v1/…`: JSON, problem details, an OpenAPI document. FastAPI is loaded when first used."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from consentry.wiring import Deeds


class LazyApi:
    """An ASGI application that builds the management API at its first request, so that the server starts fast."""

    def __init__(self, deeds: Deeds) -> None:
        self._deeds = deeds
        self._app: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, after building the API if need be."""
        if self._app is None:
            from consentry.web.api.main import build_api  # noqa: PLC0415 - FastAPI is slow to load, see above

            self._app = build_api(self._deeds)
        await self._app(scope, receive, send)
