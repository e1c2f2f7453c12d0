"""A client that uses PKCE cannot be talked out of it. RFC 9700 §4.8.2."""

import pytest

from consentry.model.app import AppType
from consentry.model.faults import InvalidInputError
from consentry.oauth.errors import ErrorCode
from protocol_world import ProtocolWorld, query_of, refused


@pytest.mark.shows("RFC 9700 §2.1.1 no-downgrade", "OAuth 2.1 §4.1.3 verifier")
async def test_pk_04_a_verifier_for_a_code_without_a_challenge_is_refused(protocol: ProtocolWorld) -> None:
    party = await protocol.add_app(name="Old", require_pkce=False)
    code = await protocol.approve(party, code_challenge=None, code_challenge_method=None)

    with refused(ErrorCode.INVALID_GRANT):
        await protocol.exchange(party, code)

    assert (await protocol.exchange(party, code, code_verifier=None)).access_token


@pytest.mark.shows("RFC 9700 §2.1.1 pkce-supported")
async def test_pk_04_an_app_that_may_leave_pkce_out_is_held_to_it_once_it_used_it(protocol: ProtocolWorld) -> None:
    party = await protocol.add_app(name="Old", require_pkce=False)
    code = await protocol.approve(party)

    with refused(ErrorCode.INVALID_GRANT):
        await protocol.exchange(party, code, code_verifier=None)


@pytest.mark.shows("RFC 9700 §2.1.1 pkce-public", "OAuth 2.1 §4.1.1 challenge")
async def test_pk_01_a_challenge_cannot_be_left_out_by_a_public_app_or_by_default(protocol: ProtocolWorld) -> None:
    for party in (protocol.web, protocol.tool):
        to = await protocol.deeds.authorize.trust(query_of(party))
        for changes in (
            {"code_challenge": None, "code_challenge_method": None},
            {"code_challenge": None},
            {"code_challenge_method": None},
            {"code_challenge_method": "plain"},
        ):
            with refused(ErrorCode.INVALID_REQUEST):
                await protocol.deeds.authorize.read(query_of(party, **changes), to)


async def test_a_public_app_cannot_be_registered_without_pkce(protocol: ProtocolWorld) -> None:
    with pytest.raises(InvalidInputError):
        await protocol.add_app(name="Loose", type=AppType.PUBLIC, require_pkce=False)
