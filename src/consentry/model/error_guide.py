"""The error codes of OAuth and of our own pages, explained once, for the pages and the Markdown made from this."""

from collections.abc import Mapping
from dataclasses import dataclass

from consentry.oauth.errors import ErrorCode


@dataclass(frozen=True, slots=True)
class ProtocolError:
    """One code of the protocol: what it means, what an app's developer does about it, and where it comes from."""

    code: str
    means: str
    remedy: str
    source: str


_AUTHORIZATION = "RFC 6749 §4.1.2.1"
_BOTH = "RFC 6749 §4.1.2.1, §5.2"
_TOKEN = "RFC 6749 §5.2"  # noqa: S105 - a section, not a secret
_BEARER = "RFC 6750 §3.1"
_DEVICE = "RFC 8628 §3.5"
_REGISTRATION = "RFC 7591 §3.2.2"
_OPENID = "OpenID Connect Core 1.0 §3.1.2.6"

_ERRORS: Mapping[ErrorCode, tuple[str, str, str]] = {
    ErrorCode.INVALID_REQUEST: (
        "a parameter is missing, given twice, too long or malformed",
        "correct the parameter that the description names",
        _BOTH,
    ),
    ErrorCode.UNAUTHORIZED_CLIENT: (
        "the app was deactivated, or may not use this grant",
        "ask the administrator who registered the app",
        _BOTH,
    ),
    ErrorCode.ACCESS_DENIED: (
        "the user declined; from a guarded API: the user's own role, or the API key, does not include the permission",
        "offer to try again; from an API asking again does not help, so say what permission is missing",
        _AUTHORIZATION,
    ),
    ErrorCode.UNSUPPORTED_RESPONSE_TYPE: (
        "something other than `response_type=code` was asked",
        "send `response_type=code`",
        _AUTHORIZATION,
    ),
    ErrorCode.INVALID_SCOPE: (
        "a scope is unknown, is not registered for the app, or is wider than what was approved",
        "ask for registered scopes only; start a new authorization for more",
        "RFC 6749 §4.1.2.1, §5.2, §6",
    ),
    ErrorCode.SERVER_ERROR: (
        "a fault of Consentry's own",
        "try again later; tell the operator the request's ID",
        _AUTHORIZATION,
    ),
    ErrorCode.TEMPORARILY_UNAVAILABLE: (
        "the database did not answer, so the credential could not be checked; with status 429, too much was asked for",
        "wait for `Retry-After`, and try again",
        _AUTHORIZATION,
    ),
    ErrorCode.INVALID_CLIENT: (
        "client ID or secret is wrong, retired or expired; with status 429, too many wrong ones",
        "check which secret is in use, and how it is sent; after a 429 wait for `Retry-After`",
        _TOKEN,
    ),
    ErrorCode.INVALID_GRANT: (
        (
            "the code or refresh token is unknown, expired, used before, ended, or belongs to another app, redirect "
            "URI or verifier"
        ),
        "start a new authorization",
        "RFC 6749 §5.2, RFC 7636 §4.6",
    ),
    ErrorCode.UNSUPPORTED_GRANT_TYPE: (
        "the grant is not one that Consentry knows",
        "use one of `grant_types_supported` in the server's metadata",
        _TOKEN,
    ),
    ErrorCode.INVALID_TOKEN: (
        "the bearer is malformed, unknown, expired or ended",
        "refresh it; if that fails, start a new authorization",
        _BEARER,
    ),
    ErrorCode.INSUFFICIENT_SCOPE: (
        "the bearer is good, but the user has not approved a scope that reaches this far",
        "start a new authorization for the `scope` that the answer names",
        _BEARER,
    ),
    ErrorCode.UNSUPPORTED_TOKEN_TYPE: (
        "this kind of credential cannot be revoked here",
        "revoke access and refresh tokens only",
        "RFC 7009 §2.2.1",
    ),
    ErrorCode.INVALID_TARGET: (
        "the `resource` is not one that this server knows or that was approved",
        "send the identifier of a registered product API",
        "RFC 8707 §2",
    ),
    ErrorCode.AUTHORIZATION_PENDING: (
        "the person has not answered the device's request yet",
        "ask again after the interval",
        _DEVICE,
    ),
    ErrorCode.SLOW_DOWN: (
        "the device asked sooner than the interval allows",
        "wait five seconds longer between questions from now on",
        _DEVICE,
    ),
    ErrorCode.EXPIRED_TOKEN: (
        "the time for entering the device's code is over",
        "ask for a new device code, if the person still wants to connect",
        _DEVICE,
    ),
    ErrorCode.INVALID_REDIRECT_URI: (
        "a redirect URI cannot be registered",
        "correct the address that the description names",
        _REGISTRATION,
    ),
    ErrorCode.INVALID_CLIENT_METADATA: (
        "a registration holds a bad value",
        "correct the member that the description names",
        _REGISTRATION,
    ),
    ErrorCode.INVALID_DPOP_PROOF: (
        "the proof in the DPoP header is missing, malformed, too old, used already, or not one of this request",
        "make a new proof for each request, as the description says",
        "RFC 9449 §5, §7.1",
    ),
    ErrorCode.USE_DPOP_NONCE: (
        "the proof must hold a nonce of this server, and it held none or an old one",
        "send the request again, with the nonce of the answer's DPoP-Nonce header in the proof",
        "RFC 9449 §8, §9",
    ),
    ErrorCode.LOGIN_REQUIRED: (
        "`prompt=none` was asked and nobody is signed in, or not recently enough",
        "start again without `prompt=none`",
        _OPENID,
    ),
    ErrorCode.CONSENT_REQUIRED: (
        "`prompt=none` was asked and the user has not approved this yet",
        "start again without `prompt=none`",
        _OPENID,
    ),
    ErrorCode.INTERACTION_REQUIRED: (
        "`prompt=none` was asked and the user must do something first",
        "start again without `prompt=none`",
        _OPENID,
    ),
    ErrorCode.ACCOUNT_SELECTION_REQUIRED: (
        "`prompt=none` was asked and the user must choose first",
        "start again without `prompt=none`",
        _OPENID,
    ),
    ErrorCode.REQUEST_NOT_SUPPORTED: (
        "the authorization request came as a JWT in `request`",
        "send its parameters one by one",
        _OPENID,
    ),
    ErrorCode.REQUEST_URI_NOT_SUPPORTED: (
        "the authorization request names an address of yours in `request_uri`",
        "send its parameters one by one, or push them first (RFC 9126)",
        _OPENID,
    ),
    ErrorCode.REGISTRATION_NOT_SUPPORTED: (
        "the authorization request brings a registration of its own",
        "register the app first, and leave `registration` out",
        _OPENID,
    ),
    ErrorCode.UNMET_AUTHENTICATION_REQUIREMENTS: (
        "the app insists on a way of signing in that this server does not offer",
        "ask for a value of `acr_values_supported`, or do not make it essential",
        "unmet_authentication_requirements 1.0",
    ),
}

PROTOCOL_ERRORS: tuple[ProtocolError, ...] = tuple(ProtocolError(code.value, *_ERRORS[code]) for code in ErrorCode)
"""Every error code that Consentry may send."""

PAGE_ERRORS: tuple[tuple[str, str, str], ...] = (
    (
        "unknown_app",
        "no app with this client ID is registered here",
        "check `client_id`, and that you are at the right server",
    ),
    ("app_deactivated", "an administrator has deactivated the app", "ask them"),
    (
        "client_document",
        "the client ID is an address, and the document there cannot be read or does not describe an app",
        "correct what the page names; the document is read again within minutes",
    ),
    ("redirect_uri_missing", "the app has several addresses and the request names none", "send `redirect_uri`"),
    (
        "redirect_uri_mismatch",
        "the address sent is not registered; the page says in which part it differs",
        'send it exactly as registered, or register it; "Test this URI" helps',
    ),
    (
        "invalid_request_uri",
        "the pushed request that `request_uri` names is unknown, expired, used already, or another app's",
        "push the request anew, and send the browser with the new `request_uri` within `expires_in` seconds",
    ),
    (
        "invalid_request",
        "the address of the page has a parameter that is missing, given twice or malformed",
        "correct the parameter that the page names",
    ),
)
"""Code, meaning and remedy of a request that is shown on our own page and never sent back to the app."""
