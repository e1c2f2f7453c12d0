"""Offline access that the user withdraws ends what it allowed. OpenID Connect Core 1.0 §11."""

import pytest

from consentry.oauth.errors import ErrorCode
from protocol_world import ProtocolWorld, refused


@pytest.mark.parametrize("public", [False, True])
async def test_rt_09_refreshing_ends_where_the_user_takes_offline_access_back(
    protocol: ProtocolWorld, *, public: bool
) -> None:
    optional = {"optional_scopes": ("openid", "offline_access"), "required_scopes": ("invoicing:read",)}
    party = await protocol.add_app(**optional, **({"type": protocol.tool.app.type} if public else {}))
    scope = "openid offline_access invoicing:read"
    tokens = await protocol.connect(party, scope=scope)
    fresh = await protocol.refresh(party, tokens.refresh_token)

    await protocol.approve(party, ["openid"], scope=scope, prompt="consent")

    for one in (tokens, fresh):
        with refused(ErrorCode.INVALID_GRANT):
            await protocol.refresh(party, one.refresh_token)
    again = await protocol.connect(party, ["openid", "offline_access"], scope=scope, prompt="consent")
    assert (await protocol.refresh(party, again.refresh_token)).access_token
