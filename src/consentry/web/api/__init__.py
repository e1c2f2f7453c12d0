"""The management API, `/api/v1/…`: JSON, problem details, an OpenAPI document. FastAPI is loaded when first used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from consentry.web.lazy_app import LazyApp

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from consentry.wiring import Deeds


class LazyApi(LazyApp):
    """An ASGI application that builds the management API at its first request."""

    def __init__(self, deeds: Deeds) -> None:
        def build() -> ASGIApp:
            from consentry.web.api.main import build_api  # noqa: PLC0415 - FastAPI is slow to load, see above

            return build_api(deeds)

        super().__init__(build)
