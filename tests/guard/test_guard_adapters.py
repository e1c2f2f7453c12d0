"""How a product takes the guard in: start-up, lifespan, OpenAPI, websockets, public paths; and reading usage."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, MutableMapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from guard_calls import ADDRESS, call
from guard_world import OPERATOR, GuardWorld
from products import asgi_product, fastapi_product
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from consentry.gate.judgement import find_scopes
from consentry.guard import Access, CallRefusedError, Guard, UnknownPermissionError
from consentry.guard.asgi import GuardMiddleware
from consentry.guard.fastapi import install, require
from consentry.model.secret import Secret
from consentry.settings import Settings
from consentry.storage.schema import SchemaOutdatedError

Message = MutableMapping[str, Any]


@asynccontextmanager
async def serving(product: ASGIApp) -> AsyncIterator[None]:
    """Start the product and stop it as a server does, over the lifespan protocol."""
    to_product: asyncio.Queue[Message] = asyncio.Queue()
    from_product: asyncio.Queue[Message] = asyncio.Queue()
    living = asyncio.create_task(
        _as_coroutine(product({"type": "lifespan", "asgi": {"version": "3.0"}}, to_product.get, from_product.put))
    )
    await to_product.put({"type": "lifespan.startup"})
    assert (await from_product.get())["type"] == "lifespan.startup.complete"
    yield
    await to_product.put({"type": "lifespan.shutdown"})
    assert (await from_product.get())["type"] == "lifespan.shutdown.complete"
    await living


async def _as_coroutine(call: Awaitable[None]) -> None:
    await call


async def test_a_permission_that_the_catalog_does_not_have_is_refused_at_start_up(world: GuardWorld) -> None:
    with pytest.raises(UnknownPermissionError, match=r"'invoices.read'. Did you mean invoice.read\?"):
        require(world.guard, "invoices.read")
    with pytest.raises(UnknownPermissionError):
        GuardMiddleware(Starlette(), world.guard, permissions="invoices.read")


async def test_openapi_shows_how_each_route_is_guarded_and_the_scopes_that_cover_it(world: GuardWorld) -> None:
    document = fastapi_product(world.guard).openapi()

    security = {path: next(iter(methods.values()))["security"] for path, methods in document["paths"].items()}
    bearer, oauth2 = (document["components"]["securitySchemes"][name] for name in ("Bearer", "OAuth2"))
    flow = oauth2["flows"]["authorizationCode"]
    assert security == {
        "/invoices": [{"Bearer": []}, {"OAuth2": ["invoicing:read"]}],
        "/closed": [{"Bearer": []}, {"OAuth2": ["invoicing:read"]}],
        "/payments": [{"Bearer": []}],  # no scope covers it
        "/mailings": [{"Bearer": []}, {"OAuth2": ["contacts:write", "invoicing:write"]}],
    }
    assert (bearer["type"], bearer["scheme"]) == ("http", "bearer")
    assert flow["authorizationUrl"] == f"{world.settings.issuer}/oauth/authorize"
    assert (flow["tokenUrl"], flow["refreshUrl"]) == (f"{world.settings.issuer}/oauth/token",) * 2
    assert flow["scopes"]["invoicing:read"] == "See your invoices"
    assert set(flow["scopes"]) == set(world.guard.catalog.scopes)


def test_of_scopes_that_overlap_only_those_that_are_needed_are_named(world: GuardWorld) -> None:
    catalog = world.guard.catalog

    assert find_scopes(["invoice.read", "invoice.write"], catalog) == ("invoicing:write",)
    assert find_scopes([], catalog) == ()
    assert find_scopes(["invoice.read", "payment_instruction.write"], catalog) is None


async def test_a_product_that_forgot_the_handler_still_lets_nobody_in(world: GuardWorld) -> None:
    product = fastapi_product(world.guard)
    del product.exception_handlers[CallRefusedError]

    told = await call(product)

    assert told.status == 500


async def test_public_paths_are_compared_exactly_and_everything_else_is_guarded(world: GuardWorld) -> None:
    inner = Starlette(routes=[Route("/{path:path}", lambda _request: PlainTextResponse("hello"))])
    product = GuardMiddleware(inner, world.guard, public_paths=["/invoices"])

    public = await call(product)
    others = [await call(product, path) for path in ("/payments", "/mailings")]

    assert (public.status, public.body) == (200, "hello")
    assert {told.status for told in others} == {401}


@pytest.mark.parametrize("extensions", [{}, {"websocket.http.response": {}}])
async def test_a_websocket_without_a_credential_is_refused_before_it_opens(
    world: GuardWorld, extensions: dict[str, Any]
) -> None:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    scope = {"type": "websocket", "path": "/live", "headers": [], "query_string": b"", "extensions": extensions}
    await GuardMiddleware(Starlette(), world.guard)(scope, receive, send)

    expected = "websocket.http.response.start" if extensions else "websocket.close"
    assert sent[0]["type"] == expected
    assert sent[0].get("status", 401) == 401


async def test_the_lifespan_of_the_product_records_the_last_use_and_closes_the_guard(world: GuardWorld) -> None:
    token = await world.token()
    key_id, key = await world.key()

    for make in (fastapi_product, lambda guard: GuardMiddleware(asgi_product(guard), guard)):
        guard = Guard.open(world.settings, clock=world.clock)
        product = make(guard)
        async with serving(product):
            for credential in (token, key):
                told = await call(product, headers=[("Authorization", f"Bearer {credential}")])
                assert told.status == 200
        with pytest.raises(CallRefusedError) as refusal:
            await guard.authorise([f"Bearer {token}"], "invoice.read", address=ADDRESS)
        assert refusal.value.answer.status == 503

    connection = await world.deeds.connections.get(OPERATOR, world.connection_id)
    shown = await world.deeds.api_keys.get(OPERATOR, key_id)
    assert connection.details.connection.last_used_at == world.clock.now()
    assert shown.key.last_used_at == world.clock.now()


async def test_an_application_without_a_lifespan_is_guarded_all_the_same(world: GuardWorld) -> None:
    async def bare(scope: Scope, _receive: Receive, send: Send) -> None:
        assert scope["type"] == "http"
        await PlainTextResponse("hello")(scope, _receive, send)

    async def nothing() -> Message:
        return {"type": "lifespan.startup"}

    async def ignore(_message: Message) -> None:
        pass

    product = GuardMiddleware(bare, world.guard)
    with pytest.raises(AssertionError):
        await product({"type": "lifespan"}, nothing, ignore)

    told = await call(product, headers=[("Authorization", f"Bearer {await world.token()}")])

    assert (told.status, told.body) == (200, "hello")


async def test_a_guard_answers_without_any_framework(world: GuardWorld) -> None:
    token = await world.token()

    checked = await world.guard.check(token)
    allowed = await world.guard.authorise([f"Bearer {token}"], ["invoice.read", "invoice.write"])
    with pytest.raises(CallRefusedError) as refusal:
        await world.guard.authorise([f"Bearer {token}"], "client.read")

    assert isinstance(checked, Access)
    assert checked == allowed
    assert refusal.value.refused is not None
    assert refusal.value.refused.reason == "scope_not_granted"


async def test_a_guard_is_opened_from_the_servers_own_configuration_file(
    world: GuardWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("CONSENTRY_DATABASE_URL", "CONSENTRY_CATALOG"):
        monkeypatch.delenv(name, raising=False)
    config = tmp_path / "consentry.toml"
    written = f'database_url = "{world.settings.database_url}"\ncatalog = "catalog.toml"\n'
    config.write_text(f'{written}secret_key = "0123456789abcdefghijklmnopqrstuvwxyz"\n', encoding="utf-8")

    async with Guard.from_config(config) as guard:
        assert "invoice.read" in guard.catalog.permissions


def test_a_database_that_was_never_migrated_is_refused_when_the_guard_is_opened(tmp_path: Path) -> None:
    settings = Settings(secret_key=Secret("k" * 43), database_url=f"sqlite:///{tmp_path / 'none.sqlite3'}")

    with pytest.raises(SchemaOutdatedError, match="consentry migrate"):
        Guard.open(settings)

    assert list(tmp_path.iterdir()) == []


async def test_a_lifespan_of_the_products_own_still_runs(world: GuardWorld) -> None:
    lived: list[str] = []

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        lived.append("started")
        yield
        lived.append("stopped")

    product = FastAPI(lifespan=lifespan)
    install(product, world.guard)
    async with serving(product):
        assert lived == ["started"]

    assert lived == ["started", "stopped"]
