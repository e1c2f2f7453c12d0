"""The error codes of OAuth and the one exception that carries them. RFC 6749 §4.1.2.1 and §5.2; RFC 6750 §3.1."""

from enum import StrEnum


class ErrorCode(StrEnum):
    """Every error code that Consentry may send, exactly as it stands on the wire."""

    # RFC 6749 §4.1.2.1 and §5.2
    INVALID_REQUEST = "invalid_request"
    UNAUTHORIZED_CLIENT = "unauthorized_client"
    ACCESS_DENIED = "access_denied"
    UNSUPPORTED_RESPONSE_TYPE = "unsupported_response_type"
    INVALID_SCOPE = "invalid_scope"
    SERVER_ERROR = "server_error"
    TEMPORARILY_UNAVAILABLE = "temporarily_unavailable"
    INVALID_CLIENT = "invalid_client"
    INVALID_GRANT = "invalid_grant"
    UNSUPPORTED_GRANT_TYPE = "unsupported_grant_type"
    # RFC 6750 §3.1
    INVALID_TOKEN = "invalid_token"  # noqa: S105 - an error code, not a secret
    INSUFFICIENT_SCOPE = "insufficient_scope"
    # RFC 7009 §2.2.1
    UNSUPPORTED_TOKEN_TYPE = "unsupported_token_type"  # noqa: S105 - an error code, not a secret
    # RFC 8707 §2
    INVALID_TARGET = "invalid_target"
    # RFC 7591 §3.2.2
    INVALID_REDIRECT_URI = "invalid_redirect_uri"
    INVALID_CLIENT_METADATA = "invalid_client_metadata"
    # RFC 8628 §3.5
    AUTHORIZATION_PENDING = "authorization_pending"
    SLOW_DOWN = "slow_down"
    EXPIRED_TOKEN = "expired_token"  # noqa: S105 - an error code, not a secret
    # RFC 9449 §5 and §8
    INVALID_DPOP_PROOF = "invalid_dpop_proof"
    USE_DPOP_NONCE = "use_dpop_nonce"
    # OpenID Connect Core 1.0 §3.1.2.6
    LOGIN_REQUIRED = "login_required"
    CONSENT_REQUIRED = "consent_required"
    INTERACTION_REQUIRED = "interaction_required"
    ACCOUNT_SELECTION_REQUIRED = "account_selection_required"
    REQUEST_NOT_SUPPORTED = "request_not_supported"
    REQUEST_URI_NOT_SUPPORTED = "request_uri_not_supported"
    REGISTRATION_NOT_SUPPORTED = "registration_not_supported"
    # OpenID Connect Core Error Code unmet_authentication_requirements 1.0
    UNMET_AUTHENTICATION_REQUIREMENTS = "unmet_authentication_requirements"


class OAuthError(Exception):
    """A request is refused for a reason that the RFCs name.

    `description` is public: it helps the developer of the client, and it always consists of the characters that
    RFC 6749 §5.2 allows, whatever it was made from. `detail` is for the log and never holds a secret.
    """

    code: ErrorCode
    description: str
    detail: str

    def __init__(self, code: ErrorCode, description: str, detail: str = "") -> None:
        super().__init__(code, description, detail)
        self.code = code
        self.description = as_description(description)
        self.detail = detail

    def __str__(self) -> str:
        return f"{self.code}: {self.description}" if self.description else str(self.code)


def as_description(text: str) -> str:
    """Return `text` within the characters that `error_description` may have.

    A double quote becomes a single one, any other character outside the set a question mark.
    *Source:* RFC 6749 §5.2.

    >>> as_description('No "quotes", no é.')
    "No 'quotes', no ?."
    """
    return "".join(
        "'" if letter == '"' else letter if " " <= letter <= "~" and letter != "\\" else "?" for letter in text
    )
