"""One product, in every framework: three routes, each needing its permissions, behind the guard of a world."""

from collections.abc import Callable
from typing import Annotated, Any

import django
import flask
from django.conf import settings
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.test import override_settings
from fastapi import Depends, FastAPI
from guard_calls import Told, WSGIApp, call
from guard_world import GuardWorld
from starlette.applications import Starlette
from starlette.endpoints import HTTPEndpoint
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from consentry.guard import Access, Guard
from consentry.guard import django as django_guard
from consentry.guard.asgi import SCOPE_KEY, GuardMiddleware
from consentry.guard.blocking import BlockingGuard
from consentry.guard.fastapi import install, require
from consentry.guard.flask import require as require_in_flask
from consentry.guard.starlette import access_of, guarded_route
from consentry.guard.starlette import require as require_in_starlette

CSRF = "django.middleware.csrf.CsrfViewMiddleware"
GUARD = "consentry.guard.django.GuardMiddleware"

CLOSED = "This period is closed."
"""What a rule of the product's own says, at `/closed`."""

settings.configure(ALLOWED_HOSTS=["*"], ROOT_URLCONF="django_views")
django.setup(set_prefix=False)


def fastapi_product(guard: Guard) -> FastAPI:
    """Routes that name their permissions."""
    app = FastAPI()
    install(app, guard)
    may_see = require(guard, "invoice.read")
    may_pay = require(guard, "payment_instruction.write")
    may_send_to_new_contacts = require(guard, "invoice.send", "client.write")

    @app.get("/invoices")
    def invoices(access: Annotated[Access, Depends(may_see)]) -> dict[str, str]:
        return {"organisation": access.organisation_id}

    @app.put("/payments")
    def payments(access: Annotated[Access, Depends(may_pay)]) -> dict[str, str]:
        return {"organisation": access.organisation_id}

    @app.post("/mailings")
    def mailings(access: Annotated[Access, Depends(may_send_to_new_contacts)]) -> dict[str, str]:
        return {"organisation": access.organisation_id}

    @app.get("/closed")
    def closed(access: Annotated[Access, Depends(may_see)]) -> None:
        raise guard.deny(access, CLOSED)

    return app


def asgi_product(guard: Guard) -> ASGIApp:
    """One wrapped application for each route."""

    async def answer(request: Request) -> Response:
        return JSONResponse({"organisation": request.scope[SCOPE_KEY].organisation_id})

    async def closed(scope: Scope, _receive: Receive, _send: Send) -> None:
        raise guard.deny(scope[SCOPE_KEY], CLOSED)

    def guarded(path: str, method: str, *permissions: str) -> Route:
        return Route(
            path,
            GuardMiddleware(Starlette(routes=[Route(path, answer, methods=[method])]), guard, permissions=permissions),
        )

    return Starlette(
        routes=[
            guarded("/invoices", "GET", "invoice.read"),
            guarded("/payments", "PUT", "payment_instruction.write"),
            guarded("/mailings", "POST", "invoice.send", "client.write"),
            Route("/closed", GuardMiddleware(closed, guard, permissions="invoice.read")),
        ]
    )


def starlette_product(guard: Guard) -> Starlette:
    """Decorated endpoints, asynchronous and not."""

    @require_in_starlette(guard, "invoice.read")
    async def invoices(request: Request) -> Response:
        return JSONResponse({"organisation": access_of(request).organisation_id})

    @require_in_starlette(guard, "invoice.read")
    def closed(request: Request) -> Response:
        raise guard.deny(access_of(request), CLOSED)

    @require_in_starlette(guard, "payment_instruction.write")
    def payments(request: Request) -> Response:
        return JSONResponse({"organisation": access_of(request).organisation_id})

    @require_in_starlette(guard, "invoice.send", "client.write")
    def mailings(request: Request) -> Response:
        return JSONResponse({"organisation": access_of(request).organisation_id})

    return Starlette(
        routes=[
            Route("/invoices", invoices),
            Route("/payments", payments, methods=["PUT"]),
            Route("/mailings", mailings, methods=["POST"]),
            Route("/closed", closed),
        ]
    )


def starlette_routes_product(guard: Guard) -> Starlette:
    """Guarded routes, to a function and to classes."""

    async def invoices(request: Request) -> Response:
        return JSONResponse({"organisation": access_of(request).organisation_id})

    async def closed(request: Request) -> Response:
        raise guard.deny(access_of(request), CLOSED)

    class Writing(HTTPEndpoint):
        async def put(self, request: Request) -> Response:
            return await invoices(request)

        post = put

    return Starlette(
        routes=[
            guarded_route("/invoices", invoices, guard, "invoice.read"),
            guarded_route("/payments", Writing, guard, "payment_instruction.write"),
            guarded_route("/mailings", Writing, guard, "invoice.send", "client.write"),
            guarded_route("/closed", closed, guard, "invoice.read"),
        ]
    )


def flask_product(guard: BlockingGuard) -> flask.Flask:
    """Decorated views, asynchronous and not."""
    app = flask.Flask(__name__)

    @app.get("/invoices")
    @require_in_flask(guard, "invoice.read")
    def invoices() -> dict[str, str]:
        return {"organisation": flask.g.consentry_access.organisation_id}

    @app.get("/closed")
    @require_in_flask(guard, "invoice.read")
    def closed() -> dict[str, str]:
        raise guard.deny(flask.g.consentry_access, CLOSED)

    @app.put("/payments")
    @require_in_flask(guard, "payment_instruction.write")
    def payments() -> dict[str, str]:
        return {"organisation": flask.g.consentry_access.organisation_id}

    @app.post("/mailings")
    @require_in_flask(guard, "invoice.send", "client.write")
    def mailings() -> dict[str, str]:
        return {"organisation": flask.g.consentry_access.organisation_id}

    return app


def django_product(world: GuardWorld, *middleware: str) -> WSGIApp:
    """A project under WSGI. Its views are imported at the first call, when there is a guard."""
    django_guard.use(world.blocking)
    with override_settings(MIDDLEWARE=middleware):
        handler: WSGIApp = WSGIHandler()
    return handler


def django_async_product(world: GuardWorld, *middleware: str) -> ASGIApp:
    """The same project under ASGI, with its asynchronous views."""
    django_guard.use(world.blocking)
    with override_settings(MIDDLEWARE=middleware):
        handler = ASGIHandler()

    async def product(scope: Scope, receive: Receive, send: Send) -> None:
        await handler({**scope, "path": f"/async{scope['path']}"}, receive, send)

    return product


PRODUCTS: dict[str, Callable[[GuardWorld], ASGIApp | WSGIApp]] = {
    "asgi": lambda world: asgi_product(world.guard),
    "fastapi": lambda world: fastapi_product(world.guard),
    "starlette, decorator": lambda world: starlette_product(world.guard),
    "starlette, route": lambda world: starlette_routes_product(world.guard),
    "flask": lambda world: flask_product(world.blocking),
    "django, view": lambda world: django_product(world, CSRF),
    "django, async view": lambda world: django_async_product(world, CSRF),
    "django, view and middleware": lambda world: django_product(world, GUARD, CSRF),
    "django, async view and middleware": lambda world: django_async_product(world, CSRF, GUARD),
}
"""A product in each way of guarding that there is."""


async def call_everywhere(world: GuardWorld, bearer: str | None, path: str = "/invoices", **more: Any) -> Told:
    """Call the product in every framework; all must answer alike, to the byte where they refuse."""
    more.setdefault("headers", [] if bearer is None else [("Authorization", f"Bearer {bearer}")])
    told = {name: await call(make(world), path, **more) for name, make in PRODUCTS.items()}
    first = told["asgi"]
    others = {name: answer for name, answer in told.items() if answer != first}
    assert not others, f"{others} instead of {first}"
    return first
