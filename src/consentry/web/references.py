"""The public references: error codes, scopes and permissions, as pages, as Markdown and for programs."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from consentry.catalog_reference import (
    PERMISSIONS_INTRODUCTION,
    SCOPES_INTRODUCTION,
    SCOPES_PATH,
    catalog_markdown,
    catalog_object,
)
from consentry.error_reference import (
    PAGES_INTRODUCTION,
    PROBLEMS_INTRODUCTION,
    PROTOCOL_INTRODUCTION,
    REFUSALS_INTRODUCTION,
    error_reference_markdown,
)
from consentry.model.error_guide import PAGE_ERRORS, PROTOCOL_ERRORS
from consentry.model.refusal_guide import ERRORS_PATH, PROBLEMS, REFUSALS
from consentry.web.pages import Frame, locale_of, render
from consentry.web.views.references import (
    ErrorReferencePage,
    ExplainedGroup,
    PermissionRow,
    ScopeReferencePage,
    ScopeRow,
)

if TYPE_CHECKING:
    from starlette.requests import Request

    from consentry.model.catalog import Catalog
    from consentry.wiring import Deeds

_MARKDOWN = "text/markdown"
ERROR_PAGE = ErrorReferencePage(
    (
        ExplainedGroup("Refusals", "refusals", REFUSALS_INTRODUCTION, "reason", REFUSALS),
        ExplainedGroup("The management API", "management-api", PROBLEMS_INTRODUCTION, "code", PROBLEMS),
    ),
    PROTOCOL_INTRODUCTION,
    PROTOCOL_ERRORS,
    PAGES_INTRODUCTION,
    PAGE_ERRORS,
)
"""The page of every code that there is."""


async def show_errors(request: Request, deeds: Deeds) -> Response:
    """`GET /docs/errors`: every code, each at an anchor of its own."""
    return render("error_reference", frame=_frame(request, deeds, "Error codes"), view=ERROR_PAGE)


async def errors_markdown(_request: Request) -> Response:
    """`GET /docs/errors.md`: the same for assistants."""
    return Response(error_reference_markdown(), media_type=_MARKDOWN)


async def show_scopes(request: Request, deeds: Deeds) -> Response:
    """`GET /docs/scopes`: what apps can ask for, and what calls can need."""
    frame = _frame(request, deeds, "Scopes and permissions")
    return render("scope_reference", frame=frame, view=scope_page(deeds.catalog))


async def scopes_markdown(_request: Request, deeds: Deeds) -> Response:
    """`GET /docs/scopes.md`: the same for assistants."""
    return Response(catalog_markdown(deeds.catalog, deeds.settings.product_name), media_type=_MARKDOWN)


async def scopes_json(_request: Request, deeds: Deeds) -> Response:
    """`GET /docs/scopes.json`: the same for programs."""
    return JSONResponse(catalog_object(deeds.catalog))


def scope_page(catalog: Catalog) -> ScopeReferencePage:
    """Return the page of a catalog."""
    scopes = (scope for group in catalog.scopes_by_resource().values() for scope in group)
    permissions = (entry for group in catalog.permissions_by_resource().values() for entry in group)
    return ScopeReferencePage(
        SCOPES_INTRODUCTION,
        tuple(
            ScopeRow(scope.name, scope.title, tuple(entry.name for entry in scope.entries), scope.implies)
            for scope in scopes
        ),
        PERMISSIONS_INTRODUCTION,
        tuple(
            PermissionRow(entry.name, entry.title, catalog.scopes_granting(entry.name), entry.sensitive)
            for entry in permissions
        ),
    )


def routes(deeds: Deeds) -> list[Route]:
    """Return the routes of the references, which anybody may read."""
    return [
        Route(ERRORS_PATH, partial(show_errors, deeds=deeds), methods=["GET"]),
        Route(f"{ERRORS_PATH}.md", errors_markdown, methods=["GET"]),
        Route(SCOPES_PATH, partial(show_scopes, deeds=deeds), methods=["GET"]),
        Route(f"{SCOPES_PATH}.md", partial(scopes_markdown, deeds=deeds), methods=["GET"]),
        Route(f"{SCOPES_PATH}.json", partial(scopes_json, deeds=deeds), methods=["GET"]),
    ]


def _frame(request: Request, deeds: Deeds, title: str) -> Frame:
    return Frame(deeds.settings.product_name, title, deeds.clock.now(), locale=locale_of(request))
