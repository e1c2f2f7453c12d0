"""No body larger than the management API ever needs; refused as soon as it is known (IN-04)."""

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from consentry.web.form_body import announces_more

BODY_BYTES_MOST = 256 * 1024


class BodyLimit:
    """ASGI middleware: a body that is announced, or turns out, to be too large is answered 413."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, counting what is read of its body."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        is_too_large = not declared.isdigit() or announces_more(declared, BODY_BYTES_MOST)
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            if is_too_large:
                raise HTTPException(413)
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > BODY_BYTES_MOST:
                raise HTTPException(413)
            return message

        await self._app(scope, counted, send)
