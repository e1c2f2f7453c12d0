"""The guard in a Django project: a decorator for views and a middleware, under WSGI and ASGI, for both kinds of view.

`settings.CONSENTRY_CONFIG` names Consentry's configuration file; without it, the file is found as the server finds it.
`settings.CONSENTRY_RESOURCE` is the identifier under which this API is registered, or a `ProtectedResource` that says
more of it; its metadata (RFC 9728) is served by the middleware, or where `metadata_urls()` stands in the URLconf.
`settings.CONSENTRY_PUBLIC_PATHS` are the paths that the middleware does not guard.
"""

from __future__ import annotations

from functools import wraps
from threading import Lock
from typing import TYPE_CHECKING, Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path

from consentry.gate.answer import CallRefusedError
from consentry.gate.call import call_of_environ
from consentry.gate.resource_metadata import answer_document
from consentry.guard.blocking import BlockingGuard

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from django.urls import URLPattern

    from consentry.gate.answer import Answer
    from consentry.gate.guards import WaitingGuard

ATTRIBUTE = "consentry_access"
"""Where a view finds the caller's `Access` at its request."""

_opening = Lock()
_guards: list[WaitingGuard] = []


def guard() -> WaitingGuard:
    """Return this process's guard, opened when it is first asked for. Raises what `BlockingGuard.from_config` does."""
    if _guards:
        return _guards[0]
    with _opening:
        if not _guards:
            config = getattr(settings, "CONSENTRY_CONFIG", None)
            resource = getattr(settings, "CONSENTRY_RESOURCE", None)
            _guards.append(BlockingGuard.from_config(config, resource=resource))
        return _guards[0]


def use(opened: WaitingGuard) -> None:
    """Let this process use a guard that was opened already, such as one with a test's clock. It closes no other."""
    with _opening:
        _guards[:] = [opened]


def require(*permissions: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return a decorator for a view that only a caller who may do all of `permissions` now may reach.

    The view, asynchronous or not, finds the caller's `Access` in `request.consentry_access`. Any other caller gets the
    guard's answer. For a class-based view: `@method_decorator(require("invoice.read"), name="dispatch")`.

    Raises UnknownPermissionError, when the view is decorated, for a permission that the catalog does not have.
    """
    guard().require_known(permissions)

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        if iscoroutinefunction(view):

            @wraps(view)
            async def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
                try:
                    return await _refusal_in_loop(request, permissions) or await view(request, *args, **kwargs)
                except CallRefusedError as denial:
                    return _response_of(denial.answer)
        else:

            @wraps(view)
            def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
                try:
                    return _refusal_of(request, permissions) or view(request, *args, **kwargs)
                except CallRefusedError as denial:
                    return _response_of(denial.answer)

        # A browser adds cookies to a call by itself, but never a bearer credential: nothing is there to forge.
        vars(guarded)["csrf_exempt"] = True
        return guarded

    return decorate


class GuardMiddleware:
    """Lets a call through with its `Access` in `request.consentry_access`, or answers it.

    Any working credential will do; `require` at a view asks for permissions beside it. The paths of
    `settings.CONSENTRY_PUBLIC_PATHS` are not guarded; each is one path, compared exactly.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self._get_response = get_response
        self._public_paths = frozenset(getattr(settings, "CONSENTRY_PUBLIC_PATHS", ()))
        self._is_async = iscoroutinefunction(get_response)
        if self._is_async:
            markcoroutinefunction(self)
        guard()

    def __call__(self, request: HttpRequest) -> Any:
        """Serve one call, in the style of what stands behind."""
        if self._is_async:
            return self._serve(request)
        answer = _document(request)
        if answer is None and request.path_info not in self._public_paths:
            answer = _refusal_of(request, ())
        return answer or self._get_response(request)

    def process_exception(self, _request: HttpRequest, fault: Exception) -> HttpResponse | None:
        """Answer what a view raises of `guard().deny`."""
        return _response_of(fault.answer) if isinstance(fault, CallRefusedError) else None

    async def _serve(self, request: HttpRequest) -> Any:
        answer = _document(request)
        if answer is None and request.path_info not in self._public_paths:
            answer = await _refusal_in_loop(request, ())
        return answer or await self._get_response(request)


def metadata_urls() -> list[URLPattern]:
    """Return what serves the metadata of this API (RFC 9728), for the root URLconf where there is no middleware."""
    resource = guard().resource
    return [path(one.removeprefix("/"), _metadata) for one in (() if resource is None else resource.metadata_paths)]


def _metadata(request: HttpRequest) -> HttpResponse:
    document = _document(request)
    if document is None:
        raise Http404
    return document


def _document(request: HttpRequest) -> HttpResponse | None:
    opened = guard()
    answer = answer_document(opened.resource, opened.issuer, request.method or "", request.path_info)
    return None if answer is None else _response_of(answer)


def _response_of(answer: Answer) -> HttpResponse:
    return HttpResponse(answer.body, status=answer.status, headers=dict(answer.headers))


async def _refusal_in_loop(request: HttpRequest, permissions: Sequence[str]) -> HttpResponse | None:
    """Do what `_refusal_of` does; a check that takes its time waits in a thread, so that the event loop goes on."""
    if guard().answers_at_once:
        return _refusal_of(request, permissions)
    return await sync_to_async(_refusal_of, thread_sensitive=False)(request, permissions)


def _refusal_of(request: HttpRequest, permissions: Sequence[str]) -> HttpResponse | None:
    """Return the answer to send, or None where the call may go on; its `Access` is then at the request."""
    opened = guard()
    try:
        call = call_of_environ(request.META, opened.trusted_proxies)
        access = opened.authorise_call(call, permissions)
    except CallRefusedError as refusal:
        return _response_of(refusal.answer)
    setattr(request, ATTRIBUTE, access)
    return None
