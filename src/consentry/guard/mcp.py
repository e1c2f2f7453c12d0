"""The guard around an MCP server over streamable HTTP, whatever it is built with, as long as it is ASGI.

    resource = ProtectedResource("https://books.example/mcp", scopes=("invoicing:read",))
    guard = Guard.from_config("consentry.toml", resource=resource)
    app = McpGuard(server.streamable_http_app(), guard, tools={"list_invoices": "invoice.read"})

A client that knows nothing gets 401 and the address of the metadata, finds the server, registers if it must, asks the
user, and calls. A tool that needs more than was approved answers 403 with every scope that the call needs, and the
client asks the user for those. Both are what the authorization chapter of the Model Context Protocol lays down.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from consentry.gate.answer import READABLE, Answer, CallRefusedError
from consentry.gate.call import call_of, read_bearer
from consentry.gate.mcp_message import McpPermissions, MessageError, UndeclaredError
from consentry.gate.resource_metadata import PREFLIGHT
from consentry.guard.asgi import SCOPE_KEY, GuardMiddleware, send_answer
from consentry.guard.guard import names_of
from consentry.model.access import Access, Reason, Refused
from consentry.oauth.identity_scopes import OFFLINE_ACCESS
from consentry.oauth.scope import Scope as ScopeTokens

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, MutableMapping, Sequence

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from consentry.gate.guards import AsyncGuard

__all__ = ["McpGuard"]

BODY_LIMIT = 4 * 1024 * 1024
"""The most bytes of one message that are read, where nothing else is said."""

_OFFLINE = ScopeTokens.of(OFFLINE_ACCESS)
_PARSE_ERROR = -32700
_TOO_LARGE = 413


class _GoneError(Exception):
    """The caller hung up before the whole message was there."""


class _TooLargeError(Exception):
    """The message is larger than the server reads."""


class McpGuard(GuardMiddleware):
    """Lets a message through with its `Access` in `scope["consentry.access"]`, or answers it.

    `tools` names the permissions that each tool needs; `methods` those of methods that hand out data, such as
    `resources/read`; `permissions` are needed by every message. A tool or method that has no line is refused. The
    metadata of the guard's resource is served, and scripts of any origin may call: no cookie opens anything here.

    The body of a message is read before its credential is checked, so that what is let through is what holds then.

    Raises ValueError if the guard has no resource that is a web address; UnknownPermissionError for a permission that
    the catalog does not declare.
    """

    def __init__(
        self,
        app: ASGIApp,
        guard: AsyncGuard,
        *,
        tools: Mapping[str, str | Iterable[str]],
        methods: Mapping[str, str | Iterable[str]] | None = None,
        permissions: str | Iterable[str] = (),
        public_paths: Iterable[str] = (),
        body_limit: int = BODY_LIMIT,
    ) -> None:
        super().__init__(app, guard, permissions=permissions, public_paths=public_paths)
        if guard.resource is None or not guard.resource.has_metadata:
            raise ValueError(
                "Give the guard the URL of the MCP server as its resource, so that clients find their way."
            )
        self._needs = McpPermissions(
            {name: names_of(needed) for name, needed in tools.items()},
            {name: names_of(needed) for name, needed in (methods or {}).items()},
        )
        self._body_limit = body_limit
        for needed in (*self._needs.tools.values(), *self._needs.methods.values()):
            guard.require_known(needed)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        path = scope.get("path")
        if scope["type"] != "http" or path in self._public_paths or path in self._metadata_paths:
            await super().__call__(scope, receive, send)
        elif scope["method"] == "OPTIONS" and _has(scope, b"access-control-request-method"):
            await send_answer(scope, send, PREFLIGHT)
        else:
            await self._serve(scope, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            access, body = await self._let_in(scope, receive)
        except CallRefusedError as refusal:
            await send_answer(scope, send, refusal.answer)
        except MessageError as fault:
            await send_answer(scope, send, _unreadable(str(fault), 400))
        except _TooLargeError:
            await send_answer(scope, send, _unreadable("The message is larger than this server reads.", _TOO_LARGE))
        except _GoneError:
            return
        else:
            again = receive if body is None else _replay(body, receive)
            await self._app({**scope, SCOPE_KEY: access}, again, _readable_to_all(send))

    async def _let_in(self, scope: Scope, receive: Receive) -> tuple[Access, bytes | None]:
        """Return the access, and the body if it was read. Raises CallRefusedError, MessageError, and as `_read`."""
        guard = self._guard
        call = call_of(scope, guard.trusted_proxies)
        if scope["method"] != "POST" or isinstance(read_bearer(call), Refused):
            return await guard.authorise_call(call, self._permissions), None
        body = await _read(receive, self._body_limit)
        try:
            needed = self._needs.needed(body)
        except (MessageError, UndeclaredError) as fault:
            # What is wrong with the message is the business of callers who may be here at all.
            access = await guard.authorise_call(call, self._permissions)
            if isinstance(fault, MessageError):
                raise
            raise guard.refuse(Refused(Reason.TOOL_NOT_DECLARED, str(fault)), access) from fault
        access = await guard.authorise_call(call, self._permissions)
        return self._judge(access, needed), body

    def _judge(self, access: Access, needed: Sequence[str]) -> Access:
        """Return the access if it may do all that is needed.

        Otherwise names the scopes that it has beside those that it lacks: clients of before 2026 ask for exactly what a
        challenge names, and would lose with each step what they gained with the one before.
        """
        try:
            return self._guard.judge(access, needed)
        except CallRefusedError as refusal:
            refused = refusal.refused
            if refused is None or not refused.scopes or access.scope is None:
                raise
            # Refresh tokens are no business of the API's, so that it asks nobody for them.
            scopes = (refused.scopes | access.scope) - _OFFLINE
            raise self._guard.refuse(replace(refused, scopes=scopes), access) from refusal


async def _read(receive: Receive, limit: int) -> bytes:
    parts: list[bytes] = []
    length = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise _GoneError
        parts.append(message.get("body", b""))
        length += len(parts[-1])
        if length > limit:
            raise _TooLargeError
        if not message.get("more_body", False):
            return b"".join(parts)


def _replay(body: bytes, receive: Receive) -> Receive:
    """Return what gives the application the body that was read, and then what the caller does."""
    waiting = [body]

    async def again() -> Message:
        if waiting:
            return {"type": "http.request", "body": waiting.pop(), "more_body": False}
        return await receive()

    return again


def _readable_to_all(send: Send) -> Send:
    """Return what lets scripts of any origin read the answer, where the application says nothing of it."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start" and not _has(message, b"access-control-allow-origin"):
            message = {**message, "headers": [*message.get("headers", ()), *_READABLE]}
        await send(message)

    return sending


def _has(holder: MutableMapping[str, Any], name: bytes) -> bool:
    return any(key.lower() == name for key, _ in holder.get("headers", ()))


def _unreadable(text: str, status: int) -> Answer:
    error = {"jsonrpc": "2.0", "id": None, "error": {"code": _PARSE_ERROR, "message": text}}
    content = json.dumps(error).encode()
    headers = {
        **READABLE,
        "content-type": "application/json",
        "content-length": str(len(content)),
        "cache-control": "no-store",
    }
    if status == _TOO_LARGE:
        headers["connection"] = "close"
    return Answer(status, headers, content)


_READABLE = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", b"WWW-Authenticate, Mcp-Session-Id"),
]
