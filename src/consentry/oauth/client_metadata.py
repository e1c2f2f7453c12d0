"""What a client is registered to do, in the words of the registry of client metadata.

RFC 7591 §2, OpenID Connect Dynamic Client Registration 1.0 §2, RFC 9126 §6, RFC 9449 §5.2, RP-Initiated Logout 1.0
§3.1, Back-Channel Logout 1.0 §2.2. Name, redirect URIs and scopes are the app's own.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

AUTHORIZATION_CODE = "authorization_code"
REFRESH_TOKEN = "refresh_token"  # noqa: S105 - the name of a grant, not a secret
CLIENT_CREDENTIALS = "client_credentials"
DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"
GRANT_TYPES = (AUTHORIZATION_CODE, REFRESH_TOKEN, CLIENT_CREDENTIALS, DEVICE_CODE)
"""Every grant that an app can be registered for."""

SIGNING_ALGORITHMS = ("ES256", "RS256", "EdDSA")
"""What ID tokens and UserInfo may be signed with."""

ASSERTION_ALGORITHMS = ("ES256", "RS256", "PS256", "EdDSA")
"""What client assertions and DPoP proofs may be signed with: asymmetric, and none that RFC 8725 warns of."""

FAPI2_ALGORITHMS = ("ES256", "PS256", "EdDSA")
"""What is left of them in FAPI 2.0. FAPI 2.0 Security Profile §5.4.1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientMetadata:
    """The registered behaviour of one client; a member that is absent has the default of its specification.

    `token_endpoint_auth_method` None lets a confidential client send its secret by Basic or in the body, and is `none`
    for a public one. `jwks` is the JSON text of a key set with public keys only; at most one of it and `jwks_uri` is
    there. `userinfo_signed_response_alg` None leaves UserInfo unsigned. `default_max_age` is in seconds. `scope` is
    what a client that registered itself named: it asks for that where a request names nothing.
    """

    grant_types: tuple[str, ...] = (AUTHORIZATION_CODE, REFRESH_TOKEN)
    application_type: str | None = None
    token_endpoint_auth_method: str | None = None
    token_endpoint_auth_signing_alg: str | None = None
    jwks: str | None = None
    jwks_uri: str | None = None
    require_pushed_authorization_requests: bool = False
    dpop_bound_access_tokens: bool = False
    subject_type: str = "public"
    sector_identifier_uri: str | None = None
    id_token_signed_response_alg: str = "RS256"  # noqa: S105 - an algorithm, not a secret
    userinfo_signed_response_alg: str | None = None
    default_max_age: int | None = None
    require_auth_time: bool = False
    post_logout_redirect_uris: tuple[str, ...] = ()
    backchannel_logout_uri: str | None = None
    backchannel_logout_session_required: bool = False
    client_uri: str | None = None
    logo_uri: str | None = None
    policy_uri: str | None = None
    tos_uri: str | None = None
    contacts: tuple[str, ...] = ()
    software_id: str | None = None
    software_version: str | None = None
    scope: str | None = None

    @property
    def is_fapi2(self) -> bool:
        """Whether the client is held to FAPI 2.0: it may only push its requests, and all its tokens are bound to a key.

        *Source:* FAPI 2.0 Security Profile §5.3.2.
        """
        return self.require_pushed_authorization_requests and self.dpop_bound_access_tokens

    def may_use(self, grant_type: str) -> bool:
        """Tell whether the client is registered for this grant. *Source:* RFC 7591 §2."""
        return grant_type in self.grant_types

    def to_json(self) -> str:
        """Return the members that differ from their defaults, as JSON text that `from_json` reads."""
        return json.dumps(self.to_json_object(), separators=(",", ":"), sort_keys=True)

    def to_json_object(self) -> dict[str, object]:
        """Return the members that differ from their defaults; `jwks` stays text."""
        return {name: value for name, value in asdict(self).items() if value != _DEFAULTS[name]}

    @classmethod
    def from_json(cls, text: str) -> "ClientMetadata":
        """Return what `to_json` wrote. A member that this version does not know is left out."""
        members: Mapping[str, Any] = json.loads(text)
        known: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in members.items()
            if name in _DEFAULTS
        }
        return cls(**known)


_DEFAULTS: Mapping[str, object] = {field.name: field.default for field in fields(ClientMetadata)}
