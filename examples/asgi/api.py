"""A product's API without a framework. Every path is guarded, but one."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from consentry.guard import Guard
from consentry.guard.asgi import GuardMiddleware

Message = MutableMapping[str, Any]

guard = Guard.from_config("consentry.toml")


async def product(
    scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
) -> None:
    if scope["type"] == "lifespan":
        for _ in range(2):  # the start and the end
            await send({"type": f"{(await receive())['type']}.complete"})
        return
    text = "healthy" if scope["path"] == "/healthz" else f"projects of {scope['consentry.access'].organisation_id}"
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": text.encode()})


app = GuardMiddleware(product, guard, permissions="project.read", public_paths=["/healthz"])
