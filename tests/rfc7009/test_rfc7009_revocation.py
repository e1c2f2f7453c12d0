"""A client takes its tokens back. RFC 7009."""

from dataclasses import replace

import pytest

from consentry.model.access import Reason
from consentry.oauth.errors import ErrorCode
from protocol_world import ProtocolWorld, refused

ENDED = "SELECT count(*) FROM events WHERE kind = 'connection.tokens_ended'"


@pytest.mark.shows("RFC 7009 §2.1 refresh-token", "RFC 7009 §2.1 cascade")
async def test_rv_05_revoking_a_refresh_token_ends_its_access_tokens_too(protocol: ProtocolWorld) -> None:
    for party in (protocol.web, protocol.tool):
        tokens = await protocol.connect(party)
        again = await protocol.refresh(party, tokens.refresh_token)

        await protocol.revoke(party, again.refresh_token)

        for each in (tokens, again):
            assert await protocol.why_refused(each.access_token) is Reason.REVOKED
            with refused(ErrorCode.INVALID_GRANT):
                await protocol.refresh(party, each.refresh_token)


async def test_revoking_an_access_token_ends_it_alone(protocol: ProtocolWorld) -> None:
    first = await protocol.connect(protocol.web)
    second = await protocol.refresh(protocol.web, first.refresh_token)

    await protocol.revoke(protocol.web, first.access_token)

    assert await protocol.why_refused(first.access_token) is Reason.UNKNOWN_CREDENTIAL
    assert await protocol.why_refused(second.access_token) is None
    assert (await protocol.refresh(protocol.web, first.refresh_token)).access_token


@pytest.mark.shows("RFC 7009 §2.1 authenticated")
async def test_rv_02_another_clients_revocation_changes_nothing(protocol: ProtocolWorld) -> None:
    tokens = await protocol.connect(protocol.web)

    for text in (tokens.access_token, tokens.refresh_token):
        await protocol.revoke(protocol.tool, text)

    assert await protocol.why_refused(tokens.access_token) is None
    assert (await protocol.refresh(protocol.web, tokens.refresh_token)).access_token
    assert await protocol.rows(ENDED) == [(0,)]


@pytest.mark.shows("RFC 7009 §2.1 public")
async def test_rv_03_a_public_app_revokes_with_its_client_id_alone(protocol: ProtocolWorld) -> None:
    tokens = await protocol.connect(protocol.tool)

    await protocol.revoke(protocol.tool, tokens.refresh_token)

    assert await protocol.why_refused(tokens.access_token) is Reason.REVOKED


async def test_a_refresh_token_can_be_revoked_after_the_servers_key_was_changed(protocol: ProtocolWorld) -> None:
    tokens = await protocol.connect(protocol.tool)
    after = replace(protocol.deeds.revoke_token, mac_key=b"another key".ljust(32))

    await after.revoke(tokens.refresh_token or "", await protocol.authenticate(protocol.tool.credentials))

    assert await protocol.why_refused(tokens.access_token) is Reason.REVOKED


@pytest.mark.shows("RFC 7009 §2.2 unknown-is-fine")
@pytest.mark.parametrize("text", ["xyz", "cst_rt_x", "cst_at_" + "0" * 71, "cst_rt_" + "0" * 99, "é", "' OR 1=1 --"])
async def test_rv_04_garbage_is_no_error(protocol: ProtocolWorld, text: str) -> None:
    tokens = await protocol.connect(protocol.web)

    await protocol.revoke(protocol.web, text)

    assert await protocol.why_refused(tokens.access_token) is None


async def test_revoking_twice_is_no_error_and_is_written_once(protocol: ProtocolWorld) -> None:
    tokens = await protocol.connect(protocol.web)

    for text in (tokens.refresh_token, tokens.refresh_token, tokens.access_token, tokens.access_token):
        await protocol.revoke(protocol.web, text)

    assert await protocol.rows("SELECT count(*) FROM token_families WHERE ended_at IS NULL") == [(0,)]
    assert await protocol.rows(ENDED) == [(2,)]


async def test_a_refresh_token_of_a_past_generation_ends_its_family(protocol: ProtocolWorld) -> None:
    first = await protocol.connect(protocol.tool)
    second = await protocol.refresh(protocol.tool, first.refresh_token)

    await protocol.revoke(protocol.tool, first.refresh_token)

    assert await protocol.why_refused(second.access_token) is Reason.REVOKED


async def test_rv_06_one_revocation_leaves_the_consent_other_families_apps_and_users(protocol: ProtocolWorld) -> None:
    cy = await protocol.add_member("cy@acme.test", "bookkeeper")
    mine = await protocol.connect(protocol.web)
    others = [
        await protocol.connect(protocol.web),
        await protocol.connect(protocol.tool),
        await protocol.connect(protocol.web, user_id=cy),
    ]

    await protocol.revoke(protocol.web, mine.refresh_token)

    assert [await protocol.why_refused(tokens.access_token) for tokens in others] == [None, None, None]
    assert await protocol.rows("SELECT count(*) FROM connections WHERE ended_at IS NULL") == [(3,)]
