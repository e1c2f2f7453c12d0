"""The device asks until the person has answered, and gets its tokens once. RFC 8628 §3.4, §3.5."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from consentry.model.acting import member, operator
from consentry.model.app_draft import AppChange
from consentry.model.faults import ConflictError, PermissionMissingError
from consentry.model.ids import SessionId
from consentry.model.organisation import Standing
from consentry.oauth.errors import ErrorCode
from device_world import DEVICE_ADDRESS, DeviceWorld
from protocol_world import OPERATOR, ProtocolWorld, outcomes, refused
from small_world import FixedClock

SECOND = timedelta(seconds=1)
LIVE = "SELECT scopes, declined_scopes FROM connections WHERE ended_at IS NULL"


@pytest.mark.shows("RFC 8628 §3.4 request", "RFC 8628 §3.5 pending")
async def test_a_device_waits_for_the_person_and_then_gets_tokens(devices: DeviceWorld, clock: FixedClock) -> None:
    told = await devices.ask(scope="invoicing:read contacts:read")
    with refused(ErrorCode.AUTHORIZATION_PENDING):
        await devices.poll(told.device_code)
    await devices.approve(told.user_code, ["contacts:read"])
    clock.pass_time(5 * SECOND)

    tokens = await devices.poll(told.device_code)

    assert str(tokens.scope) == "contacts:read"
    access = await devices.protocol.access(tokens.access_token)
    assert (access.user_id, access.organisation_id) == (devices.protocol.bo, devices.protocol.acme)
    assert await devices.protocol.rows(LIVE) == [("contacts:read", "invoicing:read")]
    fresh = await devices.protocol.refresh(devices.television, tokens.refresh_token)
    assert fresh.refresh_token != tokens.refresh_token


@pytest.mark.shows("RFC 8628 §3.5 slow-down")
async def test_dv_02_a_device_that_asks_too_often_is_slowed_down_by_five_seconds_each_time(
    devices: DeviceWorld, clock: FixedClock
) -> None:
    told = await devices.ask()
    pending, slow = ErrorCode.AUTHORIZATION_PENDING, ErrorCode.SLOW_DOWN
    for after, expected in ((0, pending), (5, pending), (4, slow), (9, slow), (15, pending), (14, slow), (20, pending)):
        clock.pass_time(after * SECOND)
        with refused(expected):
            await devices.poll(told.device_code)
    assert await devices.protocol.rows("SELECT interval_seconds FROM device_codes") == [(20,)]


async def test_dv_02_of_many_questions_at_once_one_is_in_time(devices: DeviceWorld) -> None:
    told = await devices.ask()

    won, lost = await outcomes(*(devices.poll(told.device_code) for _ in range(10)))

    assert won == []
    codes = sorted(refusal.code for refusal in lost)
    assert codes == [ErrorCode.AUTHORIZATION_PENDING, *[ErrorCode.SLOW_DOWN] * 9]


async def test_a_network_that_hurries_one_question_does_not_make_the_device_slow(
    devices: DeviceWorld, clock: FixedClock
) -> None:
    told = await devices.ask()
    for after in (0.0, 4.6, 4.6):
        clock.pass_time(after * SECOND)
        with refused(ErrorCode.AUTHORIZATION_PENDING):
            await devices.poll(told.device_code)


@pytest.mark.shows("RFC 8628 §3.5 denied")
async def test_a_person_who_declines_is_told_to_the_device_and_connects_nothing(devices: DeviceWorld) -> None:
    told = await devices.ask()
    await devices.decline(await devices.enter(told.user_code))

    for _ in range(2):
        with refused(ErrorCode.ACCESS_DENIED):
            await devices.poll(told.device_code)

    assert await devices.protocol.rows(LIVE) == []
    ((kind, details),) = await devices.protocol.rows("SELECT kind, details FROM events WHERE kind LIKE 'connection.%'")
    assert kind == "connection.declined"
    assert DEVICE_ADDRESS in details


@pytest.mark.shows("RFC 8628 §3.5 expired")
async def test_dv_04_after_its_time_a_code_is_expired_answered_or_not(devices: DeviceWorld, clock: FixedClock) -> None:
    waiting, approved = await devices.ask(), await devices.ask()
    await devices.approve(approved.user_code)
    entered = await devices.enter(waiting.user_code)
    clock.pass_time(timedelta(minutes=10))

    for told in (waiting, approved):
        with refused(ErrorCode.EXPIRED_TOKEN):
            await devices.poll(told.device_code)
    with pytest.raises(ConflictError):
        await devices.answer(entered)


@pytest.mark.shows("RFC 8628 §3.5 bound")
async def test_dv_04_another_client_gets_nothing_and_does_the_code_no_harm(devices: DeviceWorld) -> None:
    told = await devices.ask()
    await devices.approve(told.user_code)

    with refused(ErrorCode.INVALID_GRANT):
        await devices.poll(told.device_code, devices.till)

    assert (await devices.poll(told.device_code)).access_token


@pytest.mark.shows("RFC 8628 §3.5 once")
async def test_dv_04_a_code_gives_tokens_once(devices: DeviceWorld) -> None:
    told = await devices.ask()
    await devices.approve(told.user_code)
    tokens = await devices.poll(told.device_code)

    with refused(ErrorCode.INVALID_GRANT):
        await devices.poll(told.device_code)

    assert await devices.protocol.why_refused(tokens.access_token) is None


@pytest.mark.shows("RFC 8628 §3.5 once")
async def test_dv_04_of_fifty_redemptions_at_once_exactly_one_wins(devices: DeviceWorld) -> None:
    for party in (devices.television, devices.till):
        told = await devices.ask(party)
        await devices.approve(told.user_code)

        won, lost = await outcomes(*(devices.poll(told.device_code, party) for _ in range(50)))

        assert (len(won), {refusal.code for refusal in lost}) == (1, {ErrorCode.INVALID_GRANT})
        assert await devices.protocol.why_refused(won[0].access_token) is None
    assert await devices.protocol.rows("SELECT count(*) FROM token_families") == [(2,)]


async def test_one_request_that_is_answered_many_times_at_once_is_answered_once(devices: DeviceWorld) -> None:
    entered = await devices.enter((await devices.ask()).user_code)

    done = await asyncio.gather(
        *(devices.answer(entered) for _ in range(5)),
        *(devices.decline(entered) for _ in range(5)),
        return_exceptions=True,
    )

    assert sum(isinstance(answer, ConflictError) for answer in done) == 9
    assert done.count(None) == 1
    assert len(await devices.protocol.rows("SELECT id FROM events WHERE kind LIKE 'connection.%'")) == 1


@pytest.mark.parametrize("wrong", ["", "cst_dc_", "x" * 78, "cst_ac_" + "0" * 71])
async def test_what_is_no_device_code_is_an_invalid_grant(devices: DeviceWorld, wrong: str) -> None:
    with refused(ErrorCode.INVALID_GRANT if wrong else ErrorCode.INVALID_REQUEST):
        await devices.poll(wrong)


async def test_a_device_code_with_another_secret_is_an_invalid_grant(devices: DeviceWorld) -> None:
    told, other = await devices.ask(), await devices.ask(devices.till)
    await devices.approve(told.user_code)

    with refused(ErrorCode.INVALID_GRANT):
        await devices.poll(told.device_code[:29] + other.device_code[29:])


async def test_an_app_that_lost_the_grant_gets_nothing(devices: DeviceWorld) -> None:
    with refused(ErrorCode.UNAUTHORIZED_CLIENT):
        await devices.poll("x", devices.protocol.tool)


async def suspend_user(protocol: ProtocolWorld) -> None:
    await protocol.deeds.people.users.set_standing(OPERATOR, protocol.bo, Standing.SUSPENDED)


async def suspend_member(protocol: ProtocolWorld) -> None:
    await protocol.deeds.people.members.set_standing(OPERATOR, protocol.acme, protocol.bo, Standing.SUSPENDED)


async def suspend_organisation(protocol: ProtocolWorld) -> None:
    await protocol.deeds.people.organisations.set_standing(OPERATOR, protocol.acme, Standing.SUSPENDED)


async def remove_member(protocol: ProtocolWorld) -> None:
    await protocol.deeds.people.members.remove(OPERATOR, protocol.acme, protocol.bo)


async def end_connection(protocol: ProtocolWorld) -> None:
    acting = member(protocol.bo, protocol.acme, frozenset())
    (found,) = await protocol.rows("SELECT id FROM connections WHERE ended_at IS NULL")
    await protocol.deeds.connections.end(acting, found[0])


@pytest.mark.parametrize(
    "lock",
    [suspend_user, suspend_member, suspend_organisation, remove_member, end_connection],
    ids=lambda one: one.__name__,
)
async def test_cs_13_who_was_locked_since_the_approval_is_refused_at_redemption(
    devices: DeviceWorld, lock: Callable[[ProtocolWorld], Awaitable[None]]
) -> None:
    told = await devices.ask()
    await devices.approve(told.user_code)
    await lock(devices.protocol)

    with refused(ErrorCode.INVALID_GRANT):
        await devices.poll(told.device_code)

    assert await devices.protocol.rows("SELECT id FROM token_families") == []


async def test_the_tokens_hold_what_still_stands_of_the_approval(devices: DeviceWorld) -> None:
    told = await devices.ask()
    await devices.approve(told.user_code)
    admin = operator("opr_000000000000000tests1")
    change = AppChange(required_scopes=("invoicing:read",), optional_scopes=())
    await devices.protocol.deeds.app_registry.edit(admin, devices.television.app.client_id, change)

    tokens = await devices.poll(told.device_code)

    assert str(tokens.scope) == "invoicing:read"


async def test_dv_03_everything_is_asked_again_whatever_was_approved_before(devices: DeviceWorld) -> None:
    for party in (devices.television, devices.till):
        first = await devices.ask(party)
        await devices.approve(first.user_code)

        again = await devices.enter((await devices.ask(party)).user_code)

        assert not again.offer.remembered
        assert {one.name for one in again.offer.shown} == again.offer.asked.tokens


async def test_what_was_approved_before_and_is_declined_now_is_taken_back(devices: DeviceWorld) -> None:
    await devices.approve((await devices.ask()).user_code)

    await devices.approve((await devices.ask()).user_code, [])

    assert await devices.protocol.rows(LIVE) == [("invoicing:write", "contacts:read invoicing:read")]


async def test_without_the_permission_to_install_nothing_is_approved(devices: DeviceWorld) -> None:
    reader = await devices.protocol.add_member("reader@acme.test", "reader")
    told = await devices.ask()
    entered = await devices.enter(told.user_code, user=reader)

    with pytest.raises(PermissionMissingError):
        await devices.answer(entered)

    with refused(ErrorCode.AUTHORIZATION_PENDING):
        await devices.poll(told.device_code)


async def test_only_the_browser_in_which_the_code_was_typed_last_may_answer(devices: DeviceWorld) -> None:
    told = await devices.ask()
    entered = await devices.enter(told.user_code)
    await devices.enter(told.user_code, session=SessionId("another0browser0000ses"))

    with pytest.raises(ConflictError):
        await devices.answer(entered)
    with pytest.raises(ConflictError):
        await devices.protocol.deeds.devices.consent.find(entered.request.code.id, entered.claim.session_id)
