"""Apps are told of the end of a session. OpenID Connect Back-Channel Logout 1.0."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet
from logout_receiver import HOST, Receiver, outbound_to

from consentry.flows.backchannel_logout import BackchannelLogout
from consentry.flows.jws_registry import ExactAlgorithms
from consentry.flows.sign_in import SignedIn
from consentry.model.ids import SessionId
from consentry.model.logout_delivery import DELAYS
from consentry.model.organisation import Standing
from consentry.model.secret import Secret
from consentry.model.session import LiveSession
from consentry.oauth.client_metadata import SIGNING_ALGORITHMS
from consentry.storage.logout import SqlLogoutStore
from protocol_world import ADDRESS, ISSUER, OPERATOR, Party, ProtocolWorld
from small_world import FixedClock

PASSWORD = Secret("correct horse battery")


async def sign_in(world: ProtocolWorld) -> LiveSession:
    await world.deeds.people.users.set_password(OPERATOR, world.bo, PASSWORD)
    answer = await world.deeds.sign_in.sign_in("bo@acme.test", PASSWORD, address=ADDRESS)
    assert isinstance(answer, SignedIn)
    live = await world.deeds.sign_in.find_session(answer.credential.reveal())
    assert live is not None
    return live


async def add_app(world: ProtocolWorld, receiver: Receiver, **metadata: object) -> Party:
    return await world.add_app(metadata={"backchannel_logout_uri": receiver.uri, **metadata})


async def note(world: ProtocolWorld, session_id: SessionId, *apps: Party) -> None:
    store = SqlLogoutStore(world.deeds.database)
    for one in apps:
        assert await store.note(session_id, one.app.id, world.bo, now=world.deeds.clock.now())


async def read(world: ProtocolWorld, token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Check a token as an app does, with the published keys; return header and claims."""
    keys: Any = await world.deeds.signing_keys.jwks()
    found = jwt.decode(token, KeySet.import_key_set(keys), registry=ExactAlgorithms(SIGNING_ALGORITHMS))
    return found.header, found.claims


@pytest.fixture
async def live(protocol: ProtocolWorld) -> LiveSession:
    return await sign_in(protocol)


@pytest.mark.shows(
    "Back-Channel Logout §2.4 claims",
    "Back-Channel Logout §2.4 subject",
    "Back-Channel Logout §2.4 no-nonce",
    "Back-Channel Logout §2.4 events",
    "Back-Channel Logout §2.4 signed",
    "Back-Channel Logout §2.4 typ",
    "Back-Channel Logout §2.5 post",
)
@pytest.mark.parametrize("algorithm", ["ES256", "RS256", "EdDSA"])
async def test_signing_out_posts_a_logout_token_to_the_app(
    protocol: ProtocolWorld, live: LiveSession, receiver: Receiver, messenger: BackchannelLogout, algorithm: str
) -> None:
    party = await add_app(protocol, receiver, id_token_signed_response_alg=algorithm)
    await note(protocol, live.session.id, party)

    await protocol.deeds.sign_in.sign_out(live)
    assert await messenger.deliver_due() == 1

    assert receiver.requests[0].startswith("POST /logout?kept=1 HTTP/1.1\r\n")
    assert f"Host: {HOST}:{receiver.port}" in receiver.requests[0]
    assert receiver.forms[0].keys() == {"logout_token"}
    header, claims = await read(protocol, receiver.tokens[0])
    assert (header["typ"], header["alg"]) == ("logout+jwt", algorithm)
    now = int(protocol.deeds.clock.now().timestamp())
    jti = claims.pop("jti")
    assert isinstance(jti, str)
    assert claims == {
        "iss": ISSUER,
        "sub": protocol.bo,
        "aud": party.app.client_id,
        "iat": now,
        "exp": now + 120,
        "sid": live.session.id,
        "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
    }
    assert await messenger.deliver_due() == 0


@pytest.mark.shows("Back-Channel Logout §2.3 all")
async def test_every_app_of_the_session_is_told_once_and_no_other(
    protocol: ProtocolWorld, live: LiveSession, receiver: Receiver, messenger: BackchannelLogout
) -> None:
    first, second, silent, other = [await add_app(protocol, receiver) for _ in range(4)]
    without = await protocol.add_app()
    elsewhere = await sign_in_again(protocol)
    await note(protocol, live.session.id, first, second, without)
    await note(protocol, live.session.id, first)
    await note(protocol, elsewhere.session.id, other)

    await protocol.deeds.sign_in.sign_out(live)
    while await messenger.deliver_due():
        pass

    told = [(await read(protocol, token))[1] for token in receiver.tokens]
    assert sorted(claims["aud"] for claims in told) == sorted([first.app.client_id, second.app.client_id])
    assert silent.app.client_id not in {claims["aud"] for claims in told}
    assert {claims["sid"] for claims in told} == {live.session.id}
    assert len({claims["jti"] for claims in told}) == 2


async def sign_in_again(world: ProtocolWorld) -> LiveSession:
    answer = await world.deeds.sign_in.sign_in("bo@acme.test", PASSWORD, address=ADDRESS)
    assert isinstance(answer, SignedIn)
    found = await world.deeds.sign_in.find_session(answer.credential.reveal())
    assert found is not None
    return found


@pytest.mark.shows("Back-Channel Logout §2.3 all")
@pytest.mark.parametrize("end", ["password", "suspended", "everywhere", "another person"])
async def test_however_a_session_ends_its_apps_are_told(
    protocol: ProtocolWorld, live: LiveSession, receiver: Receiver, messenger: BackchannelLogout, end: str
) -> None:
    await note(protocol, live.session.id, await add_app(protocol, receiver))
    users = protocol.deeds.people.users
    match end:
        case "password":
            await users.set_password(OPERATOR, protocol.bo, Secret("another horse battery"))
        case "suspended":
            await users.set_standing(OPERATOR, protocol.bo, Standing.SUSPENDED)
        case "everywhere":
            assert await users.sign_out_everywhere(OPERATOR, protocol.bo) == 1
        case _:
            other = await users.create(OPERATOR, "other@acme.test", password=PASSWORD)
            await protocol.deeds.sign_in.sign_in(other.email, PASSWORD, address=ADDRESS, replacing=live)

    await messenger.deliver_due()

    assert len(receiver.forms) == 1


async def test_the_same_person_signing_in_again_is_no_end(
    protocol: ProtocolWorld, live: LiveSession, receiver: Receiver, messenger: BackchannelLogout
) -> None:
    await note(protocol, live.session.id, await add_app(protocol, receiver))

    await protocol.deeds.sign_in.sign_in("bo@acme.test", PASSWORD, address=ADDRESS, replacing=live)

    assert await messenger.deliver_due() == 0


async def test_who_is_reinstated_and_signs_in_to_the_app_again_has_it_told_again(
    protocol: ProtocolWorld, live: LiveSession, receiver: Receiver, messenger: BackchannelLogout, clock: FixedClock
) -> None:
    party, users = await add_app(protocol, receiver), protocol.deeds.people.users
    await note(protocol, live.session.id, party)
    await users.set_standing(OPERATOR, protocol.bo, Standing.SUSPENDED)
    await users.set_standing(OPERATOR, protocol.bo, Standing.ACTIVE)
    await messenger.deliver_due()
    clock.pass_time(timedelta(minutes=1))
    await note(protocol, live.session.id, party)

    await protocol.deeds.sign_in.sign_out(live)
    await messenger.deliver_due()

    assert len(receiver.forms) == 2


async def test_an_app_cannot_sign_in_under_a_session_that_has_ended(protocol: ProtocolWorld, live: LiveSession) -> None:
    store = SqlLogoutStore(protocol.deeds.database)

    await protocol.deeds.sign_in.sign_out(live)

    assert not await store.note(live.session.id, protocol.web.app.id, protocol.bo, now=protocol.deeds.clock.now())
    assert not await store.note(SessionId("none"), protocol.web.app.id, protocol.bo, now=protocol.deeds.clock.now())


@pytest.mark.shows("Back-Channel Logout §2.8 answers")
@pytest.mark.parametrize(("status", "outcome"), [(200, "delivered"), (204, "delivered"), (400, "refused")])
async def test_an_answer_settles_it(
    protocol: ProtocolWorld,
    live: LiveSession,
    receiver: Receiver,
    messenger: BackchannelLogout,
    clock: FixedClock,
    status: int,
    outcome: str,
) -> None:
    receiver.statuses = [status]
    await note(protocol, live.session.id, await add_app(protocol, receiver))
    await protocol.deeds.sign_in.sign_out(live)

    await messenger.deliver_due()
    clock.pass_time(timedelta(days=2))
    await messenger.deliver_due()

    assert len(receiver.forms) == 1
    assert await protocol.rows("SELECT outcome, next_at FROM logout_deliveries") == [(outcome, None)]


@pytest.mark.shows("Back-Channel Logout §4 attempts")
@pytest.mark.parametrize("status", [500, 503, 404, 302, 201])
async def test_what_failed_is_tried_again_ever_later_with_a_new_token(
    protocol: ProtocolWorld,
    live: LiveSession,
    receiver: Receiver,
    messenger: BackchannelLogout,
    clock: FixedClock,
    status: int,
) -> None:
    receiver.statuses = [status, status, 200]
    await note(protocol, live.session.id, await add_app(protocol, receiver))
    await protocol.deeds.sign_in.sign_out(live)
    for delay in DELAYS[:2]:
        assert await messenger.deliver_due() == 1
        clock.pass_time(delay - timedelta(seconds=1))
        assert await messenger.deliver_due() == 0
        clock.pass_time(timedelta(seconds=1))

    assert await messenger.deliver_due() == 1

    claims = [(await read(protocol, token))[1] for token in receiver.tokens]
    assert len({one["jti"] for one in claims}) == 3
    assert [one["iat"] for one in claims] == sorted({one["iat"] for one in claims})
    assert await protocol.rows("SELECT outcome, attempts FROM logout_deliveries") == [("delivered", 3)]


@pytest.mark.shows("Back-Channel Logout §4 attempts")
async def test_after_most_of_a_day_it_is_given_up(
    protocol: ProtocolWorld, live: LiveSession, receiver: Receiver, messenger: BackchannelLogout, clock: FixedClock
) -> None:
    receiver.statuses = [500]
    began = clock.now()
    await note(protocol, live.session.id, await add_app(protocol, receiver))
    await protocol.deeds.sign_in.sign_out(live)

    for delay in (*DELAYS, timedelta(days=7)):
        assert await messenger.deliver_due() == 1
        last, _ = clock.now(), clock.pass_time(delay)

    assert await messenger.deliver_due() == 0
    assert last - began < timedelta(days=1)
    assert await protocol.rows("SELECT outcome, attempts FROM logout_deliveries") == [("given up", len(DELAYS) + 1)]


@pytest.mark.shows("Back-Channel Logout §4 attempts")
async def test_ss_09_no_private_address_is_called(
    protocol: ProtocolWorld, live: LiveSession, receiver: Receiver, messenger: BackchannelLogout
) -> None:
    await note(protocol, live.session.id, await add_app(protocol, receiver))
    await protocol.deeds.sign_in.sign_out(live)

    await replace(messenger, outbound=outbound_to(receiver, allowed=())).deliver_due()

    assert receiver.forms == []
    assert await protocol.rows("SELECT attempts, done_at FROM logout_deliveries") == [(1, None)]


async def test_an_app_that_is_gone_is_not_told(
    protocol: ProtocolWorld, live: LiveSession, receiver: Receiver, messenger: BackchannelLogout
) -> None:
    before, after = await add_app(protocol, receiver), await add_app(protocol, receiver)
    await note(protocol, live.session.id, before, after)
    await protocol.deeds.app_registry.delete(OPERATOR, before.app.client_id, confirm_name=before.app.name)
    await protocol.deeds.sign_in.sign_out(live)
    await protocol.deeds.app_registry.deactivate(OPERATOR, after.app.client_id)

    assert await messenger.deliver_due() == 1

    assert receiver.forms == []
    assert await protocol.rows("SELECT outcome FROM logout_deliveries") == [("the app is gone",)]


async def test_several_servers_never_make_one_delivery_twice_or_at_once(
    protocol: ProtocolWorld, live: LiveSession, receiver: Receiver, messenger: BackchannelLogout
) -> None:
    await note(protocol, live.session.id, await add_app(protocol, receiver))
    await protocol.deeds.sign_in.sign_out(live)

    begun = await asyncio.gather(*(messenger.deliver_due() for _ in range(20)))

    assert sum(begun) == 1
    assert (len(receiver.forms), receiver.most_at_once) == (1, 1)


@pytest.mark.shows("Back-Channel Logout §4 attempts")
async def test_the_task_of_the_server_delivers_when_nudged_and_outlives_a_fault(
    protocol: ProtocolWorld, live: LiveSession, receiver: Receiver, messenger: BackchannelLogout
) -> None:
    running = asyncio.create_task(messenger.run())
    await asyncio.sleep(0)
    await note(protocol, live.session.id, await add_app(protocol, receiver))
    await protocol.deeds.sign_in.sign_out(live)

    messenger.nudge()
    await receiver.heard.wait()

    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


@pytest.mark.shows("RFC 9700 §4.14.2 on-change")
@pytest.mark.shows("Back-Channel Logout §2.7 refresh-tokens")
@pytest.mark.parametrize(
    ("scope", "ends"),
    [("openid contacts:read", True), ("openid offline_access", False), ("contacts:read", False)],
)
async def test_refresh_tokens_without_offline_access_end_with_the_session(
    protocol: ProtocolWorld, live: LiveSession, scope: str, *, ends: bool
) -> None:
    await protocol.connect(protocol.web)
    await protocol.run("UPDATE token_families SET session_id = $1, scope = $2", live.session.id, scope)

    await protocol.deeds.sign_in.sign_out(live)

    ((ended_at,),) = await protocol.rows("SELECT ended_at FROM token_families")
    assert (ended_at is not None) == ends


async def test_what_other_sessions_opened_goes_on(protocol: ProtocolWorld, live: LiveSession) -> None:
    await protocol.connect(protocol.web)
    await protocol.run("UPDATE token_families SET session_id = 'other', scope = 'openid'")

    await protocol.deeds.sign_in.sign_out(live)

    assert await protocol.rows("SELECT ended_at FROM token_families") == [(None,)]


async def test_the_broom_takes_what_is_settled_and_whose_session_is_gone(
    protocol: ProtocolWorld, live: LiveSession, receiver: Receiver, messenger: BackchannelLogout, clock: FixedClock
) -> None:
    party = await add_app(protocol, receiver)
    expiring = await sign_in_again(protocol)
    await note(protocol, live.session.id, party)
    await note(protocol, expiring.session.id, party)
    await protocol.deeds.sign_in.sign_out(live)
    await messenger.deliver_due()

    await protocol.deeds.housekeeping.sweep_once()
    assert len(await protocol.rows("SELECT id FROM logout_deliveries")) == 1
    assert len(await protocol.rows("SELECT app_id FROM session_apps")) == 1
    clock.pass_time(timedelta(days=3))
    await protocol.deeds.housekeeping.sweep_once()

    assert await protocol.rows("SELECT id FROM logout_deliveries") == []
    assert await protocol.rows("SELECT app_id FROM session_apps") == []
