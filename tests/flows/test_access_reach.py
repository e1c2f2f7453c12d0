"""Who and what can do something right now, and what a change would do."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import apsw
import pytest

from consentry.flows.access_reach import Asked, Kind, Reach
from consentry.model.acting import Acting, member
from consentry.model.api_key import KeyDraft
from consentry.model.faults import InvalidInputError, NotFoundError, PermissionMissingError
from consentry.model.ids import UserId
from consentry.model.what_if import Change, MemberIsSuspended, MemberRoleChanges, RoleChanges, read_change
from protocol_world import OPERATOR, ProtocolWorld, build_protocol_world
from small_world import FixedClock

ALL = frozenset({"member.manage", "oauth_app.manage", "api_key.manage"})


async def add_key(world: ProtocolWorld, *permissions: str, networks: tuple[str, ...] = ()) -> str:
    acting = member(world.bo, world.acme, frozenset({"api_key.create", *permissions}))
    draft = KeyDraft("Export", permissions, world.deeds.clock.now() + timedelta(days=1), networks)
    return (await world.deeds.api_keys.create(acting, draft)).details.key.id


def found(reach: Reach) -> list[list[str]]:
    """The members' e-mail addresses, the connections' apps, the keys' identifiers."""
    assert reach.members is not None
    assert reach.connections is not None
    assert reach.api_keys is not None
    return [
        [each.one.email for each in reach.members.found],
        [each.one.connection.app_name for each in reach.connections.found],
        [each.one.key.id for each in reach.api_keys.found],
    ]


async def who_can(world: ProtocolWorld, permission: str) -> Reach:
    return await world.deeds.access_reach.who_can(OPERATOR, world.acme, permission)


async def what_if(world: ProtocolWorld, change: Change) -> Reach:
    return await world.deeds.access_reach.what_if(OPERATOR, world.acme, change)


async def test_members_connections_and_keys_that_can_do_it_are_found_with_what_gives_it(
    protocol: ProtocolWorld,
) -> None:
    await protocol.add_member("cy@acme.test", "reader")
    await protocol.connect(protocol.web, scope="invoicing:write")
    key_id = await add_key(protocol, "invoice.write", networks=("192.0.2.0/24",))

    reach = await who_can(protocol, "invoice.write")

    assert found(reach) == [["bo@acme.test"], ["Ledgerly"], [key_id]]
    assert reach.members is not None
    assert reach.members.found[0].through == ("bookkeeper",)
    assert reach.connections is not None
    assert reach.connections.found[0].through == ("invoicing:write",)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE members SET standing = 'suspended'",
        "UPDATE users SET standing = 'suspended'",
        "UPDATE organisations SET standing = 'suspended'",
        "UPDATE members SET custom_permissions = 'client.read'",
        "DELETE FROM members",
    ],
)
async def test_what_stands_still_is_not_among_those_who_can(protocol: ProtocolWorld, change: str) -> None:
    await protocol.connect(protocol.web)
    await add_key(protocol, "invoice.write")

    await protocol.run(change)

    assert found(await who_can(protocol, "invoice.write")) == [[], [], []]


async def test_an_ended_connection_and_an_expired_key_are_not_among_those_who_can(
    protocol: ProtocolWorld, clock: FixedClock
) -> None:
    await protocol.end_connection((await protocol.connect(protocol.web)).access_token)
    await add_key(protocol, "invoice.write")
    clock.pass_time(timedelta(days=2))

    assert found(await who_can(protocol, "invoice.write")) == [["bo@acme.test"], [], []]


CHANGES = [
    (RoleChanges("bookkeeper", "invoice.write"), ["invoice.write"], []),
    (RoleChanges("bookkeeper", "invoice.send", gains=True), [], ["invoice.send"]),
    (RoleChanges("bookkeeper", "invoice.send"), [], []),
    (RoleChanges("reader", "invoice.read"), [], []),
]


@pytest.mark.parametrize(("change", "lost", "gained"), CHANGES)
async def test_a_changed_role_is_foretold(
    protocol: ProtocolWorld, change: RoleChanges, lost: list[str], gained: list[str]
) -> None:
    await protocol.connect(protocol.web)

    reach = await what_if(protocol, change)

    assert reach.members is not None
    assert reach.connections is not None
    told = [each.difference for each in (*reach.members.found, *reach.connections.found)]
    assert [(sorted(one.lost), sorted(one.gained)) for one in told if one is not None] == (
        [(lost, gained)] * 2 if lost or gained else []
    )


async def test_a_suspended_member_loses_everything_and_takes_what_acts_for_them_along(protocol: ProtocolWorld) -> None:
    await protocol.connect(protocol.web)
    key_id = await add_key(protocol, "invoice.read")

    reach = await what_if(protocol, MemberIsSuspended(protocol.bo))

    assert found(reach) == [["bo@acme.test"], ["Ledgerly"], [key_id]]
    assert reach.api_keys is not None
    difference = reach.api_keys.found[0].difference
    assert difference is not None
    assert (difference.lost, difference.gained) == ({"invoice.read"}, frozenset())


async def test_a_member_who_would_lose_or_gain_a_role_keeps_what_another_role_gives(protocol: ProtocolWorld) -> None:
    await protocol.deeds.people.members.set(OPERATOR, protocol.acme, protocol.bo, ["bookkeeper", "reader"])
    await add_key(protocol, "invoice.read", "invoice.write")

    loses = await what_if(protocol, MemberRoleChanges(protocol.bo, "bookkeeper"))
    gains = await what_if(protocol, MemberRoleChanges(protocol.bo, "owner", gains=True))

    assert loses.api_keys is not None
    assert [each.difference.lost for each in loses.api_keys.found if each.difference] == [{"invoice.write"}]
    assert gains.members is not None
    difference = gains.members.found[0].difference
    assert difference is not None
    assert "payment_instruction.write" in difference.gained


async def test_asking_what_if_changes_nothing(protocol: ProtocolWorld) -> None:
    await protocol.connect(protocol.web)
    await protocol.deeds.usage.flush()
    before = await protocol.dump()

    for change in (RoleChanges("bookkeeper", "invoice.write"), MemberIsSuspended(protocol.bo)):
        await what_if(protocol, change)
    await who_can(protocol, "invoice.write")

    assert await protocol.dump() == before


async def test_asking_commits_nothing_to_the_file(database_path: Path, clock: FixedClock) -> None:
    world = await build_protocol_world(database_path, clock)
    await world.connect(world.web)
    await world.deeds.usage.flush()
    beside = apsw.Connection(str(database_path))
    # A number that SQLite changes for every other connection whenever one commits.
    [before] = beside.execute("PRAGMA data_version")

    await what_if(world, RoleChanges("bookkeeper", "invoice.write"))
    await who_can(world, "invoice.write")

    assert list(beside.execute("PRAGMA data_version")) == [before]
    beside.close()
    await world.deeds.database.close()


async def test_long_lists_come_in_parts_that_miss_nobody(protocol: ProtocolWorld) -> None:
    expected = {"bo@acme.test"}
    for number in range(5):
        await protocol.add_member(f"m{number}@acme.test", "bookkeeper" if number % 2 else "owner")
        await protocol.add_member(f"n{number}@acme.test", "reader")
        expected.add(f"m{number}@acme.test")
    ask = protocol.deeds.access_reach.who_can

    seen: list[str] = []
    after = None
    while True:
        part = (await ask(OPERATOR, protocol.acme, "invoice.write", Asked(Kind.MEMBERS, after, 2))).members
        assert part is not None
        seen += [each.one.email for each in part.found]
        after = part.next
        if after is None:
            break

    assert len(seen) == len(expected)
    assert set(seen) == expected


def manager(world: ProtocolWorld, *permissions: str) -> Acting:
    return member(UserId("usr_manager"), world.acme, frozenset(permissions))


async def test_each_list_needs_its_own_permission(protocol: ProtocolWorld) -> None:
    reach = await protocol.deeds.access_reach.who_can(
        manager(protocol, "oauth_app.manage"), protocol.acme, "invoice.write"
    )

    assert (reach.members, reach.api_keys) == (None, None)
    assert reach.connections is not None
    assert reach.withheld == (Kind.MEMBERS, Kind.API_KEYS)


@pytest.mark.parametrize("held", [(), ("audit.read",)])
async def test_without_any_of_them_nothing_is_told(protocol: ProtocolWorld, held: tuple[str, ...]) -> None:
    with pytest.raises(PermissionMissingError):
        await protocol.deeds.access_reach.who_can(manager(protocol, *held), protocol.acme, "invoice.write")


async def test_a_list_that_may_not_be_seen_cannot_be_asked_for(protocol: ProtocolWorld) -> None:
    acting = manager(protocol, "member.manage")
    with pytest.raises(PermissionMissingError, match=r"api_key\.manage"):
        await protocol.deeds.access_reach.who_can(
            acting, protocol.acme, "invoice.write", Asked(Kind.API_KEYS, None, 50)
        )


async def test_what_if_needs_the_permission_to_manage_members(protocol: ProtocolWorld) -> None:
    acting = manager(protocol, "oauth_app.manage", "api_key.manage")
    with pytest.raises(PermissionMissingError, match=r"member\.manage"):
        await protocol.deeds.access_reach.what_if(acting, protocol.acme, MemberIsSuspended(protocol.bo))


async def test_tn_01_another_organisation_is_answered_as_none(protocol: ProtocolWorld) -> None:
    acting = replace(manager(protocol, *ALL), organisation_id=protocol.web.app.organisation_id)
    reach = protocol.deeds.access_reach
    with pytest.raises(NotFoundError, match="no such organisation"):
        await reach.who_can(acting, protocol.acme, "invoice.write")
    with pytest.raises(NotFoundError, match="no such organisation"):
        await reach.what_if(acting, protocol.acme, MemberIsSuspended(protocol.bo))


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (RoleChanges("nobody", "invoice.write"), InvalidInputError),
        (RoleChanges("reader", "invoice.fly"), InvalidInputError),
        (MemberRoleChanges(UserId("usr_nobody"), "reader"), NotFoundError),
        (MemberIsSuspended(UserId("usr_nobody")), NotFoundError),
    ],
)
async def test_a_change_of_what_there_is_not_is_a_mistake(
    protocol: ProtocolWorld, change: Change, fault: type[Exception]
) -> None:
    with pytest.raises(fault):
        await what_if(protocol, change)


@pytest.mark.parametrize(
    "named",
    [
        {},
        {"role": "reader"},
        {"loses": "invoice.read"},
        {"role": "reader", "loses": "invoice.read", "gains": "invoice.send"},
        {"role": "reader", "suspended": True},
        {"user_id": "usr_1"},
        {"user_id": "usr_1", "loses": "invoice.read"},
        {"user_id": "usr_1", "loses_role": "reader", "suspended": True},
        {"user_id": "usr_1", "role": "reader", "loses": "invoice.read"},
    ],
)
def test_anything_but_one_change_is_a_mistake(named: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError, match="Name one change"):
        read_change(**named)
