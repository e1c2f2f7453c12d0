"""Why a credential may or may not do something, and who may ask."""

from dataclasses import replace
from datetime import timedelta

import pytest

from consentry.model.access import Reason
from consentry.model.acting import Acting, member
from consentry.model.api_key import KeyDraft
from consentry.model.explanation import Explanation, PartKind, PartState, PermissionExplained
from consentry.model.faults import InvalidInputError, NotFoundError
from consentry.model.ids import ConnectionId
from protocol_world import OPERATOR, ProtocolWorld
from small_world import FixedClock


async def tell(world: ProtocolWorld, named: str, permission: str | None = None) -> Explanation:
    return await world.deeds.explain_access.explain(OPERATOR, named, permission)


async def one(world: ProtocolWorld, named: str, permission: str) -> PermissionExplained:
    [told] = (await tell(world, named, permission)).permissions
    return told


async def connection_of(world: ProtocolWorld, token: str) -> ConnectionId:
    connection_id = (await world.access(token)).connection_id
    assert connection_id is not None
    return connection_id


async def key_of(world: ProtocolWorld, *permissions: str, networks: tuple[str, ...] = ()) -> tuple[str, str]:
    """Return the identifier and the text of a key of Bo's."""
    acting = member(world.bo, world.acme, frozenset({"api_key.create", *permissions}))
    draft = KeyDraft("Export", permissions, world.deeds.clock.now() + timedelta(days=1), networks)
    shown = await world.deeds.api_keys.create(acting, draft)
    return shown.details.key.id, shown.text.reveal()


async def test_both_sides_of_every_permission_are_told(protocol: ProtocolWorld) -> None:
    token = (await protocol.connect(protocol.web, scope="invoicing:write")).access_token

    told = {each.entry.name: each for each in (await tell(protocol, token)).permissions}

    assert list(told) == list(protocol.deeds.catalog.permissions)
    allowed = told["invoice.write"]
    assert allowed.is_allowed
    assert (allowed.covered_by, allowed.roles, allowed.held) == (("invoicing:write",), ("bookkeeper",), True)
    missing = told["invoice.send"]
    assert getattr(missing.verdict, "reason", None) is Reason.USER_LACKS_PERMISSION
    assert (missing.covered_by, missing.roles, missing.held) == (("invoicing:write",), (), False)
    not_asked = told["client.read"]
    assert getattr(not_asked.verdict, "reason", None) is Reason.SCOPE_NOT_GRANTED
    assert (not_asked.covered_by, not_asked.would_cover) == ((), ("contacts:read",))
    assert told["payment_instruction.write"].would_cover == ()


async def test_a_scope_that_the_app_gave_up_is_told_apart_from_one_not_approved(protocol: ProtocolWorld) -> None:
    token = (await protocol.connect(protocol.web, scope="invoicing:write contacts:read")).access_token
    await protocol.run("UPDATE apps SET optional_scopes = '' WHERE id = $1", protocol.web.app.id)

    told = await one(protocol, token, "client.read")

    assert (told.covered_by, told.given_up) == ((), ("contacts:read",))


async def test_a_scope_that_only_this_token_is_without_is_named(protocol: ProtocolWorld) -> None:
    tokens = await protocol.connect(protocol.web, scope="invoicing:write contacts:read")
    narrower = (await protocol.refresh(protocol.web, tokens.refresh_token, scope="invoicing:write")).access_token

    told = await one(protocol, narrower, "client.read")

    assert (told.covered_by, told.not_in_token) == ((), ("contacts:read",))


async def test_permissions_that_were_tuned_come_through_no_role(protocol: ProtocolWorld) -> None:
    token = (await protocol.connect(protocol.web)).access_token
    await protocol.deeds.people.members.set(OPERATOR, protocol.acme, protocol.bo, ["reader"], ["invoice.send"])

    told = await tell(protocol, token)

    by_name = {each.entry.name: each for each in told.permissions}
    assert told.tuned
    assert (by_name["invoice.send"].held, by_name["invoice.send"].roles) == (True, ())
    assert not by_name["invoice.read"].held


@pytest.mark.parametrize(
    ("change", "kind", "state", "reason"),
    [
        ("UPDATE apps SET status = 'deactivated'", PartKind.APP, PartState.DEACTIVATED, Reason.APP_SUSPENDED),
        ("UPDATE members SET standing = 'suspended'", PartKind.MEMBER, PartState.SUSPENDED, Reason.MEMBER_SUSPENDED),
        ("DELETE FROM members", PartKind.MEMBER, PartState.REMOVED, Reason.MEMBER_REMOVED),
        ("UPDATE users SET standing = 'suspended'", PartKind.USER, PartState.SUSPENDED, Reason.USER_SUSPENDED),
        (
            "UPDATE organisations SET standing = 'suspended'",
            PartKind.ORGANISATION,
            PartState.SUSPENDED,
            Reason.ORGANISATION_SUSPENDED,
        ),
        ("UPDATE token_families SET ended_at = 0", PartKind.SIGN_IN, PartState.REVOKED, Reason.REVOKED),
        ("UPDATE connections SET ended_at = 0", PartKind.CONNECTION, PartState.ENDED, Reason.REVOKED),
    ],
)
async def test_what_stands_still_is_named_and_refuses_everything(
    protocol: ProtocolWorld, change: str, kind: PartKind, state: PartState, reason: Reason
) -> None:
    token = (await protocol.connect(protocol.web)).access_token
    await protocol.run(change)

    told = await tell(protocol, token)

    assert [(part.kind, part.state) for part in told.parts if part.state is not PartState.ACTIVE] == [(kind, state)]
    assert told.refused == await protocol.check(token)
    assert told.refused is not None
    assert told.refused.reason is reason
    assert not any(each.is_allowed for each in told.permissions)


async def test_an_expired_token_and_a_revoked_key_are_explained_with_the_time(
    protocol: ProtocolWorld, clock: FixedClock
) -> None:
    token = (await protocol.connect(protocol.web)).access_token
    _, key = await key_of(protocol, "invoice.read")
    clock.pass_time(timedelta(hours=2))
    await protocol.run("UPDATE api_keys SET revoked_at = 0")

    expired, revoked = (await tell(protocol, token)).parts[0], (await tell(protocol, key)).parts[0]

    assert (expired.state, expired.since) == (PartState.EXPIRED, clock.now() - timedelta(hours=1))
    assert revoked.state is PartState.REVOKED
    assert revoked.since is not None


async def test_a_connection_is_explained_as_a_token_with_all_of_its_scopes(protocol: ProtocolWorld) -> None:
    token = (await protocol.connect(protocol.web)).access_token
    connection_id = await connection_of(protocol, token)

    assert (await tell(protocol, connection_id)).permissions == (await tell(protocol, token)).permissions


async def test_a_key_is_explained_by_text_and_by_identifier_alike(protocol: ProtocolWorld) -> None:
    key_id, text = await key_of(protocol, "invoice.read")

    told = await one(protocol, text, "invoice.write")

    assert await tell(protocol, key_id) == await tell(protocol, text)
    assert getattr(told.verdict, "reason", None) is Reason.PERMISSION_NOT_IN_KEY
    assert (told.in_key, told.held, told.roles) == (False, True, ("bookkeeper",))


async def test_the_networks_of_a_key_are_judged_where_an_address_is_named(protocol: ProtocolWorld) -> None:
    key_id, text = await key_of(protocol, "invoice.read", networks=("192.0.2.0/24",))
    explain = protocol.deeds.explain_access.explain

    here, inside, outside = [
        await explain(OPERATOR, key_id, address=address) for address in (None, "192.0.2.7", "198.51.100.1")
    ]

    assert (here.refused, inside.refused, here.allowed_networks) == (None, None, ("192.0.2.0/24",))
    assert outside.refused == await protocol.check(text, address="198.51.100.1")


async def test_a_token_for_another_api_is_explained_as_the_guard_refuses_it(protocol: ProtocolWorld) -> None:
    registered = await protocol.deeds.resources.register(OPERATOR, "Books API", "https://api.books.test")
    code = await protocol.approve(protocol.web, resource=registered.resource.identifier)
    token = (await protocol.exchange(protocol.web, code)).access_token

    told = await protocol.deeds.explain_access.explain(OPERATOR, token, resource="https://other.test")

    assert told.refused is not None
    assert told.refused.reason is Reason.WRONG_AUDIENCE
    assert told.resource == "https://api.books.test"


async def test_what_is_no_credential_is_told_to_be_none_and_costs_no_read(protocol: ProtocolWorld) -> None:
    token = (await protocol.connect(protocol.web)).access_token
    for text in ("hello", token[:-1], "cst_rt_nothing", ""):
        told = await tell(protocol, text)
        assert told.refused == await protocol.check(text)
        assert (told.kind, told.permissions) == (None, ())


async def test_a_text_that_was_never_issued_is_unknown_to_operators_and_nothing_to_others(
    protocol: ProtocolWorld,
) -> None:
    token = (await protocol.connect(protocol.web)).access_token
    await protocol.run("DELETE FROM access_tokens")

    told = await tell(protocol, token)

    assert told.refused == await protocol.check(token)
    with pytest.raises(NotFoundError, match="no such credential"):
        await protocol.deeds.explain_access.explain(member(protocol.bo, protocol.acme, frozenset()), token)


async def test_a_permission_that_the_catalog_does_not_have_is_a_mistake(protocol: ProtocolWorld) -> None:
    with pytest.raises(InvalidInputError, match="no such permission"):
        await tell(protocol, "con_nothing", "invoice.fly")


async def acting_ones(world: ProtocolWorld) -> dict[str, Acting]:
    cy = await world.add_member("cy@acme.test", "reader")
    held = frozenset({"oauth_app.manage", "api_key.manage", "member.manage"})
    bo = member(world.bo, world.acme, frozenset())
    return {
        "operator": OPERATOR,
        "own user": bo,
        "own app": replace(bo, actor=replace(bo.actor, through="app_1")),
        "own key that may": member(world.bo, world.acme, frozenset({"api_key.create"}), through="key_1"),
        "apps' manager": member(cy, world.acme, frozenset({"oauth_app.manage"})),
        "keys' manager": member(cy, world.acme, frozenset({"api_key.manage"})),
        "members' manager": member(cy, world.acme, frozenset({"member.manage"})),
        "manager elsewhere": member(cy, world.web.app.organisation_id, held),
    }


async def may_ask(world: ProtocolWorld, acting: Acting, named: str) -> bool:
    try:
        await world.deeds.explain_access.explain(acting, named)
    except NotFoundError:
        return False
    return True


async def test_tn_01_only_those_who_may_see_a_thing_have_it_explained(protocol: ProtocolWorld) -> None:
    token = (await protocol.connect(protocol.web)).access_token
    connection_id = await connection_of(protocol, token)
    key_id, key = await key_of(protocol, "invoice.read")
    may = {name: set[str]() for name in (token, connection_id, key_id, key)}

    for who, acting in (await acting_ones(protocol)).items():
        for named, seen_by in may.items():
            if await may_ask(protocol, acting, named):
                seen_by.add(who)

    of_connections = {"operator", "own user", "apps' manager"}
    of_keys = {"operator", "own user", "own key that may", "keys' manager"}
    assert list(may.values()) == [of_connections, of_connections, of_keys, of_keys]


async def test_explaining_is_no_use_of_the_credential(protocol: ProtocolWorld) -> None:
    token = (await protocol.connect(protocol.web)).access_token
    key_id, key = await key_of(protocol, "invoice.read")
    await protocol.deeds.usage.flush()
    before = await protocol.dump()

    for named in (token, key, key_id):
        await tell(protocol, named)
    await protocol.deeds.usage.flush()

    assert await protocol.dump() == before
