"""Codes are given in moderation: to one network, and in the name of one app. RFC 8628 §5.1, §5.2."""

import asyncio
from datetime import timedelta

import httpx
import pytest

from consentry.flows.device_authorization import ASKING_APP_POLICY, ASKING_SOURCE_POLICY
from consentry.flows.throttle import TooManyRequestsError
from consentry.oauth.errors import OAuthError
from device_world import DEVICE_ADDRESS, DEVICE_GRANT, DeviceWorld
from live_server import Site
from protocol_world import Party
from small_world import FixedClock
from user_agent import post


async def ask_often(
    devices: DeviceWorld, times: int, party: Party | None = None, address: str = DEVICE_ADDRESS
) -> list[int]:
    """Ask so many times, each from the next address; return what those were told to wait who got no code."""
    waits = []
    for number in range(times):
        try:
            await devices.ask(party, address=address.format(number))
        except TooManyRequestsError as refusal:
            waits.append(refusal.retry_after)
    return waits


@pytest.mark.shows("RFC 8628 §5.1 guessing")
async def test_one_network_gets_sixty_codes_in_a_row_and_waits_a_minute_at_most(
    devices: DeviceWorld, clock: FixedClock
) -> None:
    waits = await ask_often(devices, 100)

    assert len(waits) == 100 - (ASKING_SOURCE_POLICY.free + 1)
    for _ in range(10):
        clock.pass_time(timedelta(minutes=1))
        waits += await ask_often(devices, 2)
    assert len(waits) == 100 - (ASKING_SOURCE_POLICY.free + 1) + 10
    assert max(waits) == 60


async def test_another_network_goes_on(devices: DeviceWorld) -> None:
    await ask_often(devices, 100)

    assert not await ask_often(devices, 1, address="192.0.2.1")


async def test_a_network_of_ipv6_is_one_network(devices: DeviceWorld) -> None:
    assert len(await ask_often(devices, 100, address="2001:db8::{:x}")) == 100 - (ASKING_SOURCE_POLICY.free + 1)
    assert not await ask_often(devices, 1, address="2001:db8:0:1::1")


async def test_one_app_gets_six_hundred_codes_in_a_row_and_then_one_a_second(
    devices: DeviceWorld, clock: FixedClock
) -> None:
    many = ASKING_APP_POLICY.free + 1
    assert not await ask_often(devices, many, address="2001:db8:0:{:x}::1")

    assert await ask_often(devices, 3, address="192.0.2.{}") == [1, 1, 1]
    assert not await ask_often(devices, 1, devices.till, address="192.0.2.9")
    clock.pass_time(timedelta(seconds=1))
    assert not await ask_often(devices, 1, address="192.0.2.7")


async def test_of_requests_at_one_moment_no_more_are_counted(devices: DeviceWorld) -> None:
    answers = await asyncio.gather(*(devices.ask() for _ in range(80)), return_exceptions=True)

    refused = sum(isinstance(answer, TooManyRequestsError) for answer in answers)
    assert refused == 80 - (ASKING_SOURCE_POLICY.free + 1)


async def test_what_is_refused_anyway_does_not_count(devices: DeviceWorld) -> None:
    for _ in range(ASKING_SOURCE_POLICY.free + 5):
        with pytest.raises(OAuthError):
            await devices.ask(scope="unknown")

    assert not await ask_often(devices, 1)


@pytest.mark.shows("RFC 8628 §3.1 post")
def test_the_answer_says_when_to_ask_again_and_is_no_slow_down(site: Site) -> None:
    television = site.add_app(name="Screen", public=True, redirect_uris=("https://tv.test/",), metadata=DEVICE_GRANT)

    answers = [post(site, "/oauth/device_authorization", television, {}) for _ in range(70)]

    refusal = next(answer for answer in answers if answer.status_code != httpx.codes.OK)
    assert refusal.status_code == httpx.codes.TOO_MANY_REQUESTS
    assert refusal.json()["error"] == "temporarily_unavailable"
    assert "Too many codes were asked for lately" in refusal.json()["error_description"]
    assert int(refusal.headers["retry-after"]) >= 1
    assert "Retry-After" in refusal.headers["access-control-expose-headers"]
