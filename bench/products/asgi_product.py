"""A route that does nothing, as a plain ASGI application."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from consentry.guard import Guard
from consentry.guard.asgi import GuardMiddleware

Message = MutableMapping[str, Any]


async def bare(
    scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
) -> None:
    if scope["type"] == "lifespan":
        for _ in range(2):
            await send({"type": f"{(await receive())['type']}.complete"})
        return
    headers = [(b"content-type", b"text/plain"), (b"content-length", b"2")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"ok"})


guarded = GuardMiddleware(bare, Guard.from_config("consentry.toml"), permissions="invoice.read")
