"""A guard that asks over HTTP says what the guard beside the database says, to the byte, and never more."""

import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any

import httpx
import pytest
from guard_world import OPERATOR, GuardWorld, connect

from consentry.client import (
    BlockingIntrospectionClient,
    BlockingRemoteGuard,
    IntrospectionClient,
    IntrospectionError,
    RemoteGuard,
)
from consentry.gate.answer import CallRefusedError
from consentry.gate.gate import UnknownPermissionError
from consentry.model.access import Access, Refused
from consentry.model.app_draft import AppChange
from consentry.model.organisation import Standing
from consentry.model.secret import CredentialKind, Secret, format_credential
from consentry.web.main import app_over
from live_server import RegisteredClient

API = "https://api.books.test"
ADDRESS = "203.0.113.7"
NOBODYS = format_credential(CredentialKind.ACCESS_TOKEN, "0" * 22, Secret("x" * 43)).reveal()
Prepare = Callable[[GuardWorld], Awaitable[str | None]]


@pytest.fixture
async def server(world: GuardWorld) -> RegisteredClient:
    made = await world.deeds.resources.register(OPERATOR, "Books API", API)
    return RegisteredClient(made.resource.client_id, made.client_secret.reveal())


@pytest.fixture
async def remote(world: GuardWorld, server: RegisteredClient) -> AsyncIterator[RemoteGuard]:
    client = client_of(world, server, httpx.ASGITransport(app_over(world.deeds)))
    async with RemoteGuard(client, await client.catalog(), issuer=world.settings.issuer, resource=API) as guard:
        yield guard


def client_of(
    world: GuardWorld, server: RegisteredClient, transport: httpx.AsyncBaseTransport | None = None
) -> IntrospectionClient:
    return IntrospectionClient(
        world.settings.issuer, client_id=server.client_id, client_secret=server.secret or "", transport=transport
    )


async def told(guard: Any, headers: Sequence[str], permissions: Sequence[str], **more: Any) -> Any:
    """What a call is told: its access (times in whole seconds, as they travel), or the answer."""
    try:
        access = await guard.authorise(headers, permissions, **{"address": ADDRESS, **more})
    except CallRefusedError as refusal:
        return refusal.answer, refusal.refused
    return access


async def none(_world: GuardWorld) -> None:
    return None


async def token(world: GuardWorld) -> str:
    return await world.token()


async def cut(world: GuardWorld) -> str:
    return (await world.token())[:-1]


async def unknown(_world: GuardWorld) -> str:
    return NOBODYS


async def refresh_token(_world: GuardWorld) -> str:
    return "cst_rt_" + "0" * 99


async def expired(world: GuardWorld) -> str:
    return await world.token(lifetime=timedelta(seconds=0))


async def disconnected(world: GuardWorld) -> str:
    text = await world.token()
    await world.deeds.connections.end(OPERATOR, world.connection_id)
    return text


async def of_a_deactivated_app(world: GuardWorld) -> str:
    text = await world.token()
    await world.deeds.app_registry.deactivate(OPERATOR, world.app_id)
    return text


async def of_a_suspended_member(world: GuardWorld) -> str:
    text = await world.token()
    await world.deeds.people.members.set_standing(OPERATOR, world.organisation_id, world.user_id, Standing.SUSPENDED)
    return text


async def of_a_removed_member(world: GuardWorld) -> str:
    text = await world.token()
    await world.deeds.people.members.remove(OPERATOR, world.organisation_id, world.user_id)
    return text


async def of_a_suspended_user(world: GuardWorld) -> str:
    text = await world.token()
    await world.deeds.people.users.set_standing(OPERATOR, world.user_id, Standing.SUSPENDED)
    return text


async def of_a_narrowed_member(world: GuardWorld) -> str:
    text = await world.token()
    await world.deeds.people.members.set(OPERATOR, world.organisation_id, world.user_id, ["reader"], ["client.read"])
    return text


async def of_a_narrowed_app(world: GuardWorld) -> str:
    text = await world.token()
    await world.deeds.app_registry.edit(OPERATOR, world.app_id, AppChange(required_scopes=("contacts:write",)))
    return text


async def without_scope(world: GuardWorld) -> str:
    return await world.token(scope="")


async def of_an_owner_without_scope(world: GuardWorld) -> str:
    await world.set_role("owner")
    return await world.token(scope="")


async def of_another_organisation(world: GuardWorld) -> str:
    south = await world.deeds.people.organisations.create(OPERATOR, "South Foods")
    eve = await world.deeds.people.users.create(OPERATOR, "eve@south.test")
    await world.deeds.people.members.set(OPERATOR, south.id, eve.id, ["bookkeeper"])
    return await world.token(connection_id=await connect(world.deeds, 2, south.id, eve.id, world.app_id))


async def for_this_api(world: GuardWorld) -> str:
    return await world.token(resource=API)


async def for_another_api(world: GuardWorld) -> str:
    return await world.token(resource="https://payroll.test")


async def key(world: GuardWorld) -> str:
    return (await world.key())[1]


async def key_from_elsewhere(world: GuardWorld) -> str:
    return (await world.key(networks=("198.51.100.0/24",)))[1]


async def key_from_here(world: GuardWorld) -> str:
    return (await world.key(networks=("203.0.113.0/24",)))[1]


async def revoked_key(world: GuardWorld) -> str:
    key_id, text = await world.key()
    await world.deeds.api_keys.revoke(OPERATOR, key_id)
    return text


CASES = [
    none,
    token,
    cut,
    unknown,
    refresh_token,
    expired,
    disconnected,
    of_a_deactivated_app,
    of_a_suspended_member,
    of_a_removed_member,
    of_a_suspended_user,
    of_a_narrowed_member,
    of_a_narrowed_app,
    without_scope,
    of_an_owner_without_scope,
    of_another_organisation,
    for_this_api,
    for_another_api,
    key,
    key_from_elsewhere,
    key_from_here,
    revoked_key,
]


@pytest.mark.parametrize("prepare", CASES, ids=[case.__name__ for case in CASES])
async def test_the_remote_guard_answers_as_the_local_one_to_the_byte(
    world: GuardWorld, remote: RemoteGuard, prepare: Prepare
) -> None:
    text = await prepare(world)
    headers = [] if text is None else [f"Bearer {text}"]

    for permissions in (
        ["invoice.read"],
        ["payment_instruction.write"],
        ["invoice.send", "client.write"],
        ["invoice.read", "client.write"],
        [],
    ):
        local = await told(world.guard, headers, permissions)
        assert await told(remote, headers, permissions) == local


async def test_calls_that_are_malformed_are_answered_alike_and_nobody_is_asked(
    world: GuardWorld, server: RegisteredClient
) -> None:
    client = client_of(world, server, httpx.MockTransport(lambda _request: pytest.fail("the server was asked")))
    remote = RemoteGuard(client, world.guard.catalog, issuer=world.settings.issuer, resource=API)
    text = await world.token()

    for headers, query in (
        ([f"Bearer {text}", f"Bearer {text}"], ""),
        ([f"Bearer {text} {text}"], ""),
        ([f"Bearer {text}"], f"access_token={text}"),
        (["Basic YTpi"], ""),
        (["Bearer nonsense"], ""),
        (["Bearer cst_rt_" + "0" * 99], ""),
    ):
        local = await told(world.guard, headers, ["invoice.read"], query=query)
        assert await told(remote, headers, ["invoice.read"], query=query) == local


async def test_rv_01_a_revocation_holds_at_the_next_call(world: GuardWorld, remote: RemoteGuard) -> None:
    text = await world.token()
    before = await remote.check(text)

    await world.deeds.connections.end(OPERATOR, world.connection_id)

    after = await remote.check(text)
    assert isinstance(before, Access)
    assert isinstance(after, Refused)
    assert after.reason == "revoked"


def answering(content: bytes, status: int = 200) -> httpx.MockTransport:
    return httpx.MockTransport(lambda _request: httpx.Response(status, content=content))


@pytest.mark.parametrize(
    "transport",
    [
        answering(b"", 401),
        answering(b"", 429),
        answering(b"", 500),
        answering(b'{"active": true}', 302),
        answering(b""),
        answering(b"null"),
        answering(b"[]"),
        answering(b"{}"),
        answering(b'{"active": true}'),
        answering(b'{"active": "true", "iss": "http://localhost:8400"}'),
        answering(b'{"active": true, "iss": "https://other.test"}'),
        answering(b'{"active": false, "refused": {"reason": "because", "sentence": "No."}}'),
        answering(b'{"active": false, "refused": 3}'),
        answering(b"<html>Welcome to the hotel</html>"),
    ],
)
async def test_whatever_else_the_server_answers_nobody_is_let_in(
    world: GuardWorld, server: RegisteredClient, transport: httpx.MockTransport
) -> None:
    remote = RemoteGuard(
        client_of(world, server, transport), world.guard.catalog, issuer=world.settings.issuer, resource=API
    )

    answer, refused = await told(remote, [f"Bearer {await world.token()}"], [])

    await world.guard.close()
    assert (answer.status, refused) == (503, None)
    assert (answer, refused) == await told(world.guard, [f"Bearer {await world.token()}"], [])


@pytest.mark.parametrize(
    ("fault", "times"),
    [(httpx.ConnectError, 3), (httpx.ReadError, 3), (httpx.RemoteProtocolError, 3), (httpx.ReadTimeout, 1)],
)
async def test_a_question_is_asked_again_only_when_the_connection_broke_and_then_twice_at_most(
    world: GuardWorld, server: RegisteredClient, fault: type[httpx.HTTPError], times: int
) -> None:
    asked: list[httpx.Request] = []

    def fail(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        raise fault("secret detail")

    client = client_of(world, server, httpx.MockTransport(fail))
    blocking = BlockingIntrospectionClient(
        world.settings.issuer,
        client_id=server.client_id,
        client_secret=server.secret or "",
        transport=httpx.MockTransport(fail),
    )
    text = await world.token()

    with pytest.raises(IntrospectionError) as refusal:
        await client.check(text)
    with pytest.raises(IntrospectionError):
        blocking.check(text)

    assert len(asked) == 2 * times
    assert "secret" not in str(refusal.value)
    assert text not in str(refusal.value)


async def test_one_broken_connection_is_not_noticed(world: GuardWorld, server: RegisteredClient) -> None:
    inner, asked = httpx.ASGITransport(app_over(world.deeds)), []

    class Flaky(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            asked.append(request)
            if len(asked) == 1:
                raise httpx.RemoteProtocolError("gone")
            return await inner.handle_async_request(request)

    async with client_of(world, server, Flaky()) as client:
        assert isinstance(await client.check(await world.token()), Access)
    assert len(asked) == 2


async def test_a_closed_guard_lets_nobody_in(world: GuardWorld, remote: RemoteGuard) -> None:
    await remote.close()
    await remote.close()

    answer, _ = await told(remote, [f"Bearer {await world.token()}"], [])

    assert answer.status == 503


async def test_the_servers_catalog_finds_a_mistyped_permission(world: GuardWorld, remote: RemoteGuard) -> None:
    with pytest.raises(UnknownPermissionError, match=r"Did you mean invoice\.read\?"):
        remote.require_known(["invoices.read"])

    remote.require_known(list(world.guard.catalog.permissions))
    assert not remote.catalog.roles


@pytest.mark.parametrize(
    ("issuer", "client_id", "secret"),
    [
        ("http://apps.test", "res_1", "s"),
        ("https://apps.test/", "res_1", "s"),
        ("https://apps.test", "app_1", "s"),
        ("https://apps.test", "res_1", ""),
    ],
)
def test_a_client_that_cannot_be_is_refused_at_the_start(issuer: str, client_id: str, secret: str) -> None:
    with pytest.raises(ValueError, match=r"issuer|resource server"):
        IntrospectionClient(issuer, client_id=client_id, client_secret=secret)
    with pytest.raises(ValueError, match=r"issuer|resource server"):
        BlockingIntrospectionClient(issuer, client_id=client_id, client_secret=secret)


def test_after_a_fork_no_connection_of_the_parent_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    client = BlockingIntrospectionClient("https://apps.test", client_id="res_1", client_secret="s")
    before = client._here()
    assert client._here() is before

    monkeypatch.setattr(os, "getpid", lambda: -1)

    assert client._here() is not before
    assert not before.is_closed


async def test_the_secret_is_in_no_repr(world: GuardWorld, server: RegisteredClient, remote: RemoteGuard) -> None:
    client = client_of(world, server)

    assert (server.secret or "-") not in repr((client, remote, client._asking))


async def test_an_app_that_asks_for_the_detail_does_not_get_it(world: GuardWorld, server: RegisteredClient) -> None:
    text = await world.token()
    app = httpx.AsyncClient(transport=httpx.ASGITransport(app_over(world.deeds)), base_url=world.settings.issuer)
    form = {"token": text, "detail": "guard"}

    async with app:
        plain = await app.post("/oauth/introspect", data={"token": text}, auth=server.basic)
        detailed = await app.post("/oauth/introspect", data=form, auth=server.basic)
        by_operator = await app.post("/oauth/introspect", data=form, headers=await operator_header(world))
        await world.deeds.connections.end(OPERATOR, world.connection_id)
        ended_plain = await app.post("/oauth/introspect", data={"token": text}, auth=server.basic)
        ended = await app.post("/oauth/introspect", data=form, auth=server.basic)

    assert detailed.json() == {**plain.json(), "access": detailed.json()["access"]}
    assert set(detailed.json()["access"]) == {"app", "scope", "app_scope", "approved", "held"}
    assert by_operator.json() == plain.json()
    assert ended_plain.json() == {"active": False}
    assert json.loads(ended.content)["refused"]["reason"] == "revoked"


async def operator_header(world: GuardWorld) -> dict[str, str]:
    made = await world.deeds.operators.create(OPERATOR, "Olga")
    return {"Authorization": f"Bearer {made.token.reveal()}"}


def test_the_blocking_guard_closes_and_then_lets_nobody_in(catalog: Any) -> None:
    client = BlockingIntrospectionClient("https://apps.test", client_id="res_1", client_secret="s")
    with BlockingRemoteGuard(client, catalog, issuer="https://apps.test", resource=API) as guard:
        guard.require_known(["invoice.read"])

    with pytest.raises(CallRefusedError) as refusal:
        guard.authorise([f"Bearer {NOBODYS}"], "invoice.read")

    assert refusal.value.answer.status == 503


@pytest.mark.parametrize("permission", ["invoice.read", "payment_instruction.write"])
async def test_rv_13_an_app_hears_that_the_user_lacks_a_permission_and_nothing_else_about_the_user(
    world: GuardWorld, permission: str
) -> None:
    text = await world.token()
    await world.deeds.people.members.set(OPERATOR, world.organisation_id, world.user_id, ["reader"], ["client.write"])

    answer, _ = await told(world.guard, [f"Bearer {text}"], [permission])

    body = json.loads(answer.body)
    assert (body["error"], body["missing"], body["permission"]) == ("access_denied", "user_permission", permission)
    assert "scope" not in body
    assert 'error="access_denied"' in answer.headers["www-authenticate"]
    for other in ("reader", "Read-only", "Custom", "client.write", "ana@north.test"):
        assert other not in answer.body.decode() + answer.headers["www-authenticate"]
