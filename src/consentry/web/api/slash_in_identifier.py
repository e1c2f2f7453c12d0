"""A slash inside an identifier, sent as `%2F`: it does not end the part of the path that it stands in.

A product's own identifier of a user or an organisation may hold any character. ASGI hands the path over decoded, where
such a slash looks like one that separates; so the router sees a stand-in for it, which `with_slashes` takes back.
"""

import re
from typing import Any
from urllib.parse import unquote

from starlette.types import ASGIApp, Receive, Scope, Send

# A noncharacter of Unicode, for a process's inner use (The Unicode Standard, section 23.7). One that was sent becomes
# NUL, which no identifier may hold: see ANY_ID_PATTERN.
_STAND_IN = "\ufdd0"
_REFUSED = "\0"
_SENT = re.compile(rb"%2f", re.IGNORECASE)
_SENT_AGAIN = b"%EF%B7%90"


def with_slashes(part: str) -> str:
    """Return what was sent as one part of a path."""
    return part.replace(_STAND_IN, "/")


class SlashInIdentifier:
    """ASGI middleware. A client ID may be an address, whose slashes separate nothing either way: apps go as before."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] == "http":
            scope = _with_stand_in(scope)
        await self._app(scope, receive, send)


def _with_stand_in(scope: Scope) -> Any:
    path, raw = scope["path"], scope.get("raw_path") or b""
    if _STAND_IN in path:
        return {**scope, "path": path.replace(_STAND_IN, _REFUSED)}
    if not _SENT.search(raw) or path.removeprefix(scope.get("root_path", "")).startswith("/apps/"):
        return scope
    return {**scope, "path": unquote(_SENT.sub(_SENT_AGAIN, raw).decode("ascii", "replace"))}
