"""A device has a session of its own: it outlives the browser's, and ends where the person or an operator ends it."""

from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from consentry.flows.sign_in import SignedIn
from consentry.model.acting import member
from consentry.model.organisation import Standing
from consentry.model.secret import Secret
from consentry.model.session import LiveSession
from consentry.oauth.errors import ErrorCode, OAuthError
from consentry.oauth.responses import TokenResponse
from device_world import DEVICE_GRANT, DeviceWorld
from protocol_world import ADDRESS, OPERATOR, Party, refused

PASSWORD = Secret("correct horse battery")
TOLD = {**DEVICE_GRANT, "backchannel_logout_uri": "https://tv.test/logout"}


@pytest.fixture
async def browser(devices: DeviceWorld) -> LiveSession:
    """Bo, signed in to the browser in which codes are typed."""
    deeds = devices.protocol.deeds
    await deeds.people.users.set_password(OPERATOR, devices.protocol.bo, PASSWORD)
    answer = await deeds.sign_in.sign_in("bo@acme.test", PASSWORD, address=ADDRESS)
    assert isinstance(answer, SignedIn)
    live = await deeds.sign_in.find_session(answer.credential.reveal())
    assert live is not None
    return live


@pytest.fixture
async def screen(devices: DeviceWorld) -> Party:
    return await add_screen(devices)


async def add_screen(devices: DeviceWorld, *optional: str, **metadata: object) -> Party:
    return await devices.protocol.add_app(
        name="Screen",
        redirect_uris=(),
        required_scopes=("invoicing:read",),
        optional_scopes=("openid", *optional),
        metadata={**TOLD, **metadata},
    )


async def approve_in(
    devices: DeviceWorld, browser: LiveSession, party: Party, scope: str = "openid invoicing:read"
) -> str:
    """Approve in the browser; return the device code, which the device has not exchanged yet."""
    told = await devices.ask(party, scope=scope)
    await devices.answer(await devices.enter(told.user_code, session=browser.session.id))
    return told.device_code


async def connect(
    devices: DeviceWorld, browser: LiveSession, party: Party, scope: str = "openid invoicing:read"
) -> TokenResponse:
    return await devices.poll(await approve_in(devices, browser, party, scope), party)


async def refresh(devices: DeviceWorld, party: Party, tokens: TokenResponse) -> TokenResponse:
    return await devices.protocol.token(party, grant_type="refresh_token", refresh_token=tokens.refresh_token)


async def claims_of(devices: DeviceWorld, tokens: TokenResponse) -> dict[str, Any]:
    keys: Any = await devices.protocol.deeds.signing_keys.jwks()
    assert tokens.id_token is not None
    return jwt.decode(tokens.id_token, KeySet.import_key_set(keys), algorithms=["ES256", "RS256"]).claims


async def told_sessions(devices: DeviceWorld) -> list[Any]:
    return [row[0] for row in await devices.protocol.rows("SELECT session_id FROM logout_deliveries")]


async def test_signing_out_of_the_browser_leaves_the_device_connected(
    devices: DeviceWorld, browser: LiveSession, screen: Party
) -> None:
    tokens = await connect(devices, browser, screen)

    await devices.protocol.deeds.sign_in.sign_out(browser)

    again = await refresh(devices, screen, tokens)
    assert (await claims_of(devices, again))["sid"] == (await claims_of(devices, tokens))["sid"]
    assert await told_sessions(devices) == []


async def test_whoever_approves_and_signs_out_at_once_has_connected_the_device(
    devices: DeviceWorld, browser: LiveSession, screen: Party
) -> None:
    device_code = await approve_in(devices, browser, screen)
    await devices.protocol.deeds.sign_in.sign_out(browser)

    tokens = await devices.poll(device_code, screen)

    assert (await claims_of(devices, tokens))["sub"] == devices.protocol.bo


async def test_each_device_has_a_session_that_is_not_the_browsers(
    devices: DeviceWorld, browser: LiveSession, screen: Party
) -> None:
    sids = [(await claims_of(devices, await connect(devices, browser, screen)))["sid"] for _ in range(2)]

    assert len({browser.session.id, *sids}) == 3


@pytest.mark.shows("Back-Channel Logout §2.7 refresh-tokens", "Back-Channel Logout §2.3 all")
@pytest.mark.parametrize("ends", ["all sessions", "new password", "suspension"])
async def test_what_ends_all_of_a_persons_sessions_ends_the_devices_and_tells_the_app(
    devices: DeviceWorld, browser: LiveSession, screen: Party, ends: str
) -> None:
    users, bo = devices.protocol.deeds.people.users, devices.protocol.bo
    tokens = await connect(devices, browser, screen)

    if ends == "all sessions":
        await users.sign_out_everywhere(OPERATOR, bo)
    elif ends == "new password":
        await users.set_password(OPERATOR, bo, Secret("another horse battery"))
    else:
        await users.set_standing(OPERATOR, bo, Standing.SUSPENDED)
        await users.set_standing(OPERATOR, bo, Standing.ACTIVE)

    with refused(ErrorCode.INVALID_GRANT):
        await refresh(devices, screen, tokens)
    assert await told_sessions(devices) == [(await claims_of(devices, tokens))["sid"]]


@pytest.mark.parametrize(
    ("optional", "scope"),
    [
        pytest.param((), "invoicing:read", id="without openid"),
        pytest.param(("offline_access",), "openid offline_access invoicing:read", id="offline_access"),
    ],
)
async def test_a_device_that_signs_nobody_in_or_was_given_offline_access_goes_on_until_it_is_disconnected(
    devices: DeviceWorld, browser: LiveSession, optional: tuple[str, ...], scope: str
) -> None:
    party = await add_screen(devices, *optional)
    tokens = await connect(devices, browser, party, scope)
    await devices.protocol.deeds.people.users.sign_out_everywhere(OPERATOR, devices.protocol.bo)

    assert (await refresh(devices, party, tokens)).access_token


async def test_disconnecting_ends_the_device(devices: DeviceWorld, browser: LiveSession, screen: Party) -> None:
    world = devices.protocol
    tokens = await connect(devices, browser, screen)
    own = member(world.bo, world.acme, frozenset())
    (connection,) = await world.deeds.connections.list_own(own, client_id=screen.app.client_id)

    await world.deeds.connections.end(own, connection.details.connection.id)

    with refused(ErrorCode.INVALID_GRANT):
        await refresh(devices, screen, tokens)


async def test_the_sessions_credential_is_nobodys(devices: DeviceWorld, browser: LiveSession, screen: Party) -> None:
    sid = (await claims_of(devices, await connect(devices, browser, screen)))["sid"]

    for text in (sid, f"{sid}.{'0' * 43}"):
        assert await devices.protocol.deeds.sign_in.find_session(text) is None


async def test_of_a_code_that_two_fetch_the_loser_leaves_no_session(
    devices: DeviceWorld, browser: LiveSession, screen: Party
) -> None:
    device_code = await approve_in(devices, browser, screen)
    await devices.poll(device_code, screen)
    with pytest.raises(OAuthError):
        await devices.poll(device_code, screen)

    assert await devices.protocol.rows("SELECT count(*) FROM sessions WHERE id <> $1", browser.session.id) == [(1,)]
