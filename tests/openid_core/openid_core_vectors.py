"""What OpenID Connect Core 1.0 prints."""

from typing import Any

CLAIMS: dict[str, Any] = {
    "userinfo": {
        "given_name": {"essential": True},
        "nickname": None,
        "email": {"essential": True},
        "email_verified": {"essential": True},
        "picture": None,
        "http://example.info/claims/groups": None,
    },
    "id_token": {"auth_time": {"essential": True}, "acr": {"values": ["urn:mace:incommon:iap:silver"]}},
}
"""The claims parameter of §5.5, as an object."""
