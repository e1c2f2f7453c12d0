"""Remember the organisation that a person chose to look at, for the pages that follow."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from starlette.responses import Response

from consentry.web.browser_safety import set_cookie
from consentry.web.visitor import CHOSEN_ORGANISATION, ORGANISATION_COOKIE

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_REMEMBERED_FOR = timedelta(days=365)


class RememberOrganisation:
    """ASGI middleware: where a visitor's address named one of their organisations, the answer sets the cookie."""

    def __init__(self, app: ASGIApp, *, issuer: str) -> None:
        self._app = app
        self._issuer = issuer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; add the cookie to what comes back, if a choice was made."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_cookie(message: Message) -> None:
            chosen = scope.get(CHOSEN_ORGANISATION)
            if message["type"] == "http.response.start" and chosen is not None:
                message = {**message, "headers": [*message.get("headers", ()), *_cookie(chosen, self._issuer)]}
            await send(message)

        await self._app(scope, receive, send_with_cookie)


def _cookie(organisation_id: str, issuer: str) -> list[tuple[bytes, bytes]]:
    carrier = Response()
    set_cookie(carrier, ORGANISATION_COOKIE, organisation_id, issuer=issuer, max_age=_REMEMBERED_FOR)
    return [pair for pair in carrier.raw_headers if pair[0] == b"set-cookie"]
