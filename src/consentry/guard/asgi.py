"""The guard around any ASGI application: every call passes the check, or is answered here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from consentry.gate.answer import Answer, CallRefusedError
from consentry.gate.call import call_of
from consentry.gate.resource_metadata import answer_document
from consentry.guard.guard import names_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from consentry.gate.guards import AsyncGuard

SCOPE_KEY = "consentry.access"
"""Where the application finds the caller's `Access` in the connection scope."""

_LAST_MESSAGES = frozenset({"lifespan.shutdown.complete", "lifespan.shutdown.failed"})
_POLICY_VIOLATION = 1008
_HTTP_RESPONSE = "websocket.http.response"
_NOT_FOUND = Answer(404, {"content-length": "0"}, b"")


class GuardMiddleware:
    """Lets a call through with its `Access` in `scope["consentry.access"]`, or answers it.

    `permissions` are needed by every call behind it; without any, the application decides with `access.decide` or by
    `access.permissions`. What the application raises of `guard.deny` is answered too. `public_paths` are not guarded;
    each is one path, compared exactly. Where the server sends lifespan events the guard is entered and left with the
    application. Where the guard has a resource its metadata (RFC 9728) is served too.

    Raises UnknownPermissionError for a permission that the catalog does not declare.
    """

    def __init__(
        self,
        app: ASGIApp,
        guard: AsyncGuard,
        *,
        permissions: str | Iterable[str] = (),
        public_paths: Iterable[str] = (),
    ) -> None:
        self._app = app
        self._guard = guard
        self._permissions = names_of(permissions)
        self._public_paths = frozenset(public_paths)
        self._metadata_paths = frozenset(() if guard.resource is None else guard.resource.metadata_paths)
        guard.require_known(self._permissions)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] == "lifespan":
            await self._live(scope, receive, send)
        elif scope["path"] in self._public_paths:
            await self._app(scope, receive, send)
        elif scope["path"] in self._metadata_paths and (document := _document(self._guard, scope)) is not None:
            await send_answer(scope, send, document)
        else:
            guard = self._guard
            try:
                access = await guard.authorise_call(call_of(scope, guard.trusted_proxies), self._permissions)
            except CallRefusedError as refusal:
                await send_answer(scope, send, refusal.answer)
                return
            try:
                # A copy: what the application behind is told does not leak outwards, to whoever wrapped this.
                await self._app({**scope, SCOPE_KEY: access}, receive, send)
            except CallRefusedError as denial:
                await send_answer(scope, send, denial.answer)

    async def _live(self, scope: Scope, receive: Receive, send: Send) -> None:
        spoken = False

        async def close_before_the_end(message: Message) -> None:
            nonlocal spoken
            spoken = True
            # The server may stop the loop as soon as it hears that we are done.
            if message["type"] in _LAST_MESSAGES:
                await self._guard.close()
            await send(message)

        await self._guard.__aenter__()
        try:
            await self._app(scope, receive, close_before_the_end)
        finally:
            # An application that knows no lifespan gives up at once, without a word, and is served all the same.
            if spoken:
                await self._guard.close()


class ResourceMetadata:
    """Serves the metadata of the API that a guard guards, for an application that sends its paths here. RFC 9728 §3."""

    def __init__(self, guard: AsyncGuard) -> None:
        self._guard = guard

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """Answer one request."""
        await send_answer(scope, send, _document(self._guard, scope) or _NOT_FOUND)


def _document(guard: AsyncGuard, scope: Scope) -> Answer | None:
    if guard.resource is None or scope["type"] != "http":
        return None
    return answer_document(guard.resource, guard.issuer, scope["method"], scope["path"])


async def send_answer(scope: Scope, send: Send, answer: Answer) -> None:
    """Send an answer of the guard's instead of the application's."""
    headers = [(name.encode(), value.encode()) for name, value in answer.headers.items()]
    prefix = "http.response"
    if scope["type"] == "websocket":
        if _HTTP_RESPONSE not in scope.get("extensions", {}):
            # Before the handshake is accepted the server answers this with 403.
            await send({"type": "websocket.close", "code": _POLICY_VIOLATION})
            return
        prefix = _HTTP_RESPONSE
    await send({"type": f"{prefix}.start", "status": answer.status, "headers": headers})
    await send({"type": f"{prefix}.body", "body": answer.body})
