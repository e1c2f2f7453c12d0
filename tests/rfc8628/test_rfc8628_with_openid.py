"""What other specifications say of tokens holds for those of a device too: who signed in, refreshing, the key."""

from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from consentry.oauth.client_metadata import DEVICE_CODE
from device_world import DEVICE_GRANT, DeviceWorld


async def tokens_of(devices: DeviceWorld, scope: str, **changes: Any) -> Any:
    optional = ("contacts:read", "openid", "offline_access") if "offline" in scope else ("openid", "email")
    given = {"redirect_uris": (), "metadata": DEVICE_GRANT, "required_scopes": ("invoicing:read",), **changes}
    party = await devices.protocol.add_app(name="Screen", optional_scopes=optional, **given)
    told = await devices.ask(party, scope=scope)
    await devices.approve(told.user_code)
    return await devices.poll(told.device_code, party), party


async def test_a_device_learns_who_connected_it_where_openid_was_approved(devices: DeviceWorld) -> None:
    tokens, party = await tokens_of(devices, "openid invoicing:read")

    keys = KeySet.import_key_set(await devices.protocol.deeds.signing_keys.jwks())  # type: ignore[arg-type] # a dict
    claims = jwt.decode(tokens.id_token, keys, algorithms=["ES256", "RS256"]).claims
    assert (claims["sub"], claims["aud"]) == (devices.protocol.bo, party.app.client_id)
    assert claims["auth_time"] == int(devices.protocol.deeds.clock.now().timestamp())
    assert "nonce" not in claims


async def test_without_openid_there_is_no_id_token(devices: DeviceWorld) -> None:
    tokens, _ = await tokens_of(devices, "invoicing:read")

    assert tokens.id_token is None


@pytest.mark.parametrize(
    ("scope", "grants", "refreshes"),
    [
        ("invoicing:read", [DEVICE_CODE, "refresh_token"], True),
        ("invoicing:read", [DEVICE_CODE], False),
        ("invoicing:read offline_access", [DEVICE_CODE, "refresh_token"], True),
    ],
)
async def test_a_refresh_token_is_given_to_whom_it_is_of_use(
    devices: DeviceWorld, scope: str, grants: list[str], *, refreshes: bool
) -> None:
    tokens, _ = await tokens_of(devices, scope, metadata={"grant_types": grants})

    assert (tokens.refresh_token is not None) is refreshes
