"""What the people who run the server ask it: is it alive, is it ready, how is it doing."""

from __future__ import annotations

import hmac
from functools import partial
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from consentry.oauth.bearer import parse_bearer
from consentry.oauth.errors import OAuthError

if TYPE_CHECKING:
    from starlette.requests import Request

    from consentry.wiring import Deeds

_UNAVAILABLE, _NOT_FOUND, _UNAUTHORIZED = 503, 404, 401


async def healthz(_request: Request) -> Response:
    """`GET /healthz`: the process answers."""
    return JSONResponse({"status": "ok"})


async def readyz(_request: Request, deeds: Deeds) -> Response:
    """`GET /readyz`: the process answers and can read its database."""
    try:
        await deeds.database.read("SELECT 1")
    except Exception:  # noqa: BLE001 - whatever keeps the database from answering, the server is not ready
        return JSONResponse({"status": "database unavailable"}, status_code=_UNAVAILABLE)
    return JSONResponse({"status": "ready"})


async def metrics(request: Request, deeds: Deeds) -> Response:
    """`GET /metrics` in Prometheus's format, for whoever sends the settings' token; without one it is not there."""
    token = deeds.settings.metrics_token
    if token is None:
        raise HTTPException(_NOT_FOUND)
    try:
        given = parse_bearer(request.headers.get("authorization"))
    except OAuthError:
        given = None
    if given is None or not hmac.compare_digest(given.encode(), token.reveal().encode()):
        return Response(status_code=_UNAUTHORIZED, headers={"WWW-Authenticate": "Bearer"})
    # Loaded here because most requests never need it.
    from prometheus_client import CONTENT_TYPE_LATEST, generate_latest  # noqa: PLC0415 - see above

    return Response(generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})


def routes(deeds: Deeds) -> list[Route]:
    """Return the routes of operations."""
    return [
        Route("/healthz", healthz, methods=["GET"]),
        Route("/readyz", partial(readyz, deeds=deeds), methods=["GET"]),
        Route("/metrics", partial(metrics, deeds=deeds), methods=["GET"]),
    ]
