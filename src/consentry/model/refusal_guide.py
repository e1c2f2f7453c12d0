"""Why a call was refused, explained once: the pages, the Markdown and the links in every refusal are made from this.

The codes are stable; programs may rely on them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from consentry.model.access import Reason

ERRORS_PATH = "/docs/errors"
"""Where the server shows this guide."""

CHECK_FAILED = "check_failed"
"""The reason of a refusal whose check could not be made."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """One code: the status it comes with, the OAuth `error` beside it if there is one, what it means, what to do.

    `means` and `remedy` begin in lower case and have no full stop, as in a row of a table.
    """

    code: str
    status: int
    error: str | None
    means: str
    remedy: str


def documentation_url(issuer: str, code: str) -> str:
    """Return the address at which the server at `issuer` explains `code`."""
    return f"{issuer}{ERRORS_PATH}#{code}"


_TOKEN = "invalid_token"  # noqa: S105 - an error code, not a secret

_REASONS: Mapping[Reason, tuple[int, str | None, str, str]] = {
    Reason.CREDENTIAL_MISSING: (
        401,
        None,
        "no credential came with the call",
        "send `Authorization: Bearer` and an access token or an API key",
    ),
    Reason.MALFORMED_REQUEST: (
        400,
        "invalid_request",
        "the credential stands in the wrong place, or there are several",
        "send one credential, in the header and not in the address",
    ),
    Reason.MALFORMED_CREDENTIAL: (
        401,
        _TOKEN,
        "the credential was cut or mistyped, or is of a kind that opens no API",
        "send the whole access token or API key as it was given",
    ),
    Reason.UNKNOWN_CREDENTIAL: (
        401,
        _TOKEN,
        "the credential is not known, or was removed",
        "connect again, or create a new key",
    ),
    Reason.SENDER_NOT_PROVED: (
        401,
        _TOKEN,
        "the access token is bound to a key, and the caller did not prove to hold it; or it is bound to none",
        "send a bound token as `Authorization: DPoP` with a proof, and any other as `Bearer` without one",
    ),
    Reason.INVALID_DPOP_PROOF: (
        401,
        "invalid_dpop_proof",
        "the proof in the DPoP header is not one of this call with this token, is too old, or was used already",
        "make a new proof for each call; the sentence says what is wrong with this one",
    ),
    Reason.USE_DPOP_NONCE: (
        401,
        "use_dpop_nonce",
        "the proof must hold a nonce of this API, and it held none or an old one",
        "send the call again, with the nonce of the answer's DPoP-Nonce header in the proof",
    ),
    Reason.EXPIRED: (
        401,
        _TOKEN,
        "the access token or API key has reached the end of its life",
        "use the refresh token; create a new key",
    ),
    Reason.REVOKED: (
        401,
        _TOKEN,
        "the connection, its tokens or the key were ended",
        "the user can connect the app again; a key is revoked for good",
    ),
    Reason.APP_SUSPENDED: (
        401,
        _TOKEN,
        "an administrator deactivated the app",
        "ask that administrator; everything works again when the app is reactivated",
    ),
    Reason.ORG_POLICY: (
        403,
        "access_denied",
        "the organisation does not let its members use apps that registered themselves",
        (
            "asking again does not help: an administrator of the organisation can allow such apps, and everything "
            "works again; or have the app registered"
        ),
    ),
    Reason.USER_SUSPENDED: (
        401,
        _TOKEN,
        "the user is suspended",
        "nothing: it works again when the user is reinstated",
    ),
    Reason.MEMBER_REMOVED: (
        401,
        _TOKEN,
        "the user is no longer a member of the organisation",
        "another member can connect the app",
    ),
    Reason.MEMBER_SUSPENDED: (
        401,
        _TOKEN,
        "the user is suspended in this organisation",
        "nothing: it works again when the member is reinstated",
    ),
    Reason.ORGANISATION_SUSPENDED: (
        401,
        _TOKEN,
        "the organisation is suspended",
        "nothing: it works again when the organisation is reinstated",
    ),
    Reason.WRONG_AUDIENCE: (
        401,
        _TOKEN,
        "the token was issued for another API",
        "ask for a token with this API's identifier as `resource`",
    ),
    Reason.ADDRESS_NOT_ALLOWED: (
        401,
        _TOKEN,
        "the API key may not be used from this network address",
        "call from an address that the key allows, or create a key that allows this one",
    ),
    Reason.SCOPE_NOT_GRANTED: (
        403,
        "insufficient_scope",
        "the user has not approved a scope that covers what the call needs",
        (
            "start a new authorization for the `scope` of the answer; where it names none, no app can be given this, "
            "and `error` is `access_denied`"
        ),
    ),
    Reason.APP_LACKS_SCOPE: (
        403,
        "access_denied",
        "the app may ask for no scope that covers what the call needs, so the user cannot approve one",
        (
            "asking again does not help: whoever registered the app can give it the scope; what apps may have that "
            "registered themselves is said by the operator in `dynamic_registration_scopes`"
        ),
    ),
    Reason.PERMISSION_NOT_IN_KEY: (
        403,
        "access_denied",
        "the API key was not given the permission",
        "create a key that has it: a key cannot be widened",
    ),
    Reason.USER_LACKS_PERMISSION: (
        403,
        "access_denied",
        "the user does not hold the permission in this organisation",
        "asking again does not help: an administrator of the organisation can give it to the user",
    ),
    Reason.RESOURCE_RULE: (
        403,
        "access_denied",
        "a rule of the product's own forbids this for what the call is about, whatever the permissions",
        "read `error_description`, which the product wrote; asking again does not help",
    ),
    Reason.ROUTE_NOT_DECLARED: (
        403,
        "access_denied",
        "behind a gateway: no line of the API's routes file is about this method and path",
        "check the address; the API's operator declares the route in the file that `guard_routes` names",
    ),
    Reason.TOOL_NOT_DECLARED: (
        403,
        "access_denied",
        "of an MCP server: it does not say which permissions this tool or method needs",
        "call one of the tools that the server lists; its operator declares the permissions of each",
    ),
    Reason.REQUEST_AMBIGUOUS: (
        403,
        "access_denied",
        "behind a gateway: the request could mean one thing to the gateway and another to the API behind it",
        "send a plain path, without encoded slashes, `..`, `//` or `;`, and no header that overrides the method",
    ),
}

REFUSALS: tuple[Explanation, ...] = (
    *(Explanation(reason.value, *_REASONS[reason]) for reason in Reason),
    Explanation(
        CHECK_FAILED,
        503,
        "temporarily_unavailable",
        "the credential could not be checked just now, and nobody is let in unchecked",
        "wait as long as `Retry-After` says, and try again",
    ),
)
"""The `reason` of every refusal of a guarded API; the management API has the same codes for its callers."""

PROBLEMS: tuple[Explanation, ...] = (
    Explanation(
        "permission_missing",
        403,
        None,
        "the caller lacks the permission that the answer names in `permission`",
        "an administrator of the organisation can give it; no scope reaches it, so asking the user again does not help",
    ),
    Explanation(
        "not_found",
        404,
        None,
        "there is no such thing, or it belongs to somebody else: the two are not told apart",
        "check the identifier, and for which organisation the credential acts",
    ),
    Explanation(
        "invalid_input", 400, None, "something in the request cannot be used", "correct what `errors` says, by field"
    ),
    Explanation("conflict", 409, None, "what was asked contradicts what is there now", "read it again, then decide"),
    Explanation("refused", 400, None, "the deed was refused for the reason in `detail`", "do what `detail` says"),
    Explanation("internal_error", 500, None, "a fault of Consentry's own", "try again; tell the operator when it was"),
    Explanation("http_400", 400, None, "the body could not be read as JSON", "send well-formed JSON"),
    Explanation("http_404", 404, None, "there is nothing at this address", "check the path"),
    Explanation("http_405", 405, None, "the address does not answer that method", "see the reference of the API"),
    Explanation("http_413", 413, None, "the body is larger than this server accepts", "send less at once"),
)
"""The `code` of the management API's problem documents (RFC 9457), beside those of `REFUSALS`."""

EXPLANATIONS: Mapping[str, Explanation] = MappingProxyType({one.code: one for one in (*REFUSALS, *PROBLEMS)})
"""Every explanation by its code."""
