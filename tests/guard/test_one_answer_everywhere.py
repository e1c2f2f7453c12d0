"""One table of callers; each is told the same, to the byte, by the guard in every framework."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest
from guard_calls import Headers
from guard_world import OPERATOR, GuardWorld, connect
from products import PRODUCTS, call_everywhere

from app_builders import writing
from consentry.model.organisation import Standing, UnverifiedApps
from consentry.storage.database import Statement

Arrange = Callable[[GuardWorld], Awaitable[Headers]]
"""Makes the world what the case needs, and returns the headers that the caller sends."""


def bearer(*credentials: str) -> Headers:
    return [("Authorization", f"Bearer {credential}") for credential in credentials]


async def valid(world: GuardWorld) -> Headers:
    return bearer(await world.token())


async def expired(world: GuardWorld) -> Headers:
    sent = bearer(await world.token())
    world.clock.pass_time(world.settings.access_token_lifetime)
    return sent


async def revoked(world: GuardWorld) -> Headers:
    sent = bearer(await world.token())
    await world.deeds.connections.end(OPERATOR, world.connection_id)
    return sent


async def narrowed_role(world: GuardWorld) -> Headers:
    sent = bearer(await world.token())
    await world.deeds.people.roles.set(OPERATOR, world.organisation_id, "clerk", ["client.read"])
    await world.set_role("clerk")
    return sent


async def deactivated_app(world: GuardWorld) -> Headers:
    sent = bearer(await world.token())
    await world.deeds.app_registry.deactivate(OPERATOR, world.app_id)
    return sent


async def app_that_the_organisation_refuses(world: GuardWorld) -> Headers:
    sent = bearer(await world.token())
    await world.deeds.database.write(writing, Statement("UPDATE apps SET origin = 'dynamic'"))
    set_said = world.deeds.people.organisations.set_unverified_apps
    await set_said(OPERATOR, world.organisation_id, UnverifiedApps.REFUSED)
    return sent


async def suspended_member(world: GuardWorld) -> Headers:
    sent = bearer(await world.token())
    await world.deeds.people.members.set_standing(OPERATOR, world.organisation_id, world.user_id, Standing.SUSPENDED)
    return sent


async def removed_member(world: GuardWorld) -> Headers:
    sent = bearer(await world.token())
    await world.deeds.people.members.remove(OPERATOR, world.organisation_id, world.user_id)
    return sent


async def foreign_organisation(world: GuardWorld) -> Headers:
    """Ana leaves for another organisation: what she approved in the first one gives nothing in either."""
    sent = bearer(await world.token())
    people = world.deeds.people
    south = await people.organisations.create(OPERATOR, "South Books")
    await people.members.set(OPERATOR, south.id, world.user_id, ["owner"])
    await people.members.remove(OPERATOR, world.organisation_id, world.user_id)
    return sent


async def organisation_of_the_token(world: GuardWorld) -> Headers:
    south = await world.deeds.people.organisations.create(OPERATOR, "South Books")
    await world.deeds.people.members.set(OPERATOR, south.id, world.user_id, ["owner"])
    theirs = await connect(world.deeds, 2, south.id, world.user_id, world.app_id)
    await world.deeds.people.organisations.set_standing(OPERATOR, world.organisation_id, Standing.SUSPENDED)
    return bearer(await world.token(connection_id=theirs))


async def malformed(world: GuardWorld) -> Headers:
    return bearer((await world.token())[:-1])


async def malformed_header(_: GuardWorld) -> Headers:
    return bearer("two words")


async def missing(_: GuardWorld) -> Headers:
    return []


async def two_credentials(world: GuardWorld) -> Headers:
    _, key = await world.key()
    return bearer(await world.token(), key)


async def two_schemes(world: GuardWorld) -> Headers:
    return [("Authorization", "Basic YTpi"), *bearer(await world.token())]


async def api_key(world: GuardWorld) -> Headers:
    return bearer((await world.key("invoice.read"))[1])


async def api_key_without_the_permission(world: GuardWorld) -> Headers:
    return bearer((await world.key("client.read"))[1])


async def revoked_api_key(world: GuardWorld) -> Headers:
    key_id, key = await world.key()
    await world.deeds.api_keys.revoke(OPERATOR, key_id)
    return bearer(key)


async def scope_missing(world: GuardWorld) -> Headers:
    return bearer(await world.token(scope=""))


@dataclass(frozen=True)
class Expected:
    status: int
    error: str | None = None
    reason: str | None = None
    path: str = "/invoices"


CASES: dict[Arrange, Expected] = {
    valid: Expected(200),
    expired: Expected(401, "invalid_token", "expired"),
    revoked: Expected(401, "invalid_token", "revoked"),
    narrowed_role: Expected(403, "access_denied", "user_lacks_permission"),
    deactivated_app: Expected(401, "invalid_token", "app_suspended"),
    app_that_the_organisation_refuses: Expected(403, "access_denied", "org_policy"),
    suspended_member: Expected(401, "invalid_token", "member_suspended"),
    removed_member: Expected(401, "invalid_token", "member_removed"),
    foreign_organisation: Expected(401, "invalid_token", "member_removed"),
    organisation_of_the_token: Expected(200),
    malformed: Expected(401, "invalid_token", "malformed_credential"),
    malformed_header: Expected(400, "invalid_request", "malformed_request"),
    missing: Expected(401, None, "credential_missing"),
    two_credentials: Expected(400, "invalid_request", "malformed_request"),
    two_schemes: Expected(400, "invalid_request", "malformed_request"),
    api_key: Expected(200),
    api_key_without_the_permission: Expected(403, "access_denied", "permission_not_in_key"),
    revoked_api_key: Expected(401, "invalid_token", "revoked"),
    scope_missing: Expected(403, "insufficient_scope", "scope_not_granted"),
}
RULES: dict[Arrange, Expected] = {
    valid: Expected(403, "access_denied", "resource_rule", "/closed"),
    revoked: Expected(401, "invalid_token", "revoked", "/closed"),
}
NEEDING_MORE: dict[Arrange, Expected] = {
    valid: Expected(403, "access_denied", "user_lacks_permission", "/payments"),
    scope_missing: Expected(403, "access_denied", "user_lacks_permission", "/mailings"),
}


@pytest.mark.parametrize(
    ("arrange", "expected"),
    [
        pytest.param(arrange, expected, id=f"{arrange.__name__}-{expected.path[1:]}")
        for table in (CASES, NEEDING_MORE, RULES)
        for arrange, expected in table.items()
    ],
)
async def test_every_framework_tells_a_caller_the_same_to_the_byte(
    world: GuardWorld, arrange: Arrange, expected: Expected
) -> None:
    sent = await arrange(world)

    told = await call_everywhere(world, None, expected.path, headers=sent)

    assert told.status == expected.status
    if expected.reason is None:
        assert told.body["organisation"].startswith("org_")
        return
    assert told.body["reason"] == expected.reason
    assert told.challenge is not None
    assert _error_of(told.challenge) == expected.error
    assert told.caching == "no-store"


def _error_of(challenge: str) -> Any:
    _, found, rest = challenge.partition(' error="')
    return rest.partition('"')[0] if found else None


def test_every_adapter_there_is_has_a_product_in_the_table() -> None:
    adapters = {"asgi", "fastapi", "starlette", "flask", "django"}

    assert {name.partition(",")[0] for name in PRODUCTS} == adapters


async def test_a_product_that_answers_otherwise_is_found(world: GuardWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PRODUCTS, "open", lambda _: _open_product)

    with pytest.raises(AssertionError, match="'open': Told"):
        await call_everywhere(world, None)


async def _open_product(_scope: Any, _receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"{}"})
