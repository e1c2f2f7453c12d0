"""Refresh tokens of public apps rotate; reuse ends the family, and honest repeats do no harm. RFC 9700 §4.14.2."""

from datetime import timedelta

import pytest

from consentry.model.access import Reason
from consentry.model.refresh_token import new_refresh_token, parse_refresh_token
from consentry.model.secret import Secret
from consentry.oauth.errors import ErrorCode
from protocol_world import ProtocolWorld, outcomes, refused
from small_world import FixedClock

SECOND = timedelta(seconds=1)
FOREIGN_KEY = b"of another server, 32 bytes long"
REUSED = "SELECT count(*) FROM events WHERE kind = 'connection.refresh_token_replayed'"


@pytest.mark.shows(
    "RFC 9700 §4.14.2 rotation", "RFC 9700 §2.2.2 refresh", "OAuth 2.1 §4.3.1 rotation", "OAuth 2.1 §4.3.1 reuse"
)
async def test_rt_01_reuse_after_the_grace_window_ends_the_whole_family(
    protocol: ProtocolWorld, clock: FixedClock
) -> None:
    first = await protocol.connect(protocol.tool)
    second = await protocol.refresh(protocol.tool, first.refresh_token)
    assert second.refresh_token != first.refresh_token
    clock.pass_time(31 * SECOND)

    with refused(ErrorCode.INVALID_GRANT):
        await protocol.refresh(protocol.tool, first.refresh_token)

    with refused(ErrorCode.INVALID_GRANT):
        await protocol.refresh(protocol.tool, second.refresh_token)
    for tokens in (first, second):
        assert await protocol.why_refused(tokens.access_token) is Reason.REVOKED
    assert await protocol.rows(REUSED) == [(1,)]


@pytest.mark.shows("RFC 9700 §4.14.2 rotation", "OAuth 2.1 §4.3.1 reuse")
async def test_rt_01_a_token_of_any_past_generation_is_recognised_even_within_a_grace_window(
    protocol: ProtocolWorld,
) -> None:
    tokens = [await protocol.connect(protocol.tool)]
    for _ in range(4):
        tokens.append(await protocol.refresh(protocol.tool, tokens[-1].refresh_token))

    with refused(ErrorCode.INVALID_GRANT):
        await protocol.refresh(protocol.tool, tokens[1].refresh_token)

    with refused(ErrorCode.INVALID_GRANT):
        await protocol.refresh(protocol.tool, tokens[-1].refresh_token)
    assert await protocol.rows(REUSED) == [(1,)]


@pytest.mark.parametrize(("grace", "after", "is_same"), [(30, 0, True), (30, 29, True), (30, 30, False), (0, 0, False)])
async def test_rt_02_within_the_grace_window_a_repeat_gets_the_same_successor(
    protocol: ProtocolWorld, clock: FixedClock, grace: int, after: int, *, is_same: bool
) -> None:
    object.__setattr__(protocol.deeds.refresh_token_grant.mint.policy, "refresh_grace", grace * SECOND)
    first = await protocol.connect(protocol.tool)
    second = await protocol.refresh(protocol.tool, first.refresh_token)
    clock.pass_time(after * SECOND)

    if is_same:
        again = await protocol.refresh(protocol.tool, first.refresh_token)
        assert again.refresh_token == second.refresh_token
        assert again.access_token != second.access_token
        assert await protocol.why_refused(again.access_token) is None
        assert (await protocol.refresh(protocol.tool, again.refresh_token)).access_token
    else:
        with refused(ErrorCode.INVALID_GRANT):
            await protocol.refresh(protocol.tool, first.refresh_token)


async def test_rt_02_a_repeat_does_not_lengthen_the_grace_window(protocol: ProtocolWorld, clock: FixedClock) -> None:
    first = await protocol.connect(protocol.tool)
    await protocol.refresh(protocol.tool, first.refresh_token)
    clock.pass_time(20 * SECOND)
    await protocol.refresh(protocol.tool, first.refresh_token)
    clock.pass_time(20 * SECOND)

    with refused(ErrorCode.INVALID_GRANT):
        await protocol.refresh(protocol.tool, first.refresh_token)


async def test_rt_02_fifty_refreshes_at_once_all_get_one_successor(protocol: ProtocolWorld) -> None:
    first = await protocol.connect(protocol.tool)

    won, lost = await outcomes(*(protocol.refresh(protocol.tool, first.refresh_token) for _ in range(50)))

    assert lost == []
    assert len({tokens.refresh_token for tokens in won}) == 1
    assert await protocol.rows("SELECT generation, ended_at FROM token_families") == [(2, None)]


async def test_a_repeat_for_another_scope_within_the_window_is_refused_and_ends_nothing(
    protocol: ProtocolWorld,
) -> None:
    first = await protocol.connect(protocol.tool)
    second = await protocol.refresh(protocol.tool, first.refresh_token)

    with refused(ErrorCode.INVALID_GRANT):
        await protocol.refresh(protocol.tool, first.refresh_token, scope="invoicing:read")

    assert (await protocol.refresh(protocol.tool, second.refresh_token)).access_token


async def test_the_grace_window_never_revives_an_ended_family_or_connection(protocol: ProtocolWorld) -> None:
    first = await protocol.connect(protocol.tool)
    second = await protocol.refresh(protocol.tool, first.refresh_token)
    await protocol.revoke(protocol.tool, second.refresh_token)
    for tokens in (first, second):
        with refused(ErrorCode.INVALID_GRANT):
            await protocol.refresh(protocol.tool, tokens.refresh_token)

    third = await protocol.connect(protocol.tool)
    fourth = await protocol.refresh(protocol.tool, third.refresh_token)
    await protocol.end_connection(fourth.access_token)
    await protocol.connect(protocol.tool)
    for tokens in (first, second, third, fourth):
        with refused(ErrorCode.INVALID_GRANT):
            await protocol.refresh(protocol.tool, tokens.refresh_token)


async def test_a_forged_refresh_token_neither_refreshes_nor_ends_anything(
    protocol: ProtocolWorld, clock: FixedClock
) -> None:
    first = await protocol.connect(protocol.tool)
    second = await protocol.refresh(protocol.tool, first.refresh_token)
    clock.pass_time(timedelta(minutes=1))
    parsed = parse_refresh_token(second.refresh_token or "")
    assert parsed is not None

    for generation in (0, 1, 2, 3, 62**6 - 1):
        for secret in (Secret("0" * 43), parsed.secret):
            forged = new_refresh_token(parsed.family_id, generation, secret, FOREIGN_KEY)
            if generation == parsed.generation and secret is parsed.secret:
                continue
            with refused(ErrorCode.INVALID_GRANT):
                await protocol.refresh(protocol.tool, forged.text().reveal())
            await protocol.revoke(protocol.tool, forged.text().reveal())

    assert (await protocol.refresh(protocol.tool, second.refresh_token)).access_token


async def test_nothing_stored_opens_the_sealed_successor(protocol: ProtocolWorld) -> None:
    first = await protocol.connect(protocol.tool)
    second = await protocol.refresh(protocol.tool, first.refresh_token)

    stored = await protocol.dump()
    for tokens in (first, second):
        parsed = parse_refresh_token(tokens.refresh_token or "")
        assert parsed is not None
        assert parsed.secret.reveal() not in stored
        assert parsed.mac not in stored


async def test_rt_08_an_idle_family_expires_and_a_used_one_lives_until_its_absolute_end(
    protocol: ProtocolWorld, clock: FixedClock
) -> None:
    for party in (protocol.tool, protocol.web):
        begun = clock.present
        tokens = await protocol.connect(party)
        while clock.present + timedelta(days=89) < begun + timedelta(days=365):
            clock.pass_time(timedelta(days=89))
            tokens = await protocol.refresh(party, tokens.refresh_token)
        clock.present = begun + timedelta(days=365) - 60 * SECOND
        tokens = await protocol.refresh(party, tokens.refresh_token)
        assert tokens.expires_in == 60

        clock.pass_time(60 * SECOND)
        with refused(ErrorCode.INVALID_GRANT):
            await protocol.refresh(party, tokens.refresh_token)
        assert await protocol.why_refused(tokens.access_token) is Reason.EXPIRED

        idle = await protocol.connect(party)
        clock.pass_time(timedelta(days=90))
        with refused(ErrorCode.INVALID_GRANT):
            await protocol.refresh(party, idle.refresh_token)


async def test_a_confidential_app_keeps_its_refresh_token(protocol: ProtocolWorld, clock: FixedClock) -> None:
    tokens = await protocol.connect(protocol.web)

    for _ in range(3):
        clock.pass_time(timedelta(hours=1))
        again = await protocol.refresh(protocol.web, tokens.refresh_token)
        assert again.refresh_token == tokens.refresh_token
        assert await protocol.why_refused(again.access_token) is None
