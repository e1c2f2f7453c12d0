"""What a device may ask for, and what it is told. RFC 8628 §3.1, §3.2."""

from datetime import timedelta

import pytest

from consentry.model.acting import operator
from consentry.model.app_draft import AppChange
from consentry.model.secret import CredentialKind, parse_credential
from consentry.oauth.errors import ErrorCode
from consentry.oauth.user_code import read_user_code
from device_world import DEVICE_ADDRESS, DeviceWorld
from protocol_world import ISSUER, refused

API = "https://api.books.test"


@pytest.mark.shows("RFC 8628 §3.2 members", "RFC 8628 §5.2 device-code")
async def test_a_device_is_told_its_codes_and_where_to_send_the_person(devices: DeviceWorld) -> None:
    told = await devices.ask(scope="invoicing:read")

    body = told.to_json_object()
    assert body == {
        "device_code": told.device_code,
        "user_code": told.user_code,
        "verification_uri": f"{ISSUER}/device",
        "verification_uri_complete": f"{ISSUER}/device?user_code={told.user_code}",
        "expires_in": 600,
        "interval": 5,
    }
    assert parse_credential(told.device_code, CredentialKind.DEVICE_CODE) is not None
    assert read_user_code(told.user_code) is not None


async def test_neither_code_can_be_read_from_the_database_nor_from_what_is_printed(devices: DeviceWorld) -> None:
    told = await devices.ask()
    await devices.approve(told.user_code)

    stored = await devices.protocol.dump()

    letters = told.user_code.replace("-", "")
    for secret in (told.device_code, told.device_code[29:72], told.user_code, letters):
        assert secret not in stored
        assert secret not in repr(told)


@pytest.mark.shows("RFC 8628 §3.1 scope")
async def test_a_request_without_scope_asks_for_all_that_the_app_declared(devices: DeviceWorld) -> None:
    entered = await devices.enter((await devices.ask()).user_code)

    assert str(entered.offer.asked) == "contacts:read invoicing:read invoicing:write"
    assert entered.request.code.asked_from == DEVICE_ADDRESS


@pytest.mark.shows("RFC 8628 §3.1 authenticated")
async def test_an_app_without_the_grant_gets_no_code(devices: DeviceWorld) -> None:
    for party in (devices.protocol.web, devices.protocol.tool):
        with refused(ErrorCode.UNAUTHORIZED_CLIENT):
            await devices.ask(party)


@pytest.mark.shows("RFC 8628 §3.1 authenticated")
async def test_a_confidential_app_proves_its_secret(devices: DeviceWorld) -> None:
    with refused(ErrorCode.INVALID_CLIENT):
        await devices.protocol.authenticate({"client_id": str(devices.till.app.client_id)})

    assert (await devices.ask(devices.till)).user_code


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"scope": "contacts:write"}, ErrorCode.INVALID_SCOPE),
        ({"scope": "unknown"}, ErrorCode.INVALID_SCOPE),
        ({"scope": ["invoicing:read", "invoicing:write"]}, ErrorCode.INVALID_REQUEST),
        ({"resource": "https://elsewhere.test"}, ErrorCode.INVALID_TARGET),
        ({"resource": f"{API}#part"}, ErrorCode.INVALID_TARGET),
        ({"resource": "books"}, ErrorCode.INVALID_TARGET),
    ],
)
async def test_what_the_app_may_not_ask_for_is_refused(
    devices: DeviceWorld, fields: dict[str, object], code: ErrorCode
) -> None:
    with refused(code):
        await devices.ask(**fields)

    assert await devices.protocol.rows("SELECT id FROM device_codes") == []


@pytest.mark.shows("RFC 8707 §2 invalid-target")
async def test_mc_03_tokens_are_for_the_api_that_the_device_named_and_for_no_other(devices: DeviceWorld) -> None:
    admin = operator("opr_000000000000000tests1")
    for identifier in (API, "https://other.books.test"):
        await devices.protocol.deeds.resources.register(admin, "Books", identifier)
    told = await devices.ask(resource=f"{API}/")
    await devices.approve(told.user_code)

    with refused(ErrorCode.INVALID_TARGET):
        await devices.poll(told.device_code, resource="https://other.books.test")
    tokens = await devices.poll(told.device_code, resource=API)

    access = await devices.protocol.access(tokens.access_token)
    assert access.resource == f"{API}/"
    with refused(ErrorCode.INVALID_TARGET):
        await devices.protocol.refresh(devices.television, tokens.refresh_token, resource="https://other.books.test")


async def test_a_code_that_another_request_has_is_not_given_twice(
    devices: DeviceWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = devices.protocol.deeds.secrets
    made = iter([b"\0" * 16, b"\0" * 16, b"\1" * 16])
    monkeypatch.setattr(type(source), "new_bytes", lambda _self, _count: next(made))

    first, second = await devices.ask(), await devices.ask()

    assert first.user_code == "BBBB-BBBB"
    assert second.user_code != first.user_code


async def test_what_the_app_lost_since_it_asked_is_not_put_to_the_person(devices: DeviceWorld) -> None:
    told = await devices.ask()
    admin = operator("opr_000000000000000tests1")
    change = AppChange(required_scopes=("invoicing:read",), optional_scopes=())
    await devices.protocol.deeds.app_registry.edit(admin, devices.television.app.client_id, change)

    with refused(ErrorCode.INVALID_SCOPE):
        await devices.enter(told.user_code)


async def test_codes_that_are_over_are_swept_away_a_day_later(devices: DeviceWorld) -> None:
    await devices.ask()
    sweep, clock = devices.protocol.deeds.housekeeping.sweep_once, devices.protocol.deeds.clock

    clock.pass_time(timedelta(hours=24))  # type: ignore[attr-defined] # the clock of the tests
    await sweep()
    kept = await devices.protocol.rows("SELECT count(*) FROM device_codes")
    clock.pass_time(timedelta(minutes=11))  # type: ignore[attr-defined] # the clock of the tests
    await sweep()

    assert kept == [(1,)]
    assert await devices.protocol.rows("SELECT count(*) FROM device_codes") == [(0,)]
