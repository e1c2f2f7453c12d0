"""Who calls the management API: an operator, or a user through an API key or an app."""

from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from consentry.flows.dpop_proofs import NonceRequiredError
from consentry.model.access import Access, Reason, Refused
from consentry.model.acting import Acting, member, operator
from consentry.model.secret import CredentialKind
from consentry.oauth.bearer import parse_bearer
from consentry.oauth.dpop import parse_dpop_token
from consentry.oauth.errors import OAuthError
from consentry.web.api.problem import RefusedError
from consentry.web.caller import UNKNOWN, caller_address
from consentry.wiring import Deeds

API_PATH = "/api/v1"

_documented = HTTPBearer(
    auto_error=False,
    scheme_name="Bearer",
    description="An operator token (everything), or an API key or access token that holds what the operation needs.",
)

# A dependency of the two below, not beside them: of two in one annotation FastAPI keeps the last.
_Documented = Annotated[HTTPAuthorizationCredentials | None, Depends(_documented)]


def deeds_of(request: Request) -> Deeds:
    """Return the deeds that this API was built for."""
    deeds: Deeds = request.app.state.deeds
    return deeds


async def find_access(request: Request, _documented: _Documented = None) -> Access:
    """Return the access of the API key or access token sent, for whatever API the token was issued.

    Raises RefusedError; OAuthError for a header that cannot be read. A credential in the address is never looked at
    (TN-10).
    """
    return await _check(request, resource=None)


async def acting_from_bearer(request: Request, _documented: _Documented = None) -> Acting:
    """Return who acts. Raises what `find_access` raises."""
    text = "" if _bound_text(request) else _bearer_text(request)
    if text.startswith(CredentialKind.OPERATOR_TOKEN):
        found = await deeds_of(request).operators.find(text)
        if found is not None:
            return operator(found.id)
    access = await _check(request, resource=f"{deeds_of(request).settings.issuer}{API_PATH}")
    through = access.api_key_id or access.app_id
    return member(access.user_id, access.organisation_id, access.permissions, through=through)


async def _check(request: Request, *, resource: str | None) -> Access:
    deeds = deeds_of(request)
    bound = _bound_text(request)
    text = _bearer_text(request) if bound is None else bound
    jkt = None if bound is None else await _prove(request, bound)
    address = caller_address(request.scope, deeds.settings.trusted_proxies)
    answer = await deeds.check_bearer.check(
        text, address=None if address == UNKNOWN else address, resource=resource, jkt=jkt
    )
    if isinstance(answer, Refused):
        raise RefusedError(answer)
    return answer


def _bound_text(request: Request) -> str | None:
    headers = request.headers.getlist("authorization")
    return parse_dpop_token(headers[0]) if len(headers) == 1 else None


async def _prove(request: Request, text: str) -> str:
    """Return the thumbprint of the key that the caller proves to hold. Raises RefusedError. RFC 9449 §7.1."""
    deeds = deeds_of(request)
    url = f"{deeds.settings.issuer}{request.scope['path']}"
    try:
        proof = await deeds.dpop_proofs.require(
            request.headers.getlist("dpop"), method=request.method, url=url, access_token=text
        )
    except NonceRequiredError as needed:
        raise RefusedError(Refused(Reason.USE_DPOP_NONCE, needed.description), nonce=needed.nonce) from None
    except OAuthError as fault:
        raise RefusedError(Refused(Reason.INVALID_DPOP_PROOF, fault.description)) from None
    return proof.jkt


def _bearer_text(request: Request) -> str:
    headers = request.headers.getlist("authorization")
    text = parse_bearer(", ".join(headers)) if headers else None
    if text is None:
        raise RefusedError(None)
    return text


Caller = Annotated[Acting, Depends(acting_from_bearer)]
"""The parameter of a route that names who acts."""

CallerAccess = Annotated[Access, Depends(find_access)]
"""The parameter of a route about the credential itself; an operator token has no access."""
