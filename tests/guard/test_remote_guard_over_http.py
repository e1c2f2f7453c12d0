"""The guards of a product apart from the database, over real HTTP, through the adapters."""

import asyncio
from collections.abc import Iterator

import pytest
from guard_calls import Told, call
from products import (
    CSRF,
    GUARD,
    asgi_product,
    django_async_product,
    django_product,
    fastapi_product,
    flask_product,
    starlette_product,
    starlette_routes_product,
)

from consentry.client import BlockingRemoteGuard, IntrospectionError, RemoteGuard
from consentry.gate.answer import CallRefusedError
from consentry.guard import django as django_guard
from consentry.model.api_key import KeyDraft, KeyOwner
from live_server import OPERATOR, Person, Site
from user_agent import connect


class Remote:
    """What the Django products ask of a world: its blocking guard."""

    def __init__(self, blocking: BlockingRemoteGuard) -> None:
        self.blocking = blocking


@pytest.fixture
def blocking(site: Site) -> Iterator[BlockingRemoteGuard]:
    with BlockingRemoteGuard.open(
        site.issuer, client_id=site.resource.client_id, client_secret=site.resource.secret or ""
    ) as guard:
        yield guard


def open_remote(site: Site) -> RemoteGuard:
    return RemoteGuard.open(
        site.issuer, client_id=site.resource.client_id, client_secret=site.resource.secret or "", catalog=None
    )


async def tell_all(site: Site, blocking: BlockingRemoteGuard, bearer: str, path: str = "/invoices") -> Told:
    """Call a product in every framework; all must answer alike."""
    headers = [("Authorization", f"Bearer {bearer}")]
    async with open_remote(site) as remote:
        made = (asgi_product, fastapi_product, starlette_product, starlette_routes_product)
        told = [await call(make(remote), path, headers=headers) for make in made]
    others = [
        flask_product(blocking),
        django_product(Remote(blocking), CSRF),
        django_async_product(Remote(blocking), CSRF, GUARD),
    ]
    told += [await call(product, path, headers=headers) for product in others]
    assert {repr(answer) for answer in told} == {repr(told[0])}
    return told[0]


def key_of(site: Site, person: Person, *networks: str) -> str:
    draft = KeyDraft("Nightly", ("invoice.read",), None, networks)
    return site.run(site.deeds.api_keys.create(OPERATOR, draft, KeyOwner(site.home, person.id))).text.reveal()


async def test_every_adapter_works_with_a_guard_over_http(site: Site, blocking: BlockingRemoteGuard) -> None:
    bo = site.add_person("bookkeeper")
    app = site.add_app(required=("invoicing:read",), optional=("invoicing:write", "contacts:write"))
    token = (await asyncio.to_thread(connect, site, app, bo, scope="invoicing:read"))["access_token"]
    narrow = (await asyncio.to_thread(connect, site, site.add_app(), bo))["access_token"]
    key = await asyncio.to_thread(key_of, site, bo, "203.0.113.0/24")

    allowed = [await tell_all(site, blocking, bearer) for bearer in (token, key)]
    scope_missing = await tell_all(site, blocking, token, "/mailings")
    unknown = await tell_all(site, blocking, "nonsense")
    await asyncio.to_thread(site.set_role, bo, "owner")
    widened = await tell_all(site, blocking, token, "/mailings")
    never = await tell_all(site, blocking, narrow, "/mailings")
    access = await asyncio.to_thread(blocking.check, token)
    await asyncio.to_thread(lambda: site.run(site.deeds.connections.end(OPERATOR, access.connection_id)))
    revoked = await tell_all(site, blocking, token)

    assert [(told.status, told.body) for told in allowed] == [(200, {"organisation": site.home})] * 2
    assert (scope_missing.status, scope_missing.body["reason"]) == (403, "user_lacks_permission")
    assert (unknown.status, unknown.body["reason"]) == (401, "malformed_credential")
    assert (widened.body["error"], widened.body["scope"]) == ("insufficient_scope", "contacts:write invoicing:write")
    assert (never.body["error"], never.body["reason"]) == ("access_denied", "app_lacks_scope")
    assert (revoked.status, revoked.body["reason"]) == (401, "revoked")
    assert revoked.body["documentation"] == f"{site.issuer}/docs/errors#revoked"


async def test_with_a_wrong_secret_nobody_is_let_in(site: Site, blocking: BlockingRemoteGuard) -> None:
    key = await asyncio.to_thread(key_of, site, site.ana)
    wrong = {"client_id": site.resource.client_id, "client_secret": "cst_sk_wrong", "catalog": blocking.catalog}

    with BlockingRemoteGuard.open(site.issuer, **wrong) as guard, pytest.raises(CallRefusedError) as refusal:
        await asyncio.to_thread(guard.authorise, [f"Bearer {key}"])

    assert refusal.value.answer.status == 503


def test_while_the_server_is_away_a_guard_without_a_catalog_does_not_open_and_one_with_it_refuses(
    blocking: BlockingRemoteGuard, unused_issuer: str
) -> None:
    who = {"client_id": "res_1", "client_secret": "cst_sk_1"}
    for open_guard in (RemoteGuard.open, BlockingRemoteGuard.open):
        with pytest.raises(IntrospectionError, match="did not answer"):
            open_guard(unused_issuer, **who)

    with BlockingRemoteGuard.open(unused_issuer, **who, catalog=blocking.catalog) as guard:
        with pytest.raises(CallRefusedError) as refusal:
            guard.authorise(["Bearer cst_key_" + "0" * 71])
        assert refusal.value.answer.status == 401
        with pytest.raises(IntrospectionError):
            guard._client.catalog()


@pytest.fixture
def unused_issuer() -> str:
    return "http://127.0.0.1:9"


def test_django_takes_a_guard_over_http(blocking: BlockingRemoteGuard) -> None:
    django_guard.use(blocking)

    assert django_guard.guard() is blocking
