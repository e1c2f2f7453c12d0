"""The guard in a FastAPI application: a route names the permission that it needs, and is given the `Access`."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Request, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from consentry.guard.answer import CallRefusedError
from consentry.guard.call import call_of
from consentry.guard.guard import Guard
from consentry.model.access import Access

_documented = HTTPBearer(
    auto_error=False,
    scheme_name="Bearer",
    description="An access token of a connected app, or an API key.",
)


def require(guard: Guard, *permissions: str) -> Callable[..., Awaitable[Access]]:
    """Return a dependency that yields the `Access` of a caller who may do all of `permissions` now.

    `Annotated[Access, Depends(require(guard, "invoice.read"))]`. Any other caller gets the guard's answer, sent by the
    handler that `install` adds; without it the call fails with 500, and is still not let through.

    Raises UnknownPermissionError, when the route is declared, for a permission that the catalog does not have.
    """
    guard.require_known(permissions)

    async def find_access(
        request: Request,
        _documented: Annotated[HTTPAuthorizationCredentials | None, Depends(_documented)],
    ) -> Access:
        return await guard.authorise_call(call_of(request.scope, guard.trusted_proxies), permissions)

    return find_access


def install(app: FastAPI, guard: Guard) -> None:
    """Send the guard's answers, and enter and leave the guard with the application."""
    app.add_exception_handler(CallRefusedError, _answer)
    inner = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(owner: Any) -> AsyncIterator[Any]:
        async with guard, inner(owner) as state:
            yield state

    app.router.lifespan_context = lifespan


async def _answer(_request: Request, refusal: Exception) -> Response:
    if not isinstance(refusal, CallRefusedError):
        raise refusal
    answer = refusal.answer
    return Response(answer.body, answer.status, dict(answer.headers))
