"""The guard in a Starlette application: a decorator for endpoints, a guarded route, and the lifespan of both."""

from __future__ import annotations

from contextlib import asynccontextmanager
from functools import wraps
from inspect import iscoroutinefunction
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.responses import Response
from starlette.routing import Route

from consentry.gate.answer import CallRefusedError
from consentry.gate.call import call_of
from consentry.guard.asgi import SCOPE_KEY, GuardMiddleware, ResourceMetadata

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterable

    from starlette.applications import Starlette
    from starlette.requests import HTTPConnection, Request

    from consentry.gate.answer import Answer
    from consentry.gate.guards import AsyncGuard
    from consentry.model.access import Access


def require(
    guard: AsyncGuard, *permissions: str
) -> Callable[[Callable[[Request], Any]], Callable[[Request], Awaitable[Response]]]:
    """Return a decorator for an endpoint that only a caller who may do all of `permissions` now may reach.

    The endpoint is a function, asynchronous or not, and asks `access_of(request)` who calls. Any other caller gets the
    guard's answer.

    Raises UnknownPermissionError, when the endpoint is decorated, for a permission that the catalog does not have.
    """
    guard.require_known(permissions)

    def decorate(endpoint: Callable[[Request], Any]) -> Callable[[Request], Awaitable[Response]]:
        is_async = iscoroutinefunction(endpoint)

        @wraps(endpoint)
        async def guarded(request: Request) -> Response:
            try:
                call = call_of(request.scope, guard.trusted_proxies)
                request.scope[SCOPE_KEY] = await guard.authorise_call(call, permissions)
                response: Response = await (endpoint(request) if is_async else run_in_threadpool(endpoint, request))
            except CallRefusedError as refusal:
                return response_of(refusal.answer)
            return response

        return guarded

    return decorate


def guarded_route(
    path: str,
    endpoint: Callable[..., Any],
    guard: AsyncGuard,
    *permissions: str,
    methods: Iterable[str] | None = None,
    name: str | None = None,
) -> Route:
    """Return a route whose endpoint, a function or a class, only a caller who may do all of `permissions` may reach.

    Raises UnknownPermissionError for a permission that the catalog does not have.
    """
    guard.require_known(permissions)
    check = Middleware(GuardMiddleware, guard, permissions=permissions)
    return Route(path, endpoint, methods=None if methods is None else list(methods), name=name, middleware=[check])


def metadata_routes(guard: AsyncGuard) -> list[Route]:
    """Return the routes of the metadata of the guard's resource (RFC 9728); they belong at the root of the host."""
    if guard.resource is None:
        return []
    endpoint = ResourceMetadata(guard)
    return [Route(path, endpoint, include_in_schema=False) for path in guard.resource.metadata_paths]


def access_of(connection: HTTPConnection) -> Access:
    """Return the access of the caller of a guarded endpoint. Raises KeyError where nothing guards it."""
    access: Access = connection.scope[SCOPE_KEY]
    return access


def install(app: Starlette, guard: AsyncGuard) -> None:
    """Enter and leave the guard with the application, around the lifespan that it has; send what endpoints deny.

    Where the guard has a resource its metadata (RFC 9728) is served, before any route of the application's.
    """
    app.add_exception_handler(CallRefusedError, _answer)
    app.router.routes[:0] = metadata_routes(guard)
    inner = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(owner: Any) -> AsyncIterator[Any]:
        async with guard, inner(owner) as state:
            yield state

    app.router.lifespan_context = lifespan


async def _answer(_request: Request, refusal: Exception) -> Response:
    if not isinstance(refusal, CallRefusedError):
        raise refusal
    return response_of(refusal.answer)


def response_of(answer: Answer) -> Response:
    """Return the guard's answer as a response of Starlette's."""
    return Response(answer.body, answer.status, dict(answer.headers))
