"""Redemptions and rotations in one statement or commit: each caller gets its own answer, whatever the others do."""

import asyncio

from consentry.model.access import Reason
from consentry.model.credential import AccessToken, Rotation, TokenFamily
from consentry.model.ids import CodeId, TokenId
from consentry.model.secret import CredentialKind, parse_credential
from consentry.oauth.errors import ErrorCode
from consentry.storage.credentials import SqlCredentialStore
from protocol_world import ProtocolWorld, outcomes

REPLAYED = "SELECT count(*) FROM events WHERE kind = 'connection.code_replayed'"


async def opening(world: ProtocolWorld, code: str) -> tuple[CodeId, TokenFamily, AccessToken]:
    """Return what a redemption of the code would store."""
    parsed = parse_credential(code, CredentialKind.AUTHORIZATION_CODE)
    assert parsed is not None
    live = await SqlCredentialStore(world.deeds.database).find_code(CodeId(parsed.id))
    assert live is not None
    mint, now = world.deeds.authorization_code_grant.mint, world.deeds.clock.micros()
    family = mint.family(live, now).row
    return live.id, family, mint.access_token(family, family.scope, now).row


async def test_pk_08_of_two_redemptions_in_one_set_one_wins_and_the_other_ends_what_it_gave(
    protocol: ProtocolWorld,
) -> None:
    code, other = [await protocol.approve(protocol.web) for _ in range(2)]

    won, lost = await outcomes(*(protocol.exchange(protocol.web, each) for each in (code, other, code)))

    assert (len(won), [refusal.code for refusal in lost]) == (2, [ErrorCode.INVALID_GRANT])
    reasons = [await protocol.why_refused(tokens.access_token) for tokens in won]
    assert sorted(reasons, key=str) == [None, Reason.REVOKED]
    assert await protocol.rows(REPLAYED) == [(1,)]


async def test_one_that_cannot_be_stored_fails_alone(protocol: ProtocolWorld) -> None:
    store = SqlCredentialStore(protocol.deeds.database)
    openings = [await opening(protocol, await protocol.approve(protocol.web)) for _ in range(6)]
    assert await store.redeem_code(*openings[0])
    code_id, family, token = openings[3]
    openings[3] = code_id, family._replace(id=openings[0][1].id), token

    answers = await asyncio.gather(*(store.redeem_code(*each) for each in openings[1:]), return_exceptions=True)

    assert [answer if answer is True else type(answer) for answer in answers][:2] == [True, True]
    assert isinstance(answers[2], Exception)
    assert answers[3:] == [True, True]
    rows = await protocol.rows("SELECT count(*), count(consumed_at) FROM authorization_codes")
    assert rows == [(6, 5)]
    assert await protocol.rows("SELECT count(*) FROM token_families") == [(5,)]
    assert await protocol.rows("SELECT count(*) FROM access_tokens") == [(5,)]


async def test_two_generations_of_one_family_in_one_set_leave_one_lineage(protocol: ProtocolWorld) -> None:
    store = SqlCredentialStore(protocol.deeds.database)
    code_id, family, token = await opening(protocol, await protocol.approve(protocol.tool))
    now = protocol.deeds.clock.micros()
    assert await store.redeem_code(code_id, family, token)
    secrets = protocol.deeds.secrets
    tokens = [token._replace(id=TokenId(secrets.new_id())) for _ in range(3)]
    nexts = [
        Rotation(family.id, bytes([number]) * 32, generation, b"", family.scope, now, family.idle_expires_micros)
        for number, generation in enumerate((8, 2, 2))
    ]

    answers = await asyncio.gather(*(store.rotate_refresh_token(*each) for each in zip(nexts, tokens, strict=True)))

    # Which of two that are right wins is open; the one that is wrong does not.
    assert (answers[0], sorted(answers[1:])) == (False, [False, True])
    winner = bytes([answers.index(True)]) * 32
    assert await protocol.rows("SELECT generation, refresh_digest FROM token_families") == [(2, winner)]
    assert await protocol.rows("SELECT count(*) FROM access_tokens") == [(2,)]


async def test_servers_that_share_a_refresh_token_all_get_access_tokens(protocol: ProtocolWorld) -> None:
    first = await protocol.connect(protocol.web)

    won = await asyncio.gather(*(protocol.refresh(protocol.web, first.refresh_token) for _ in range(30)))

    assert len({tokens.access_token for tokens in won}) == 30
    for tokens in won:
        assert await protocol.why_refused(tokens.access_token) is None
