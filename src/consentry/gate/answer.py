"""What a caller is told when a call is refused: status, `WWW-Authenticate` and a JSON body. RFC 6750 §3.

Every adapter sends exactly this. `insufficient_scope` is said only where asking the user again can help: a client that
hears it for a permission which the user does not hold would ask again and again.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from consentry.model.access import Reason, Refused
from consentry.model.refusal_guide import CHECK_FAILED, documentation_url
from consentry.oauth.bearer import challenge
from consentry.oauth.dpop import ALGORITHMS, SCHEME
from consentry.oauth.errors import ErrorCode, as_description
from consentry.oauth.scope import Scope

REALM = "consentry"

BEARER = "Bearer"
"""The scheme in which nearly every credential comes. RFC 6750 §2.1."""

_NO_SCOPE = Scope()
_UNAUTHORIZED = 401

READABLE = {"access-control-allow-origin": "*", "access-control-expose-headers": "WWW-Authenticate, DPoP-Nonce"}
"""The headers by which a script of any origin may read an answer. No cookie opens the API, so nothing is given away."""

_DENIED = {
    Reason.SCOPE_NOT_GRANTED: "scope",
    Reason.ORG_POLICY: "organisation_policy",
    Reason.APP_LACKS_SCOPE: "app_scope",
    Reason.PERMISSION_NOT_IN_KEY: "key_permission",
    Reason.USER_LACKS_PERMISSION: "user_permission",
    Reason.RESOURCE_RULE: "resource_rule",
    Reason.ROUTE_NOT_DECLARED: "route",
    Reason.TOOL_NOT_DECLARED: "tool",
    Reason.REQUEST_AMBIGUOUS: "request",
}
"""The refusals that no other credential would change, and the side that is missing."""

_PROOF_FAULTS = {
    Reason.INVALID_DPOP_PROOF: ErrorCode.INVALID_DPOP_PROOF,
    Reason.USE_DPOP_NONCE: ErrorCode.USE_DPOP_NONCE,
}
_PROOF_HELPS = frozenset({Reason.CREDENTIAL_MISSING, Reason.SENDER_NOT_PROVED})


@dataclass(frozen=True, slots=True)
class Answer:
    """A refusal as it is sent. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class CallRefusedError(Exception):
    """A call must not go on. `answer` is what to send; `refused` says why, and is None if the check itself failed."""

    def __init__(self, answer: Answer, refused: Refused | None) -> None:
        super().__init__("The check failed." if refused is None else refused.sentence)
        self.answer = answer
        self.refused = refused


def answer_refused(
    refused: Refused,
    *,
    issuer: str,
    realm: str = REALM,
    metadata_url: str | None = None,
    first_scopes: Scope = _NO_SCOPE,
    scheme: str = BEARER,
    nonce: str | None = None,
) -> Answer:
    """Return the answer that tells the app's developer why the call was refused and which side is missing.

    `issuer` is where the reason is explained. With the `metadata_url` of the API (RFC 9728 §5.1) a client that knows
    nothing finds its way, and `first_scopes` are what it should ask for where it has no good token; a script of any
    origin may then read the answer. `scheme` is that in which the credential came, `nonce` goes with USE_DPOP_NONCE.
    """
    status, code = _status_of(refused)
    scopes = refused.scopes if code is ErrorCode.INSUFFICIENT_SCOPE else None
    if status == _UNAUTHORIZED and metadata_url is not None:
        scopes = first_scopes
    header = challenge(
        realm,
        code,
        None if code is None else as_description(refused.sentence),
        scopes,
        # A client that is sent to the server for what consent cannot change would go round in circles.
        None if code is ErrorCode.ACCESS_DENIED else metadata_url,
        scheme=scheme,
    )
    if scheme == SCHEME:
        header = f'{header}, algs="{ALGORITHMS}"'
    elif refused.reason in _PROOF_HELPS:
        # RFC 9449 §7.1: the other scheme that is taken here.
        header = f'{header}, {SCHEME} algs="{ALGORITHMS}"'
    body = {
        # A call without a credential gets no error in the header (RFC 6750 §3.1); the body always has one.
        "error": (code or refused.reason).value,
        "reason": refused.reason.value,
        "error_description": refused.sentence,
        "missing": _DENIED.get(refused.reason, "token"),
        "documentation": documentation_url(issuer, refused.reason),
    }
    if refused.permission is not None:
        body["permission"] = refused.permission
    if code is ErrorCode.INSUFFICIENT_SCOPE:
        body["scope"] = str(refused.scopes)
    told = {} if nonce is None else {"dpop-nonce": nonce}
    return _answer(status, body, {"www-authenticate": header, **told, **_readable(metadata_url)})


def answer_failure(*, issuer: str, metadata_url: str | None = None) -> Answer:
    """Return the answer for a check that could not be made: nobody is let in unchecked, and trying again may help."""
    body = {
        "error": ErrorCode.TEMPORARILY_UNAVAILABLE.value,
        "reason": CHECK_FAILED,
        "error_description": "The credential could not be checked just now. Try again in a moment.",
        "documentation": documentation_url(issuer, CHECK_FAILED),
    }
    return _answer(503, body, {"retry-after": "1", **_readable(metadata_url)})


def _readable(metadata_url: str | None) -> Mapping[str, str]:
    return {} if metadata_url is None else READABLE


def _status_of(refused: Refused) -> tuple[int, ErrorCode | None]:
    if refused.reason is Reason.CREDENTIAL_MISSING:
        return 401, None
    if refused.reason is Reason.MALFORMED_REQUEST:
        return 400, ErrorCode.INVALID_REQUEST
    if refused.reason is Reason.SCOPE_NOT_GRANTED and refused.scopes:
        return 403, ErrorCode.INSUFFICIENT_SCOPE
    if refused.reason in _DENIED:
        return 403, ErrorCode.ACCESS_DENIED
    return 401, _PROOF_FAULTS.get(refused.reason, ErrorCode.INVALID_TOKEN)


def _answer(status: int, body: Mapping[str, str], headers: Mapping[str, str]) -> Answer:
    content = json.dumps(body).encode()
    own = {
        "content-type": "application/json",
        "content-length": str(len(content)),
        "cache-control": "no-store",
    }
    return Answer(status, {**own, **headers}, content)
