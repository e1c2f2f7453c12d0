"""The server verifies the code verifier before it returns tokens. RFC 7636 §4.6."""

import pytest

from consentry.model.access import Reason
from consentry.oauth.errors import ErrorCode
from consentry.oauth.pkce import challenge_of
from protocol_world import VERIFIER, ProtocolWorld, refused


@pytest.mark.shows("RFC 7636 §4.6 mismatch", "OAuth 2.1 §4.1.3 verifier")
async def test_pk_03_a_missing_verifier_gives_no_token(protocol: ProtocolWorld) -> None:
    for party in (protocol.web, protocol.tool):
        code = await protocol.approve(party)

        for verifier in (None, ""):
            with refused(ErrorCode.INVALID_GRANT):
                await protocol.exchange(party, code, code_verifier=verifier)

    assert await protocol.rows("SELECT id FROM access_tokens") == []


@pytest.mark.shows("RFC 7636 §4.6 compared", "RFC 7636 §4.6 mismatch")
@pytest.mark.parametrize("verifier", ["v" * 43, VERIFIER.upper(), VERIFIER + "~", challenge_of(VERIFIER)])
async def test_pk_05_a_wrong_verifier_is_refused_and_the_right_one_still_works(
    protocol: ProtocolWorld, verifier: str
) -> None:
    code = await protocol.approve(protocol.tool)

    with refused(ErrorCode.INVALID_GRANT):
        await protocol.exchange(protocol.tool, code, code_verifier=verifier)

    assert (await protocol.exchange(protocol.tool, code)).access_token


@pytest.mark.parametrize("verifier", ["v" * 42, "v" * 129, "é" * 43, "v" * 42 + " ", "v" * 42 + "+", "v" * 43 + "\n"])
async def test_pk_06_a_verifier_against_the_grammar_is_refused_and_counts_for_nothing(
    protocol: ProtocolWorld, verifier: str
) -> None:
    code = await protocol.approve(protocol.tool)

    for _ in range(6):
        with refused(ErrorCode.INVALID_REQUEST):
            await protocol.exchange(protocol.tool, code, code_verifier=verifier)

    assert (await protocol.exchange(protocol.tool, code)).access_token


@pytest.mark.shows("RFC 9700 §4.5.3 bound", "RFC 9700 §4.7.1 csrf")
async def test_pk_12_a_code_put_into_the_session_of_another_user_is_refused(protocol: ProtocolWorld) -> None:
    stolen = await protocol.approve(protocol.web)
    another_verifier = "the-verifier-of-the-attackers-own-browser-session"

    with refused(ErrorCode.INVALID_GRANT):
        await protocol.exchange(protocol.web, stolen, code_verifier=another_verifier)


async def test_the_fifth_wrong_proof_ends_a_code_and_the_fourth_does_not(protocol: ProtocolWorld) -> None:
    for wrong, is_good in ((4, True), (5, False)):
        code = await protocol.approve(protocol.tool)
        for _ in range(wrong):
            with refused(ErrorCode.INVALID_GRANT):
                await protocol.exchange(protocol.tool, code, code_verifier="v" * 43)

        if is_good:
            assert (await protocol.exchange(protocol.tool, code)).access_token
        else:
            with refused(ErrorCode.INVALID_GRANT):
                await protocol.exchange(protocol.tool, code)


async def test_pk_11_whoever_lacks_the_proof_cannot_end_the_tokens_of_a_redeemed_code(protocol: ProtocolWorld) -> None:
    code = await protocol.approve(protocol.tool)
    tokens = await protocol.exchange(protocol.tool, code)

    for _ in range(7):
        with refused(ErrorCode.INVALID_GRANT):
            await protocol.exchange(protocol.tool, code, code_verifier="v" * 43)
    assert await protocol.why_refused(tokens.access_token) is None

    with refused(ErrorCode.INVALID_GRANT):
        await protocol.exchange(protocol.tool, code)
    assert await protocol.why_refused(tokens.access_token) is Reason.REVOKED


@pytest.mark.shows("RFC 7636 §4.4 kept")
async def test_nothing_of_the_challenge_can_be_read_in_a_code(protocol: ProtocolWorld) -> None:
    code = await protocol.approve(protocol.web)

    assert challenge_of(VERIFIER) not in code
    assert VERIFIER not in code
    with refused(ErrorCode.INVALID_GRANT):
        await protocol.exchange(protocol.web, code, code_verifier=VERIFIER + "x")
    assert (await protocol.exchange(protocol.web, code)).access_token
