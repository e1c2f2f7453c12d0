"""The guard in a FastAPI application: a route names the permission that it needs, and is given the `Access`."""

from collections.abc import Awaitable, Callable, Sequence
from inspect import Parameter, Signature
from typing import Annotated

from fastapi import FastAPI, Request, Security
from fastapi.openapi.models import (
    HTTPBearer,
    OAuth2,
    OAuthFlowAuthorizationCode,
    OAuthFlows,
)
from fastapi.openapi.models import SecurityBase as Scheme
from fastapi.security.base import SecurityBase

from consentry.gate.call import call_of
from consentry.gate.guards import AsyncGuard
from consentry.gate.judgement import find_scopes
from consentry.guard import starlette
from consentry.model.access import Access
from consentry.oauth.metadata import AUTHORIZATION_PATH, TOKEN_PATH


class _Documented(SecurityBase):
    """A way to come by a credential, for the OpenAPI document alone: the guard reads the call itself."""

    def __init__(self, scheme_name: str, model: Scheme) -> None:
        self.scheme_name = scheme_name
        self.model = model

    async def __call__(self) -> None:
        """Leave the call alone."""


class _Requirement(SecurityBase):
    """Finds the access of a call, and documents a bearer credential by being the scheme itself.

    FastAPI takes some microseconds for each dependency in a call, so there is none but this one and, for the document,
    that of the scopes.
    """

    def __init__(self, guard: AsyncGuard, permissions: Sequence[str], scopes: Sequence[str] | None) -> None:
        self.scheme_name = "Bearer"
        self.model = HTTPBearer(description="An access token of a connected app, or an API key.")
        self._guard = guard
        self._permissions = permissions
        parameters = [Parameter("request", Parameter.KEYWORD_ONLY, annotation=Request)]
        if scopes is not None:
            asked = Annotated[None, Security(_Documented("OAuth2", _code_flow(guard)), scopes=scopes)]
            parameters.append(Parameter("_", Parameter.KEYWORD_ONLY, annotation=asked))
        self.__signature__ = Signature(parameters)

    async def __call__(self, request: Request, _: None = None) -> Access:
        """Return the access. Raises CallRefusedError."""
        guard = self._guard
        return await guard.authorise_call(call_of(request.scope, guard.trusted_proxies), self._permissions)


def require(guard: AsyncGuard, *permissions: str) -> Callable[..., Awaitable[Access]]:
    """Return a dependency that yields the `Access` of a caller who may do all of `permissions` now.

    `Annotated[Access, Depends(require(guard, "invoice.read"))]`. Any other caller gets the guard's answer, sent by the
    handler that `install` adds; without it the call fails with 500, and is still not let through.

    The OpenAPI document says of the route that it takes a bearer credential and, where scopes cover the permissions,
    which scopes an app must ask for.

    Raises UnknownPermissionError, when the route is declared, for a permission that the catalog does not have.
    """
    guard.require_known(permissions)
    return _Requirement(guard, permissions, find_scopes(permissions, guard.catalog))


def install(app: FastAPI, guard: AsyncGuard) -> None:
    """Send the guard's answers, and enter and leave the guard with the application."""
    starlette.install(app, guard)


def _code_flow(guard: AsyncGuard) -> OAuth2:
    flow = OAuthFlowAuthorizationCode(
        authorizationUrl=guard.issuer + AUTHORIZATION_PATH,
        tokenUrl=guard.issuer + TOKEN_PATH,
        refreshUrl=guard.issuer + TOKEN_PATH,
        scopes={name: scope.title for name, scope in guard.catalog.scopes.items()},
    )
    return OAuth2(
        flows=OAuthFlows(authorizationCode=flow), description="A connected app asks the user. PKCE is needed."
    )
