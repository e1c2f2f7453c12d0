"""What the endpoints answer, as typed values. RFC 6749 §4.1.2 and §5, RFC 7662 §2.2, RFC 9207 §2."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from consentry.oauth.errors import OAuthError
from consentry.oauth.scope import Scope


class TokenResponse(NamedTuple):
    """The tokens of a successful token request; `expires_in` is in seconds. RFC 6749 §5.1, OIDC Core §3.1.3.3.

    The scope is always sent, as the user may have approved less than was asked. The tokens are left out of the
    representation.
    """

    access_token: str
    expires_in: int
    refresh_token: str | None
    scope: Scope
    id_token: str | None = None
    token_type: str = "Bearer"  # noqa: S105 - the type of a token, not a secret

    def __repr__(self) -> str:
        return f"TokenResponse(expires_in={self.expires_in}, scope={self.scope!r}, token_type={self.token_type!r})"

    def to_json_object(self) -> dict[str, object]:
        """Return the members of the JSON body. *Source:* RFC 6749 §5.1."""
        members: dict[str, object] = {
            "access_token": self.access_token,
            "token_type": self.token_type,
            "expires_in": self.expires_in,
        }
        if self.refresh_token is not None:
            members["refresh_token"] = self.refresh_token
        members["scope"] = str(self.scope)
        if self.id_token is not None:
            members["id_token"] = self.id_token
        return members


class IntrospectionResponse(NamedTuple):
    """What a resource server learns of a credential. RFC 7662 §2.2.

    Times are whole seconds since the epoch. `permissions` are those that hold now; exactly one of `connection` and
    `api_key` names what the credential hangs on; `confirmation` is the thumbprint of the key that it is bound to
    (RFC 9449 §6.2). An inactive credential says nothing but that: use
    `IntrospectionResponse.inactive()`. `extensions` are further members for a caller who may have them, of an inactive
    credential too.
    """

    active: bool
    scope: Scope | None = None
    client_id: str | None = None
    username: str | None = None
    token_type: str | None = None
    expires_at: int | None = None
    issued_at: int | None = None
    not_before: int | None = None
    subject: str | None = None
    audience: tuple[str, ...] = ()
    issuer: str | None = None
    token_id: str | None = None
    permissions: tuple[str, ...] = ()
    organisation: str | None = None
    connection: str | None = None
    api_key: str | None = None
    confirmation: str | None = None
    extensions: Mapping[str, object] = MappingProxyType({})

    @classmethod
    def inactive(cls, extensions: Mapping[str, object] | None = None) -> "IntrospectionResponse":
        """Return the one answer for every credential that is unknown, ended, or none of the caller's business."""
        return cls(active=False, extensions=extensions or {})

    def to_json_object(self) -> dict[str, object]:
        """Return the members of the JSON body; absent ones are left out. *Source:* RFC 7662 §2.2."""
        if not self.active:
            return {"active": False, **self.extensions}
        # First what an access token of a connection has, so that for most answers nothing is left out afterwards.
        members: dict[str, object] = {
            "active": True,
            "scope": None if self.scope is None else str(self.scope),
            "client_id": self.client_id,
            "token_type": self.token_type,
            "exp": self.expires_at,
            "iat": self.issued_at,
            "sub": self.subject,
            "iss": self.issuer,
            "permissions": sorted(self.permissions),
            "organisation": self.organisation,
            "connection": self.connection,
        }
        if self.audience:
            members["aud"] = self.audience[0] if len(self.audience) == 1 else list(self.audience)
        if self.confirmation is not None:
            members["cnf"] = {"jkt": self.confirmation}
        if self.api_key is not None:
            members["api_key"] = self.api_key
        if self.username is not None:
            members["username"] = self.username
        if self.not_before is not None:
            members["nbf"] = self.not_before
        if self.token_id is not None:
            members["jti"] = self.token_id
        if self.extensions:
            members.update(self.extensions)
        if None in members.values():
            return {name: value for name, value in members.items() if value is not None}
        return members


def error_body(error: OAuthError) -> dict[str, str]:
    """Return the members of an error's JSON body; `detail` stays in the log. *Source:* RFC 6749 §5.2."""
    body = {"error": str(error.code)}
    if error.description:
        body["error_description"] = error.description
    return body


def authorization_response(code: str, state: str | None, issuer: str) -> dict[str, str]:
    """Return the parameters of a successful authorization response. *Source:* RFC 6749 §4.1.2, RFC 9207 §2."""
    return {"code": code, **_state_and_issuer(state, issuer)}


def authorization_error_response(error: OAuthError, state: str | None, issuer: str) -> dict[str, str]:
    """Return the parameters of an authorization error response. *Source:* RFC 6749 §4.1.2.1, RFC 9207 §2."""
    return {**error_body(error), **_state_and_issuer(state, issuer)}


def _state_and_issuer(state: str | None, issuer: str) -> dict[str, str]:
    # The issuer is in every response: with it a client of several servers notices a mix-up (RFC 9700 §4.4).
    return {"iss": issuer} if state is None else {"state": state, "iss": issuer}
