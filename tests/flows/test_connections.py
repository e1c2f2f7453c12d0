"""Connections: what of them works today, whose they are to see, and their end."""

import asyncio
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from consentry.flows.connections import Connections
from consentry.model.access import Reason
from consentry.model.acting import Acting, operator
from consentry.model.catalog import Catalog
from consentry.model.connection import EndedBy
from consentry.model.connection_today import WhyNot
from consentry.model.coverage import Holding
from consentry.model.event import EventKind
from consentry.model.faults import NotFoundError, PermissionMissingError
from consentry.model.ids import AppId, ClientId, ConnectionId
from consentry.model.membership import RoleBook
from consentry.secret_source import SystemSecretSource
from consentry.storage.connections import SqlConnectionStore
from consentry.storage.database import Database
from consentry.storage.events import EventStore
from small_world import FixedClock
from standing_builders import (
    NORTH,
    SOUTH,
    add_app,
    add_connection,
    add_member,
    add_organisations,
    add_user,
    in_person,
    run,
    set_role,
)


@dataclass(frozen=True)
class World:
    """Bo keeps the books of North and South; Ana owns North, Sol owns South. Ledgerly is South's app."""

    database: Database
    clock: FixedClock
    connections: Connections
    ana: Acting
    bo: Acting
    sol: Acting
    ledgerly: AppId
    paybot: AppId

    async def connect(
        self, number: int, acting: Acting | None = None, app: AppId | None = None, scopes: str = "invoicing:write"
    ) -> ConnectionId:
        who = acting or self.bo
        assert who.user_id is not None
        assert who.organisation_id is not None
        return await add_connection(
            self.database, number, who.organisation_id, who.user_id, app or self.ledgerly, scopes
        )

    async def live(self) -> set[str]:
        rows = await self.database.read("SELECT id FROM connections WHERE ended_at IS NULL")
        return {row[0] for row in rows}


@pytest.fixture
async def world(database: Database, clock: FixedClock, secret_source: SystemSecretSource, catalog: Catalog) -> World:
    await add_organisations(database)
    roles = RoleBook(catalog)
    ana, bo, sol = [await add_user(database, name) for name in ("ana", "bo", "sol")]
    for organisation, user_id, role in (
        (NORTH, ana, "owner"),
        (NORTH, bo, "bookkeeper"),
        (SOUTH, bo, "reader"),
        (SOUTH, sol, "owner"),
    ):
        await add_member(database, organisation, user_id, role)
    return World(
        database,
        clock,
        Connections(SqlConnectionStore(database), roles, clock, secret_source),
        in_person(roles, ana, NORTH, "owner"),
        in_person(roles, bo, NORTH, "bookkeeper"),
        in_person(roles, sol, SOUTH, "owner"),
        await add_app(database, SOUTH, "ledgerly"),
        await add_app(database, NORTH, "paybot"),
    )


async def test_a_connection_shows_what_works_today_and_what_the_member_lacks(world: World) -> None:
    connection_id = await world.connect(1, scopes="contacts:read invoicing:write")

    today = await world.connections.get(world.bo, connection_id)

    assert (today.details.app_name, today.details.registered_by) == ("Ledgerly", "South Books")
    assert [(scope.name, scope.holding, scope.why) for scope in today.scopes] == [
        ("contacts:read", Holding.FULL, None),
        ("invoicing:write", Holding.PARTIAL, WhyNot.USER_LACKS_PERMISSION),
    ]
    assert [entry.name for entry in today.scopes[1].missing] == ["invoice.send"]
    assert today.role_titles == ("Bookkeeper",)
    assert today.paused is None


async def test_a_changed_role_shows_on_the_next_look(world: World) -> None:
    connection_id = await world.connect(1)
    assert world.bo.user_id is not None
    await set_role(world.database, NORTH, world.bo.user_id, "owner")

    today = await world.connections.get(world.bo, connection_id)

    assert [scope.holding for scope in today.scopes] == [Holding.FULL]


async def test_a_scope_that_app_or_catalog_gave_up_does_nothing_today(world: World) -> None:
    connection_id = await world.connect(1, scopes="contacts:write gone:read")

    today = await world.connections.get(world.bo, connection_id)

    assert [(scope.name, scope.holding, scope.why) for scope in today.scopes] == [
        ("contacts:write", Holding.NONE, WhyNot.APP_NO_LONGER_ASKS),
        ("gone:read", Holding.NONE, WhyNot.NOT_IN_CATALOG),
    ]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("UPDATE apps SET status = 'deactivated'", Reason.APP_SUSPENDED),
        ("UPDATE organisations SET standing = 'suspended'", Reason.ORGANISATION_SUSPENDED),
        ("UPDATE users SET standing = 'suspended'", Reason.USER_SUSPENDED),
        ("UPDATE members SET standing = 'suspended'", Reason.MEMBER_SUSPENDED),
        ("DELETE FROM members", Reason.MEMBER_REMOVED),
    ],
)
async def test_a_connection_that_is_held_up_says_by_what(world: World, change: str, reason: Reason) -> None:
    connection_id = await world.connect(1)
    await run(world.database, change)

    assert (await world.connections.get(world.bo, connection_id)).paused is reason


async def test_rv_01_ending_a_connection_has_ended_it_when_it_returns(world: World) -> None:
    connection_id = await world.connect(1)

    ended = (await world.connections.end(world.bo, connection_id)).details.connection

    assert await world.live() == set()
    assert (ended.ended_at, ended.ended_by) == (world.clock.present, EndedBy.USER)


async def test_rv_01_ending_is_one_row_however_many_tokens_hang_on_it(world: World) -> None:
    connection_id = await world.connect(1)
    await run(
        world.database,
        "INSERT INTO token_families (id, connection_id, scope, refresh_digest, generation, created_at, rotated_at, "
        "idle_expires_at, expires_at) VALUES ('family', $1, 'invoicing:write', $2, 1, 1, 1, 9, 9)",
        connection_id,
        b"digest",
    )

    await world.connections.end(world.bo, connection_id)

    assert await world.database.read("SELECT ended_at FROM token_families") == [(None,)]


async def test_rv_06_ending_one_connection_leaves_all_others(world: World) -> None:
    elsewhere = replace(world.bo, organisation_id=SOUTH)
    mine = await world.connect(1)
    others = {
        await world.connect(2, app=world.paybot),
        await world.connect(3, world.ana),
        await world.connect(4, elsewhere),
        await world.connect(5, world.sol),
    }

    await world.connections.end(world.bo, mine)

    assert await world.live() == others


async def test_ending_again_keeps_the_first_end_and_writes_no_second_event(world: World) -> None:
    connection_id = await world.connect(1)
    first = await world.connections.end(world.bo, connection_id)
    world.clock.pass_time(timedelta(days=1))

    again = await world.connections.end(world.ana, connection_id)

    assert again == first
    events = await EventStore(world.database).page(NORTH, before=None, limit=10)
    assert [(event.kind, event.actor.user_id) for event in events] == [(EventKind.CONNECTION_ENDED, world.bo.user_id)]


async def test_of_ends_at_once_one_is_written(world: World) -> None:
    connection_id = await world.connect(1)

    await asyncio.gather(*(world.connections.end(acting, connection_id) for acting in (world.bo, world.ana) * 3))

    assert len(await EventStore(world.database).page(NORTH, before=None, limit=10)) == 1


async def test_who_ended_it_is_kept(world: World) -> None:
    by_administrator, by_operator = await world.connect(1), await world.connect(2, app=world.paybot)

    ends = [
        await world.connections.end(world.ana, by_administrator),
        await world.connections.end(operator(None, through="command line"), by_operator),
    ]

    assert [end.details.connection.ended_by for end in ends] == [EndedBy.ADMINISTRATOR, EndedBy.OPERATOR]


async def test_tn_01_a_connection_of_another_organisation_does_not_exist(world: World) -> None:
    connection_id = await world.connect(1)

    for acting in (world.sol, replace(world.sol, organisation_id=NORTH, permissions=frozenset({"audit.read"}))):
        for wanted in (connection_id, ConnectionId("con_none")):
            with pytest.raises(NotFoundError, match="no such connection"):
                await world.connections.get(acting, wanted)
            with pytest.raises(NotFoundError, match="no such connection"):
                await world.connections.end(acting, wanted)
    with pytest.raises(NotFoundError):
        await world.connections.list_all(world.sol, NORTH)
    assert await world.live() == {connection_id}


async def test_ones_own_connections_are_listed_from_every_organisation_with_the_ended_ones(world: World) -> None:
    elsewhere = replace(world.bo, organisation_id=SOUTH)
    first, second = await world.connect(1), await world.connect(2, elsewhere)
    await world.connect(3, world.ana)
    await world.connections.end(world.bo, first)

    listed = await world.connections.list_own(world.bo)

    assert [each.details.connection.id for each in listed] == [second, first]
    assert [each.details.organisation_name for each in listed] == ["South Books", "North Books"]


async def test_ones_own_connection_is_ended_from_wherever_one_looks(world: World) -> None:
    connection_id = await world.connect(1, replace(world.bo, organisation_id=SOUTH))

    await world.connections.end(world.bo, connection_id)

    assert await world.live() == set()


async def test_the_deep_link_of_an_app_finds_the_connections_to_it(world: World) -> None:
    wanted, _ = await world.connect(1), await world.connect(2, app=world.paybot)

    listed = await world.connections.list_own(world.bo, client_id=ClientId(world.ledgerly))

    assert [each.details.connection.id for each in listed] == [wanted]


async def test_a_credential_does_not_act_as_its_user_in_person(world: World) -> None:
    connection_id = await world.connect(1)
    through_a_key = replace(world.bo, actor=replace(world.bo.actor, through="key_1"))

    assert await world.connections.list_own(through_a_key) == ()
    with pytest.raises(NotFoundError):
        await world.connections.end(through_a_key, connection_id)


async def test_administrators_list_and_filter_the_connections_of_their_organisation(world: World) -> None:
    ours, theirs = await world.connect(1), await world.connect(2, world.ana, world.paybot)
    ended = await world.connect(3, world.ana)
    await world.connect(4, world.sol)
    await world.connections.end(world.ana, ended)

    async def listed(**wanted: Any) -> list[str]:
        page = await world.connections.list_all(world.ana, NORTH, **wanted)
        return [each.details.connection.id for each in page]

    assert await listed() == [theirs, ours]
    assert await listed(include_ended=True) == [ended, theirs, ours]
    assert await listed(client_id=world.paybot) == [theirs]
    assert await listed(user_id=world.bo.user_id) == [ours]
    assert await listed(limit=1) == [theirs]
    assert await listed(limit=1, after=theirs) == [ours]
    assert await listed(client_id="'; DROP TABLE connections; --") == []


async def test_the_list_of_the_organisation_takes_oauth_app_manage(world: World) -> None:
    with pytest.raises(PermissionMissingError) as refusal:
        await world.connections.list_all(world.bo, NORTH)
    with pytest.raises(PermissionMissingError):
        await world.connections.list_all(world.ana, None)

    assert refusal.value.permission == "oauth_app.manage"
    assert await world.connections.list_all(operator(None), None) == ()
