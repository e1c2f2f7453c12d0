"""A route that does nothing, in Starlette."""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from consentry.guard import Guard
from consentry.guard.starlette import install, require


async def nothing(_request: Request) -> Response:
    return PlainTextResponse("ok")


guard = Guard.from_config("consentry.toml")
bare = Starlette(routes=[Route("/", nothing)])
guarded = Starlette(routes=[Route("/", require(guard, "invoice.read")(nothing))])
install(guarded, guard)
