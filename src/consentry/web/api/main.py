"""The management API as one application. It is mounted at `/api/v1`."""

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.openapi.utils import get_openapi
from starlette.responses import Response

from consentry.catalog_reference import SCHEME, openapi_scheme
from consentry.web.api import (
    access,
    api_keys,
    apps,
    audit_events,
    connections,
    members,
    my_access,
    organisations,
    resources,
    user_claims,
    users,
)
from consentry.web.api.bearer import API_PATH
from consentry.web.api.body_limit import BodyLimit
from consentry.web.api.problem import add_problems
from consentry.web.api.reference import reference_of
from consentry.web.api.slash_in_identifier import SlashInIdentifier
from consentry.web.pages import Frame, locale_of, render
from consentry.wiring import Deeds

_ROUTERS: tuple[Callable[[Deeds], APIRouter], ...] = (
    organisations.router,
    members.router,
    users.router,
    user_claims.router,
    apps.router,
    connections.router,
    api_keys.router,
    resources.router,
    audit_events.router,
    my_access.router,
    access.router,
)

_TITLE = "Consentry management API"
_DESCRIPTION = (
    "Organisations, people, apps, connections and API keys. Send an operator token, which may do everything, or an "
    "API key or access token whose user holds the permission that an operation needs; those act in their own "
    "organisation only. Errors are problem details (RFC 9457) with a stable code."
)
_PROBLEMS = {
    "400": "Something in the request cannot be used; `errors` says what, field by field.",
    "401": "No credential, or one that does not work; `code` says why.",
    "403": "A permission is missing; `permission` names it.",
    "404": "There is no such thing, or it belongs to somebody else.",
    "409": "What was asked contradicts what is there now.",
}
_PROBLEM_SCHEMA = {
    "type": "object",
    "description": "Problem details. RFC 9457.",
    "required": ["type", "title", "status", "detail", "instance", "code", "documentation"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
        "code": {"type": "string", "description": "Stable; programs may rely on it."},
        "documentation": {"type": "string", "format": "uri", "description": "Where the code is explained."},
        "permission": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
            },
        },
    },
}


def build_api(deeds: Deeds) -> FastAPI:
    """Return the management API over these deeds."""
    api = FastAPI(
        title=_TITLE,
        description=_DESCRIPTION,
        version="1",
        servers=[{"url": f"{deeds.settings.issuer}{API_PATH}"}],
        root_path_in_servers=False,
        docs_url=None,
        redoc_url=None,
        # A redirect would repeat the Host header that was sent (IN-14).
        redirect_slashes=False,
    )
    api.state.deeds = deeds
    api.add_middleware(BodyLimit)
    api.add_middleware(SlashInIdentifier)
    add_problems(api)
    for router in _ROUTERS:
        api.include_router(router(deeds))
    _complete_document(api, deeds)

    async def show_reference(request: Request) -> Response:
        frame = Frame(deeds.settings.product_name, _TITLE, deeds.clock.now(), locale=locale_of(request))
        return render("api_reference", frame=frame, view=reference_of(api.openapi()))

    api.add_route("/docs", show_reference, include_in_schema=False)
    return api


def _complete_document(api: FastAPI, deeds: Deeds) -> None:
    """Put the answers that this API gives to a mistake in place of FastAPI's, and say how an app gets its token."""

    def openapi() -> dict[str, Any]:
        if api.openapi_schema is None:
            document = get_openapi(
                title=api.title,
                version=api.version,
                description=api.description,
                routes=api.routes,
                servers=api.servers,
            )
            schemas = document["components"]["schemas"]
            for name in ("HTTPValidationError", "ValidationError"):
                schemas.pop(name, None)
            schemas["Problem"] = _PROBLEM_SCHEMA
            document["components"]["securitySchemes"][SCHEME] = openapi_scheme(deeds.catalog, deeds.settings.issuer)
            for operations in document["paths"].values():
                for operation in operations.values():
                    operation["security"].append({SCHEME: []})
                    operation["responses"].pop("422", None)
                    operation["responses"].update(_problem_answers())
            api.openapi_schema = document
        return api.openapi_schema

    # FastAPI documents that the method may be replaced in this way.
    api.openapi = openapi  # type: ignore[method-assign]


def _problem_answers() -> dict[str, Any]:
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {status: {"description": sentence, "content": content} for status, sentence in _PROBLEMS.items()}
