"""Errors of the management API: problem details. RFC 9457."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from consentry.model.access import Reason, Refused
from consentry.model.faults import (
    ConflictError,
    DeedError,
    Fault,
    InvalidInputError,
    NotFoundError,
    PermissionMissingError,
)
from consentry.model.refusal_guide import CHECK_FAILED, documentation_url
from consentry.oauth.bearer import challenge
from consentry.oauth.dpop import ALGORITHMS, SCHEME
from consentry.oauth.errors import ErrorCode, OAuthError
from consentry.ports.directory import DirectoryUnavailableError
from consentry.web.api.slash_in_identifier import with_slashes

_MEDIA_TYPE = "application/problem+json"
_TYPES = "urn:consentry:problem:"
_REALM = "consentry"
_PLACE_LENGTH = 200

_PROOF_FAULTS = {
    Reason.INVALID_DPOP_PROOF: ErrorCode.INVALID_DPOP_PROOF,
    Reason.USE_DPOP_NONCE: ErrorCode.USE_DPOP_NONCE,
}


class RefusedError(Exception):
    """The credential opens nothing here; `refused` says why. None: there was no credential."""

    def __init__(self, refused: Refused | None, *, nonce: str | None = None) -> None:
        super().__init__("The credential was refused.")
        self.refused = refused
        self.nonce = nonce


def problem(
    request: Request,
    status: int,
    code: str,
    detail: str,
    *,
    errors: Sequence[Fault] = (),
    headers: Mapping[str, str] | None = None,
    **members: str,
) -> JSONResponse:
    """Return a problem document. `code` is stable, and explained where `documentation` leads; `errors` go by field."""
    body: dict[str, object] = {
        "type": f"{_TYPES}{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "instance": with_slashes(request.url.path),
        "code": code,
        "documentation": documentation_url(request.app.state.deeds.settings.issuer, code),
        **members,
    }
    if errors:
        body["errors"] = [{"field": fault.field, "message": fault.sentence} for fault in errors]
    return JSONResponse(body, status, headers, media_type=_MEDIA_TYPE)


def add_problems(api: FastAPI) -> None:
    """Let every refusal of the API be answered by a problem document."""
    api.add_exception_handler(DeedError, _answer_deed)
    api.add_exception_handler(RequestValidationError, _answer_validation)
    api.add_exception_handler(RefusedError, _answer_refused)
    api.add_exception_handler(OAuthError, _answer_oauth)
    api.add_exception_handler(HTTPException, _answer_http)
    api.add_exception_handler(DirectoryUnavailableError, _answer_unavailable)
    api.add_exception_handler(Exception, _answer_fault)


async def _answer_deed(request: Request, error: Exception) -> JSONResponse:
    match error:
        case NotFoundError():
            return problem(request, 404, "not_found", str(error))
        case PermissionMissingError():
            # Never insufficient_scope: no scope reaches these permissions, so asking the user again cannot help.
            header = challenge(_REALM, ErrorCode.ACCESS_DENIED, None, None)
            return problem(
                request,
                403,
                "permission_missing",
                str(error),
                headers={"WWW-Authenticate": header},
                permission=error.permission,
            )
        case InvalidInputError():
            return problem(request, 400, "invalid_input", str(error), errors=error.faults)
        case ConflictError():
            return problem(request, 409, "conflict", str(error))
        case _:
            return problem(request, 400, "refused", str(error))


async def _answer_validation(request: Request, error: Exception) -> JSONResponse:
    faults = []
    if isinstance(error, RequestValidationError):
        for one in error.errors():
            # The first part is where the field stands (body, query, path); the offending value is never told back.
            # A field's name may be the caller's own invention, and no text at all.
            place = ".".join(str(part) for part in one["loc"][1:]) or str(one["loc"][0])
            shown = place.encode("utf-8", "replace").decode()[:_PLACE_LENGTH]
            faults.append(Fault(shown, f"{one['msg'].removesuffix('.')}."))
    return problem(
        request, 400, "invalid_input", "The request has fields that cannot be used: see errors.", errors=faults
    )


async def _answer_refused(request: Request, error: Exception) -> JSONResponse:
    refused = error.refused if isinstance(error, RefusedError) else None
    if refused is None:
        sentence = "Send an operator token, an API key or an access token in the Authorization header."
        header = challenge(_REALM, None, None, None)
        return problem(request, 401, Reason.CREDENTIAL_MISSING.value, sentence, headers={"WWW-Authenticate": header})
    if refused.reason is Reason.ORG_POLICY:
        # No other token would help, so nobody is sent to fetch one.
        header = challenge(_REALM, ErrorCode.ACCESS_DENIED, refused.sentence, None)
        return problem(request, 403, refused.reason.value, refused.sentence, headers={"WWW-Authenticate": header})
    code = _PROOF_FAULTS.get(refused.reason, ErrorCode.INVALID_TOKEN)
    header = challenge(_REALM, code, refused.sentence, None)
    nonce = error.nonce if isinstance(error, RefusedError) else None
    headers = {"WWW-Authenticate": f'{header}, {SCHEME} algs="{ALGORITHMS}"'} | ({"DPoP-Nonce": nonce} if nonce else {})
    return problem(request, 401, refused.reason.value, refused.sentence, headers=headers)


async def _answer_oauth(request: Request, error: Exception) -> JSONResponse:
    description = error.description if isinstance(error, OAuthError) else ""
    return problem(request, 400, Reason.MALFORMED_REQUEST.value, description)


async def _answer_http(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, HTTPException):
        raise error
    sentences = {
        400: "The body could not be read as JSON.",
        404: "There is nothing at this address.",
        405: "This address does not answer that method.",
        413: "The body is larger than this server accepts.",
    }
    detail = sentences.get(error.status_code, "The request was refused.")
    return problem(request, error.status_code, f"http_{error.status_code}", detail, headers=error.headers)


async def _answer_unavailable(request: Request, _error: Exception) -> JSONResponse:
    sentence = "What you may do could not be checked just now, and nobody is let in unchecked. Try again."
    return problem(request, 503, CHECK_FAILED, sentence, headers={"Retry-After": "1"})


async def _answer_fault(request: Request, _error: Exception) -> JSONResponse:
    return problem(
        request, 500, "internal_error", "Something went wrong on our side. Nothing was changed that was not confirmed."
    )
