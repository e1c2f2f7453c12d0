"""Apps that registered themselves and that nobody connects leave again. Threats MC-04."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from documents_of_others import CLIENT_ID, Documents
from protocol_world import OPERATOR, Party, query_of
from registering_world import RegisteringWorld, registering_world
from small_world import FixedClock

MONTH = timedelta(days=31)


@pytest.fixture
async def world(database_url: str, tmp_path: Path, clock: FixedClock) -> AsyncIterator[RegisteringWorld]:
    documents = Documents()
    documents.put()
    async with registering_world(
        tmp_path, database_url, clock, outbound=documents, client_id_metadata_documents=True
    ) as opened:
        yield opened


async def names(world: RegisteringWorld) -> set[str]:
    return {row[0] for row in await world.protocol.rows("SELECT name FROM apps")}


async def test_mc_04_apps_that_nobody_connected_are_removed_with_what_hangs_on_them(world: RegisteringWorld) -> None:
    await world.registered(client_name="Shared")
    own = await world.registered(client_name="Own", token_endpoint_auth_method="client_secret_post")
    gone = await world.registered(client_name="Gone", token_endpoint_auth_method="client_secret_post")
    await world.deeds.app_registry.delete(OPERATOR, gone["client_id"], confirm_name=None)
    assert world.deeds.authorize.documents is not None
    await world.deeds.authorize.documents.find_app(CLIENT_ID)
    world.clock.pass_time(MONTH)

    await world.deeds.housekeeping.sweep_once()

    assert await names(world) == {"Ledgerly", "Tool"}
    assert not await world.protocol.rows("SELECT id FROM app_secrets WHERE app_id = $1", own["client_id"])


async def test_apps_that_are_connected_asked_for_or_banned_stay(world: RegisteringWorld) -> None:
    connected = await world.registered(client_name="Connected")
    party = Party(await world.deeds.app_registry.get(OPERATOR, connected["client_id"]), None)
    await world.protocol.connect(party)
    banned = await world.registered(client_name="Banned")
    await world.deeds.app_registry.deactivate(OPERATOR, banned["client_id"])
    await world.registered(client_name="Asked for")
    world.clock.pass_time(MONTH)
    await world.registered(client_name="Asked for")

    await world.deeds.housekeeping.sweep_once()

    assert await names(world) == {"Ledgerly", "Tool", "Connected", "Banned", "Asked for"}


async def test_a_shared_app_that_was_removed_comes_back_under_its_client_id(world: RegisteringWorld) -> None:
    before = await world.registered()
    world.clock.pass_time(MONTH)
    await world.deeds.housekeeping.sweep_once()

    after = await world.registered()
    party = Party(await world.deeds.app_registry.get(OPERATOR, after["client_id"]), None)

    assert after["client_id"] == before["client_id"]
    assert (await world.deeds.authorize.trust(query_of(party))).app == party.app
