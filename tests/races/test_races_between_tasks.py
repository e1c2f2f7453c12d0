"""Many requests at once in one process: one winner, and never a token after the end."""

import asyncio

import pytest

from consentry.model.access import Reason
from consentry.model.faults import ConflictError
from consentry.oauth.errors import ErrorCode, OAuthError
from protocol_world import ProtocolWorld, outcomes, refused


@pytest.mark.shows("RFC 6749 §4.1.2 once")
async def test_pk_08_s1_of_fifty_redemptions_one_wins_and_what_it_gave_is_ended(protocol: ProtocolWorld) -> None:
    for party in (protocol.web, protocol.tool):
        for _ in range(10):
            code = await protocol.approve(party)

            won, lost = await outcomes(*(protocol.exchange(party, code) for _ in range(50)))

            assert (len(won), {refusal.code for refusal in lost}) == (1, {ErrorCode.INVALID_GRANT})
            assert await protocol.why_refused(won[0].access_token) is Reason.REVOKED
            with refused(ErrorCode.INVALID_GRANT):
                await protocol.refresh(party, won[0].refresh_token)
    assert await protocol.rows("SELECT count(*), count(ended_at) FROM token_families") == [(20, 20)]


async def test_s2_refreshes_and_repeats_of_two_generations_leave_one_lineage(protocol: ProtocolWorld) -> None:
    for _ in range(10):
        first = await protocol.connect(protocol.tool)
        second = await protocol.refresh(protocol.tool, first.refresh_token)

        won, lost = await outcomes(
            *(protocol.refresh(protocol.tool, tokens.refresh_token) for tokens in (first, second) * 10)
        )

        live = {tokens.refresh_token for tokens in won} - {second.refresh_token}
        assert len(live) <= 1
        assert {refusal.code for refusal in lost} <= {ErrorCode.INVALID_GRANT}
        for text in live:
            outcome = await asyncio.gather(protocol.refresh(protocol.tool, text), return_exceptions=True)
            assert isinstance(outcome[0], OAuthError) is bool(lost)


async def test_rv_01_whatever_is_refreshed_while_it_is_revoked_is_dead_afterwards(protocol: ProtocolWorld) -> None:
    for party in (protocol.web, protocol.tool):
        for _ in range(20):
            tokens = await protocol.connect(party)

            won, lost = await outcomes(
                *(protocol.refresh(party, tokens.refresh_token) for _ in range(5)),
                protocol.revoke(party, tokens.refresh_token),
                *(protocol.refresh(party, tokens.refresh_token) for _ in range(5)),
            )

            assert {refusal.code for refusal in lost} <= {ErrorCode.INVALID_GRANT}
            for each in (tokens, *filter(None, won)):
                assert await protocol.why_refused(each.access_token) is Reason.REVOKED
                with refused(ErrorCode.INVALID_GRANT):
                    await protocol.refresh(party, each.refresh_token)


async def test_rv_01_whatever_is_issued_while_the_connection_ends_is_dead_afterwards(protocol: ProtocolWorld) -> None:
    for _ in range(20):
        tokens = await protocol.connect(protocol.tool)
        codes = [await protocol.approve(protocol.tool) for _ in range(3)]

        won, _lost = await outcomes(
            protocol.refresh(protocol.tool, tokens.refresh_token),
            protocol.exchange(protocol.tool, codes[0]),
            protocol.end_connection(tokens.access_token),
            protocol.refresh(protocol.tool, tokens.refresh_token),
            *(protocol.exchange(protocol.tool, code) for code in codes[1:]),
        )

        for each in filter(None, won):
            assert await protocol.why_refused(each.access_token) is Reason.REVOKED
            with refused(ErrorCode.INVALID_GRANT):
                await protocol.refresh(protocol.tool, each.refresh_token)


async def look(protocol: ProtocolWorld, text: str, ended: asyncio.Event) -> None:
    for _ in range(20):
        began_after_the_end = ended.is_set()
        reason = await protocol.why_refused(text)
        assert reason is Reason.REVOKED or not began_after_the_end
        await asyncio.sleep(0)


async def revoke(protocol: ProtocolWorld, text: str | None, ended: asyncio.Event) -> None:
    await protocol.revoke(protocol.tool, text)
    ended.set()


async def test_s3_no_check_that_begins_after_a_revocation_succeeds(protocol: ProtocolWorld) -> None:
    for _ in range(100):
        tokens = await protocol.connect(protocol.tool)
        ended = asyncio.Event()

        await asyncio.gather(
            look(protocol, tokens.access_token, ended),
            revoke(protocol, tokens.refresh_token, ended),
            look(protocol, tokens.access_token, ended),
        )

        await look(protocol, tokens.access_token, ended)


async def test_cs_16_one_request_answered_in_many_tabs_at_once_is_answered_once(protocol: ProtocolWorld) -> None:
    for _ in range(10):
        opened = await protocol.open_request(protocol.web)

        answers = await asyncio.gather(
            *(protocol.answer(opened) for _ in range(10)),
            *(protocol.deeds.consent.decline(opened.pending, opened.to, opened.offer) for _ in range(3)),
            return_exceptions=True,
        )

        assert sum(isinstance(answer, ConflictError) for answer in answers) == 12
    assert len(await protocol.rows("SELECT id FROM connections WHERE ended_at IS NULL")) <= 1


async def test_rotation_of_many_families_at_once_shares_commits_and_mixes_nothing_up(protocol: ProtocolWorld) -> None:
    families = [await protocol.connect(protocol.tool) for _ in range(40)]

    rotated = await asyncio.gather(*(protocol.refresh(protocol.tool, each.refresh_token) for each in families))

    assert len({each.refresh_token for each in rotated}) == 40
    rows = await protocol.rows("SELECT generation, count(*) FROM token_families GROUP BY generation")
    assert rows == [(2, 40)]
