"""The guard in a Flask application: a decorator for views."""

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec

from flask import Flask, Response, current_app, g, request
from flask.typing import ResponseReturnValue

from consentry.gate.answer import Answer, CallRefusedError
from consentry.gate.call import call_of_environ
from consentry.gate.guards import WaitingGuard
from consentry.gate.resource_metadata import answer_document

P = ParamSpec("P")


def require(guard: WaitingGuard, *permissions: str) -> Callable[[Callable[P, Any]], Callable[P, ResponseReturnValue]]:
    """Return a decorator for a view that only a caller who may do all of `permissions` now may reach.

    The view, asynchronous or not, finds the caller's `Access` in `g.consentry_access`. Any other caller gets the
    guard's answer. It stands below `@app.route`, so that the route leads to the guarded view.

    Raises UnknownPermissionError, when the view is decorated, for a permission that the catalog does not have.
    """
    guard.require_known(permissions)

    def decorate(view: Callable[P, Any]) -> Callable[P, ResponseReturnValue]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
            try:
                call = call_of_environ(request.environ, guard.trusted_proxies)
                g.consentry_access = guard.authorise_call(call, permissions)
                response: ResponseReturnValue = current_app.ensure_sync(view)(*args, **kwargs)
            except CallRefusedError as refusal:
                return _response_of(refusal.answer)
            return response

        return guarded

    return decorate


def install(app: Flask, guard: WaitingGuard) -> None:
    """Serve the metadata of the guard's resource (RFC 9728), before any view; nothing where it has none."""

    @app.before_request
    def metadata() -> Response | None:
        answer = answer_document(guard.resource, guard.issuer, request.method, request.path)
        return None if answer is None else _response_of(answer)


def _response_of(answer: Answer) -> Response:
    return Response(answer.body, answer.status, dict(answer.headers))
