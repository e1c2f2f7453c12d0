"""The token request, one type for each grant. RFC 6749 §4.1.3, §4.4.2 and §6, RFC 8628 §3.4."""

from dataclasses import dataclass, field
from typing import TypeAlias

from consentry.oauth.client_metadata import DEVICE_CODE
from consentry.oauth.errors import ErrorCode, OAuthError
from consentry.oauth.parameters import Parameters
from consentry.oauth.pkce import is_valid_verifier
from consentry.oauth.resource import parse_resource
from consentry.oauth.scope import Scope


@dataclass(frozen=True, slots=True)
class AuthorizationCodeRequest:
    """A code to be exchanged. RFC 6749 §4.1.3, RFC 7636 §4.5. Secrets are left out of the representation."""

    code: str = field(repr=False)
    redirect_uri: str | None
    code_verifier: str | None = field(repr=False)
    resource: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RefreshTokenRequest:
    """A refresh token to be used; `scope` None asks for all that is held. RFC 6749 §6."""

    refresh_token: str = field(repr=False)
    scope: Scope | None
    resource: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DeviceCodeRequest:
    """A device's question whether the person has answered. RFC 8628 §3.4."""

    device_code: str = field(repr=False)
    resource: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ClientCredentialsRequest:
    """A client that asks for itself; `scope` None asks for all that it may have. RFC 6749 §4.4.2."""

    scope: Scope | None
    resource: tuple[str, ...]


TokenRequest: TypeAlias = AuthorizationCodeRequest | RefreshTokenRequest | DeviceCodeRequest | ClientCredentialsRequest
"""What the token endpoint can be asked."""


def parse_token_request(form: Parameters) -> TokenRequest:
    """Return the typed request.

    Raises OAuthError: UNSUPPORTED_GRANT_TYPE for another grant, INVALID_REQUEST for a missing, repeated or malformed
    parameter, INVALID_SCOPE, INVALID_TARGET. *Source:* RFC 6749 §4.1.3, §5.2, §6.
    """
    match form.required("grant_type"):
        case "authorization_code":
            return _parse_authorization_code_request(form)
        case "refresh_token":
            scope = form.one("scope")
            return RefreshTokenRequest(
                refresh_token=form.required("refresh_token"),
                scope=None if scope is None else Scope.parse(scope),
                resource=parse_resource(form),
            )
        case "client_credentials":
            scope = form.one("scope")
            return ClientCredentialsRequest(None if scope is None else Scope.parse(scope), parse_resource(form))
        case grant_type if grant_type == DEVICE_CODE:
            return DeviceCodeRequest(form.required("device_code"), parse_resource(form))
        case _:
            raise OAuthError(
                ErrorCode.UNSUPPORTED_GRANT_TYPE,
                "This grant type is not supported: the metadata of the server lists those that are.",
            )


def _parse_authorization_code_request(form: Parameters) -> AuthorizationCodeRequest:
    code_verifier = form.one("code_verifier")
    if code_verifier is not None and not is_valid_verifier(code_verifier):
        raise OAuthError(
            ErrorCode.INVALID_REQUEST,
            "The parameter code_verifier must have 43 to 128 letters, digits or - . _ ~ characters.",
        )
    return AuthorizationCodeRequest(
        code=form.required("code"),
        redirect_uri=form.one("redirect_uri"),
        code_verifier=code_verifier,
        resource=parse_resource(form),
    )
