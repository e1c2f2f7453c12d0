"""Who calls the management API: an operator, or a user through an API key or an app."""

from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from consentry.model.access import Access, Refused
from consentry.model.acting import Acting, member, operator
from consentry.model.secret import CredentialKind
from consentry.oauth.bearer import parse_bearer
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
    text = _bearer_text(request)
    if text.startswith(CredentialKind.OPERATOR_TOKEN):
        found = await deeds_of(request).operators.find(text)
        if found is not None:
            return operator(found.id)
    access = await _check(request, resource=f"{deeds_of(request).settings.issuer}{API_PATH}")
    through = access.api_key_id or access.app_id
    return member(access.user_id, access.organisation_id, access.permissions, through=through)


async def _check(request: Request, *, resource: str | None) -> Access:
    text, deeds = _bearer_text(request), deeds_of(request)
    address = caller_address(request.scope, deeds.settings.trusted_proxies)
    answer = await deeds.check_bearer.check(text, address=None if address == UNKNOWN else address, resource=resource)
    if isinstance(answer, Refused):
        raise RefusedError(answer)
    return answer


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
