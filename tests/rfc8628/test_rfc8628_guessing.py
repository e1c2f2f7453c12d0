"""Guessing of user codes is slowed by session, by source and everywhere, and never for good. RFC 8628 §5.1."""

import asyncio
from datetime import timedelta

import pytest

from consentry.flows.device_authorization import GLOBAL_POLICY, SOURCE_POLICY, CodesThrottled, CodeUnknown
from consentry.model.device_code import DeviceCode
from consentry.model.ids import SessionId
from device_world import DeviceWorld
from small_world import FixedClock

# There is no such letter in a code.
WRONG = "AAAA-AAAA"


def session(number: int) -> SessionId:
    return SessionId(f"{number:022}")


async def guess(devices: DeviceWorld, times: int, *, sessions: int = 1, address: str = "203.0.113.{}") -> int:
    """Guess so many times; return how many guesses were heard."""
    heard = 0
    for number in range(times):
        answer = await devices.type_code(
            WRONG, session=session(number % sessions), address=address.format(number % sessions)
        )
        heard += isinstance(answer, CodeUnknown)
    return heard


@pytest.mark.shows("RFC 8628 §5.1 guessing")
async def test_dv_01_of_a_thousand_guesses_in_one_session_six_are_heard(devices: DeviceWorld) -> None:
    told = await devices.ask()

    heard = await guess(devices, 1000)

    assert heard == 6
    assert isinstance(await devices.type_code(told.user_code, session=session(0)), CodesThrottled)


async def test_dv_01_of_many_guesses_sent_at_once_no_more_are_heard(devices: DeviceWorld) -> None:
    answers = await asyncio.gather(*(devices.type_code(WRONG) for _ in range(40)))

    assert sum(isinstance(answer, CodeUnknown) for answer in answers) == 6


async def test_dv_01_many_sessions_of_one_source_are_slowed_together(devices: DeviceWorld) -> None:
    heard = await guess(devices, 200, sessions=200, address="203.0.113.7")

    assert heard == SOURCE_POLICY.free + 1


async def test_dv_01_one_network_of_ipv6_is_one_source(devices: DeviceWorld) -> None:
    heard = await guess(devices, 200, sessions=200, address="2001:db8::{:x}")

    assert heard == SOURCE_POLICY.free + 1


async def test_dv_01_guesses_from_everywhere_are_slowed_and_hold_nobody_up_for_long(
    devices: DeviceWorld, clock: FixedClock
) -> None:
    told = await devices.ask()
    for number in range(GLOBAL_POLICY.free + 1):
        await devices.type_code(WRONG, session=session(number), address=f"10.{number // 250}.{number % 250}.1")

    now = await devices.type_code(told.user_code)
    clock.pass_time(timedelta(seconds=1))
    a_second_later = await devices.type_code(told.user_code)

    assert now == CodesThrottled(timedelta(seconds=1))
    assert isinstance(a_second_later, DeviceCode)


async def test_a_right_code_forgives_the_mistyped_ones_of_its_session(devices: DeviceWorld) -> None:
    told = await devices.ask()
    for _ in range(3):
        await guess(devices, 5)
        assert isinstance(await devices.type_code(told.user_code, session=session(0)), DeviceCode)


async def test_wrong_codes_are_in_the_audit_and_their_letters_are_not(devices: DeviceWorld) -> None:
    await devices.type_code("BBBB-BBBB")

    ((actor, details),) = await devices.protocol.rows(
        "SELECT user_id, details FROM events WHERE kind = 'device.code_refused'"
    )
    assert actor == devices.protocol.bo
    assert "BBBB" not in details


@pytest.mark.parametrize("typed", ["", " ", "BCDF", "x" * 10_000, "BCDF-GHJK", "' OR 1=1 --"])
async def test_what_nobody_waits_with_is_unknown(devices: DeviceWorld, typed: str) -> None:
    assert isinstance(await devices.type_code(typed), CodeUnknown)


async def test_an_answered_or_expired_code_is_unknown(devices: DeviceWorld, clock: FixedClock) -> None:
    answered, waiting = await devices.ask(), await devices.ask()
    await devices.approve(answered.user_code)

    assert isinstance(await devices.type_code(answered.user_code), CodeUnknown)
    clock.pass_time(timedelta(minutes=10))
    assert isinstance(await devices.type_code(waiting.user_code), CodeUnknown)
