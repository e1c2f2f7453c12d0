"""The only place that turns what went wrong into a page; programs get theirs from their own endpoints."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from consentry.model.faults import ConflictError, InvalidInputError, NotFoundError, PermissionMissingError
from consentry.oauth.errors import OAuthError
from consentry.web.browser_safety import CrossSiteRequestError
from consentry.web.caller import REQUEST_ID
from consentry.web.form_body import BodyTooLargeError, ClientGoneError, UnsupportedMediaTypeError
from consentry.web.pages import render
from consentry.web.views.problem import ProblemPage, cross_site_problem, missing_permission_problem, plain_problem
from consentry.web.visitor import SignInRequiredError, find_visitor, frame_for

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from starlette.requests import Request

    from consentry.wiring import Deeds

_SEE_OTHER, _BAD_REQUEST, _NOT_FOUND, _CONFLICT, _TOO_LARGE, _WRONG_TYPE = 303, 400, 404, 409, 413, 415


def request_id_of(request: Request) -> str:
    """Return the request's identifier, which a person can read out to support."""
    return str(request.scope.get(REQUEST_ID, "unknown"))


def exception_handlers(deeds: Deeds) -> Mapping[type[Exception], Callable[[Request, Exception], Awaitable[Response]]]:
    """Return what the pages answer to each refusal and fault that has a name."""

    async def to_sign_in(_request: Request, error: Exception) -> Response:
        location = error.location if isinstance(error, SignInRequiredError) else "/sign-in"
        return RedirectResponse(location, _SEE_OTHER)

    async def gone(_request: Request, _error: Exception) -> Response:
        return Response(status_code=_BAD_REQUEST)

    async def not_here(_request: Request, error: Exception) -> Response:
        # A fault of ours: without this, Starlette answers in its own words before the outermost room hears of it.
        raise error

    async def problem(request: Request, error: Exception) -> Response:
        return await show_problem(request, deeds, _page_of(error, deeds, request_id_of(request)))

    named: tuple[type[Exception], ...] = (
        CrossSiteRequestError,
        PermissionMissingError,
        NotFoundError,
        InvalidInputError,
        ConflictError,
        OAuthError,
        BodyTooLargeError,
        UnsupportedMediaTypeError,
        HTTPException,
    )
    special = {SignInRequiredError: to_sign_in, ClientGoneError: gone, Exception: not_here}
    return {**special, **dict.fromkeys(named, problem)}


async def show_problem(request: Request, deeds: Deeds, page: ProblemPage) -> Response:
    """Show the page that says what went wrong, to whoever looks."""
    visitor = await find_visitor(request, deeds)
    return render("problem", frame=frame_for(request, deeds, visitor, page.heading), view=page, status=page.status)


def _page_of(error: Exception, deeds: Deeds, request_id: str) -> ProblemPage:  # noqa: PLR0911 - one answer for each
    match error:
        case CrossSiteRequestError():
            return cross_site_problem(request_id=request_id)
        case PermissionMissingError():
            entry = deeds.catalog.permissions.get(error.permission)
            title = entry.title if entry is not None else error.permission
            return missing_permission_problem(error.permission, title=title, request_id=request_id)
        case NotFoundError():
            return replace(plain_problem(_NOT_FOUND, request_id=request_id), message=str(error))
        case ConflictError():
            page = plain_problem(_CONFLICT, request_id=request_id)
            return replace(page, heading="That cannot be done now", message=str(error), next_steps=())
        case InvalidInputError() if error.faults:
            return replace(plain_problem(_BAD_REQUEST, request_id=request_id), message=str(error))
        case OAuthError():
            page = plain_problem(_BAD_REQUEST, request_id=request_id)
            return replace(page, message=error.description, code=str(error.code))
        case BodyTooLargeError():
            return plain_problem(_TOO_LARGE, request_id=request_id)
        case UnsupportedMediaTypeError():
            return plain_problem(_WRONG_TYPE, request_id=request_id)
        case HTTPException():
            return plain_problem(error.status_code, request_id=request_id)
        case _:
            return plain_problem(_BAD_REQUEST, request_id=request_id)
