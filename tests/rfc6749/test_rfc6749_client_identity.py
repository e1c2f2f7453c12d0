"""Which app speaks at the token endpoint. RFC 6749 §2.3.1 and §3.2.1."""

from base64 import b64encode
from datetime import timedelta

import pytest

from consentry.flows.authenticate_client import TooManyAttemptsError
from consentry.oauth.errors import ErrorCode, OAuthError
from protocol_world import ADDRESS, OPERATOR, ProtocolWorld, refused
from small_world import FixedClock


def basic(client_id: str, secret: str) -> str:
    return "Basic " + b64encode(f"{client_id}:{secret}".encode()).decode()


@pytest.mark.shows("RFC 6749 §2.3.1 basic", "OpenID Connect Core §9")
async def test_the_right_secret_opens_by_either_method(protocol: ProtocolWorld) -> None:
    credentials = protocol.web.credentials

    for client in (
        await protocol.authenticate(credentials),
        await protocol.authenticate({}, basic(credentials["client_id"], credentials["client_secret"])),
    ):
        assert client.app.id == protocol.web.app.id


async def test_tk_02_a_wrong_secret_and_an_unknown_client_get_the_same_answer(protocol: ProtocolWorld) -> None:
    secret = protocol.web.secret or ""
    answers = set()
    for client_id, given in (
        (protocol.web.app.client_id, secret[:-1] + "_"),
        (protocol.web.app.client_id, "x"),
        ("app_0000000000000000000000", secret),
        ("app_nobody", "x"),
        ("' OR ''='", "' OR ''='"),
    ):
        with pytest.raises(OAuthError) as caught:
            await protocol.authenticate({"client_id": client_id, "client_secret": given})
        answers.add((caught.value.code, caught.value.description))

    assert len(answers) == 1
    assert answers.pop()[0] is ErrorCode.INVALID_CLIENT


async def test_tk_02_the_secret_of_another_app_is_a_wrong_secret(protocol: ProtocolWorld) -> None:
    other = await protocol.add_app(name="Other")

    with refused(ErrorCode.INVALID_CLIENT):
        await protocol.authenticate({"client_id": protocol.web.app.client_id, "client_secret": other.secret or ""})


@pytest.mark.shows("RFC 6749 §3.2.1 authenticated")
async def test_tk_04_a_confidential_app_must_send_its_secret(protocol: ProtocolWorld) -> None:
    for fields, authorization in (
        ({"client_id": str(protocol.web.app.client_id)}, None),
        ({"client_id": str(protocol.web.app.client_id), "client_secret": ""}, None),
        ({}, basic(protocol.web.app.client_id, "")),
    ):
        with refused(ErrorCode.INVALID_CLIENT):
            await protocol.authenticate(fields, authorization)


async def test_tk_05_a_public_app_that_sends_a_secret_is_refused(protocol: ProtocolWorld) -> None:
    for secret in ("x", protocol.web.secret or ""):
        with refused(ErrorCode.INVALID_CLIENT):
            await protocol.authenticate({"client_id": protocol.tool.app.client_id, "client_secret": secret})


@pytest.mark.parametrize("name", ["client_id", "client_secret"])
async def test_in_01_repeated_credentials_are_refused(protocol: ProtocolWorld, name: str) -> None:
    fields = protocol.web.credentials

    with refused(ErrorCode.INVALID_REQUEST):
        await protocol.authenticate({**fields, name: [fields[name], fields[name]]})


async def test_a_retired_or_expired_secret_opens_nothing_and_the_other_goes_on(
    protocol: ProtocolWorld, clock: FixedClock
) -> None:
    registry, client_id = protocol.deeds.app_secrets, protocol.web.app.client_id
    first = (await registry.list(OPERATOR, client_id))[0]
    second = await registry.add(OPERATOR, client_id)
    await registry.retire(OPERATOR, client_id, first.id, expires_at=clock.present + timedelta(hours=1))

    await protocol.authenticate(protocol.web.credentials)
    clock.pass_time(timedelta(hours=1))

    with refused(ErrorCode.INVALID_CLIENT):
        await protocol.authenticate(protocol.web.credentials)
    await protocol.authenticate({"client_id": client_id, "client_secret": second.client_secret.reveal()})


async def test_rv_12_a_deactivated_app_is_told_so_and_a_deleted_one_is_unknown(protocol: ProtocolWorld) -> None:
    registry = protocol.deeds.app_registry
    for party in (protocol.web, protocol.tool):
        await registry.deactivate(OPERATOR, party.app.client_id)
        with refused(ErrorCode.UNAUTHORIZED_CLIENT):
            await protocol.authenticate(party.credentials)
        await registry.reactivate(OPERATOR, party.app.client_id)
        await protocol.authenticate(party.credentials)

        await registry.delete(OPERATOR, party.app.client_id, confirm_name=party.app.name)
        with refused(ErrorCode.INVALID_CLIENT):
            await protocol.authenticate(party.credentials)


async def test_a_deactivated_app_is_told_so_only_if_it_knows_its_secret(protocol: ProtocolWorld) -> None:
    await protocol.deeds.app_registry.deactivate(OPERATOR, protocol.web.app.client_id)

    with refused(ErrorCode.INVALID_CLIENT):
        await protocol.authenticate({"client_id": protocol.web.app.client_id, "client_secret": "guess"})


@pytest.mark.shows("RFC 6749 §2.3.1 guessing")
async def test_tk_13_guessing_is_slowed_for_the_guesser_and_not_for_the_app(protocol: ProtocolWorld) -> None:
    guess = {"client_id": str(protocol.web.app.client_id), "client_secret": "guess"}
    waits, refusals = [], 0
    for _ in range(100):
        try:
            await protocol.authenticate(guess)
        except OAuthError:
            refusals += 1
        except TooManyAttemptsError as slowed:
            waits.append(slowed.retry_after)
    assert refusals < 50
    assert all(0 < wait <= 61 for wait in waits)

    # From the very same address too: the app's own secret is no guess.
    await protocol.authenticate(protocol.web.credentials)
    with pytest.raises(TooManyAttemptsError):
        await protocol.authenticate(guess)


@pytest.mark.parametrize("client_id", ["unknown", None], ids=["of nobody", "of an app"])
async def test_tk_13_one_network_of_ipv6_is_one_guesser(protocol: ProtocolWorld, client_id: str | None) -> None:
    guess = {"client_id": client_id or str(protocol.web.app.client_id), "client_secret": "guess"}
    slowed = 0
    for number in range(60):
        try:
            await protocol.authenticate(guess, address=f"2001:db8::{number:x}")
        except TooManyAttemptsError:
            slowed += 1
        except OAuthError:
            pass

    assert slowed >= 30
    with refused(ErrorCode.INVALID_CLIENT):
        await protocol.authenticate(guess, address="2001:db8:0:1::1")


async def test_op_03_a_secret_sent_as_the_client_id_is_not_kept(protocol: ProtocolWorld) -> None:
    secret = protocol.web.secret or ""
    for client_id in (secret, secret[7:]):
        with refused(ErrorCode.INVALID_CLIENT):
            await protocol.authenticate({"client_id": client_id, "client_secret": secret})

    stored = await protocol.dump()
    assert ADDRESS in stored
    assert secret[:50] not in stored
    assert secret[29:60] not in stored
