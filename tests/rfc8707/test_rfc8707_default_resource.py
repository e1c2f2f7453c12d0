"""A request that names no API is for the deployment's default one, by every grant. RFC 8707 §2."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from consentry.model.access import Reason
from consentry.oauth.errors import ErrorCode
from device_world import build_device_world
from protocol_world import OPERATOR, ProtocolWorld, build_protocol_world, refused
from small_world import FixedClock

BOOKS, PAYROLL = "https://api.books.test", "https://payroll.books.test/v1"


@pytest.fixture
async def world(database_url: str, tmp_path: Path, clock: FixedClock) -> AsyncIterator[ProtocolWorld]:
    file = tmp_path / "consentry.sqlite3"
    built = await build_protocol_world(file, clock, database_url=database_url, default_resource=BOOKS)
    await built.deeds.resources.register(OPERATOR, "Payroll", PAYROLL)
    yield built
    await built.deeds.database.close()


@pytest.mark.shows("RFC 8707 §2 audience")
async def test_mc_01_a_token_of_a_code_is_for_the_default_api(world: ProtocolWorld) -> None:
    tokens = await world.connect(world.tool)
    refreshed = await world.refresh(world.tool, tokens.refresh_token)

    for text in (tokens.access_token, refreshed.access_token):
        assert (await world.access(text)).resource == BOOKS
        answer = await world.check(text, resource=PAYROLL)
        assert getattr(answer, "reason", None) is Reason.WRONG_AUDIENCE


async def test_mc_01_a_token_of_a_device_is_for_the_default_api(world: ProtocolWorld) -> None:
    devices = await build_device_world(world)
    told = await devices.ask()
    await devices.approve(told.user_code)

    tokens = await devices.poll(told.device_code, resource=f"{BOOKS}/")

    assert (await world.access(tokens.access_token)).resource == BOOKS


async def test_mc_01_a_token_of_an_app_that_acts_alone_is_for_the_default_api(world: ProtocolWorld) -> None:
    party = await world.add_app(metadata={"grant_types": ["client_credentials"]}, redirect_uris=())
    await world.deeds.services.members.allow(OPERATOR, party.app.client_id)

    for asked, given in ((None, BOOKS), (PAYROLL, PAYROLL)):
        tokens = await world.token(party, grant_type="client_credentials", resource=asked)
        assert (await world.access(tokens.access_token)).resource == given


@pytest.mark.shows("RFC 8707 §2.2 no-more")
async def test_mc_03_the_default_can_be_named_and_no_other_can_be_put_in_its_place(world: ProtocolWorld) -> None:
    for named in (None, BOOKS, f"{BOOKS}/"):
        code = await world.approve(world.web, resource=named)
        with refused(ErrorCode.INVALID_TARGET):
            await world.exchange(world.web, code, resource=PAYROLL)

        tokens = await world.exchange(world.web, code, resource=BOOKS)

        with refused(ErrorCode.INVALID_TARGET):
            await world.refresh(world.web, tokens.refresh_token, resource=PAYROLL)


async def test_another_registered_api_can_be_asked_for_and_no_unknown_one(world: ProtocolWorld) -> None:
    tokens = await world.connect(world.web, resource=PAYROLL)

    assert (await world.access(tokens.access_token)).resource == PAYROLL
    with refused(ErrorCode.INVALID_TARGET):
        await world.approve(world.web, resource="https://evil.test")
