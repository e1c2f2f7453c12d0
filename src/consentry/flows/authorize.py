"""The authorization endpoint's rules, in the order that keeps a stranger from being sent anywhere.

Who asks and where the answer goes is settled first, and a fault there is shown, never redirected (RFC 6749 §4.1.2.1).
Only then is the rest read, and its faults go back to the redirect URI, once the user has signed in (RFC 9700 §4.11.2).
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from consentry.model.app import App, AppOrigin, AppStatus
from consentry.model.catalog import Catalog
from consentry.model.ids import PushedRequestId
from consentry.model.tolerated_scope import tolerated
from consentry.oauth.authorization_request import AuthorizationRequest, ClientReference
from consentry.oauth.client_metadata import AUTHORIZATION_CODE
from consentry.oauth.document_address import is_document_address
from consentry.oauth.errors import ErrorCode, OAuthError
from consentry.oauth.id_token import ACR_PASSWORD
from consentry.oauth.identity_scopes import OFFLINE_ACCESS, OPENID
from consentry.oauth.parameters import Parameters
from consentry.oauth.redirect_uri import Mismatch, explain_mismatch, find_match
from consentry.oauth.resource import is_same_resource
from consentry.oauth.response_mode import require_reach
from consentry.oauth.scope import Scope
from consentry.ports.apps import AppStore
from consentry.ports.described_apps import ClientDocumentError, DescribedApps
from consentry.ports.people import ResourceStore


class UntrustedCode(StrEnum):
    """Why a request is answered with a page of ours: stable codes that the page shows."""

    INVALID_REQUEST = "invalid_request"
    UNKNOWN_APP = "unknown_app"
    APP_DEACTIVATED = "app_deactivated"
    CLIENT_DOCUMENT = "client_document"
    REDIRECT_URI_MISSING = "redirect_uri_missing"
    REDIRECT_URI_MISMATCH = "redirect_uri_mismatch"
    INVALID_REQUEST_URI = "invalid_request_uri"


class UntrustedRequestError(Exception):
    """Client or redirect URI are wrong: nothing may be sent anywhere.

    `app` and `mismatch` are set where the client is known and its redirect URI did not match, for the app's own log.
    """

    def __init__(
        self,
        code: UntrustedCode,
        sentence: str,
        *,
        app: App | None = None,
        sent: str | None = None,
        mismatch: Mismatch | None = None,
    ) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence
        self.app = app
        self.sent = sent
        self.mismatch = mismatch


@dataclass(frozen=True, slots=True)
class TrustedRedirect:
    """An app, and an address that is registered for it: only this may ever be redirected to.

    `pushed` is the pushed request (RFC 9126) that asks, and that the answer uses up.
    """

    app: App
    redirect_uri: str
    pushed: PushedRequestId | None = None


@dataclass(frozen=True, slots=True)
class Authorize:
    """Validates authorization requests. Writes nothing.

    With `require_pushed` every app must push its requests, without it those that are registered so. A request that
    names no API is for the `default_resource`, where there is one.
    """

    apps: AppStore
    resources: ResourceStore
    catalog: Catalog
    require_pushed: bool = False
    documents: DescribedApps | None = None
    default_resource: str | None = None

    async def trust(
        self, query: Parameters, *, pushed: PushedRequestId | None = None, address: str | None = None
    ) -> TrustedRedirect:
        """Return the app and the redirect URI, both checked against the registration as it is now.

        `pushed` is the pushed request whose parameters `query` are, where they are one's; `address` the network address
        of whoever asks.

        Raises UntrustedRequestError, which is shown on a page. *Source:* RFC 9700 §2.1, RFC 8252 §7.3.
        """
        try:
            reference = ClientReference.parse(query)
        except OAuthError as error:
            raise UntrustedRequestError(UntrustedCode.INVALID_REQUEST, error.description) from error
        app = await self._find_app(reference.client_id, address)
        if app is None:
            raise UntrustedRequestError(UntrustedCode.UNKNOWN_APP, "No app with this client ID is registered here.")
        if app.status is not AppStatus.ACTIVE:
            raise UntrustedRequestError(UntrustedCode.APP_DEACTIVATED, "An administrator has deactivated this app.")
        return TrustedRedirect(app, _trusted_uri(app, reference.redirect_uri), pushed)

    async def _find_app(self, client_id: str, address: str | None) -> App | None:
        if self.documents is None or not is_document_address(client_id):
            app = await self.apps.find_app(client_id)
            # Nobody stands for what a document said once, when documents count no longer.
            return None if app is not None and app.origin is AppOrigin.DOCUMENT else app
        try:
            return await self.documents.find_app(client_id, address=address)
        except ClientDocumentError as error:
            raise UntrustedRequestError(UntrustedCode.CLIENT_DOCUMENT, str(error)) from error

    async def read(self, query: Parameters, to: TrustedRedirect) -> AuthorizationRequest:
        """Return what is asked for: all that the app declared where it named no scope (RFC 6749 §3.3).

        Raises OAuthError, which goes back to `to`: also INVALID_SCOPE for a scope that the app has not declared, and
        INVALID_TARGET for an API that is not registered here; UNAUTHORIZED_CLIENT for an app without the grant, and
        INVALID_REQUEST for one that must push its requests and did not.
        """
        self._require_allowed(to)
        request = AuthorizationRequest.parse(query, require_pkce=to.app.require_pkce)
        request = replace(request, resource=self.meant_for(request.resource))
        require_reach(query, to.redirect_uri)
        scope = await self.require_askable(to.app, request.scope, request.resource)
        # OpenID Connect Core §5.5.1.1: an acr that is insisted on and cannot be had is a failed sign-in.
        wanted = request.claims.essential_acr
        if wanted and ACR_PASSWORD not in wanted and OPENID in scope:
            raise OAuthError(
                ErrorCode.UNMET_AUTHENTICATION_REQUIREMENTS, f"The only acr value that is offered is {ACR_PASSWORD}."
            )
        # OpenID Connect Core §5.5: a claim that the app is not registered to see is left out, which is no error.
        claim_scope = request.claims.scope & to.app.scopes if OPENID in scope else Scope()
        if claim_scope:
            return replace(request, scope=scope, claim_scope=claim_scope)
        return request if request.scope == scope else replace(request, scope=scope)

    def meant_for(self, resource: tuple[str, ...]) -> tuple[str, ...]:
        """Return the APIs that a request names, or the default one where it names none. *Source:* RFC 8707 §2."""
        return resource or (() if self.default_resource is None else (self.default_resource,))

    async def require_askable(self, app: App, scope: Scope, resource: tuple[str, ...]) -> Scope:
        """Return what the app asks for: all that it declared where it names no scope (RFC 6749 §3.3).

        Raises OAuthError: INVALID_SCOPE for a scope that the app has not declared, INVALID_TARGET for an API that is
        not registered here.
        """
        declared = Scope(app.scopes.tokens.intersection(self.catalog.scopes))
        if app.origin is not AppOrigin.REGISTERED:
            await self._require_known_resource(resource)
            return tolerated(app, scope, declared, self.catalog)
        if OFFLINE_ACCESS not in declared:
            # OpenID Connect Core §11 has it ignored; clients that see it in the metadata add it unasked.
            scope = scope - Scope.of(OFFLINE_ACCESS)
        undeclared = scope - declared
        if undeclared:
            raise OAuthError(
                ErrorCode.INVALID_SCOPE, f"The app has not declared {undeclared}: add it to the app, or leave it out."
            )
        await self._require_known_resource(resource)
        return scope or declared

    def _require_allowed(self, to: TrustedRedirect) -> None:
        metadata = to.app.metadata
        # RFC 6749 §4.1.2.1.
        if not metadata.may_use(AUTHORIZATION_CODE):
            raise OAuthError(ErrorCode.UNAUTHORIZED_CLIENT, "The app is not registered for authorization codes.")
        # RFC 9126 §5 and §6.
        if to.pushed is None and (self.require_pushed or metadata.require_pushed_authorization_requests):
            raise OAuthError(
                ErrorCode.INVALID_REQUEST, "The request must be pushed first: send it to the endpoint for that."
            )

    async def _require_known_resource(self, resource: tuple[str, ...]) -> None:
        if len(resource) > 1:
            raise OAuthError(ErrorCode.INVALID_TARGET, "Ask for one resource at a time.")
        for asked in resource:
            known = (*self.meant_for(()), *await self.resources.identifiers())
            if not any(is_same_resource(one, asked) for one in known):
                raise OAuthError(ErrorCode.INVALID_TARGET, "No API with this resource identifier is registered here.")


def _trusted_uri(app: App, given: str | None) -> str:
    if given is None:
        if len(app.redirect_uris) == 1:
            return app.redirect_uris[0]
        raise UntrustedRequestError(
            UntrustedCode.REDIRECT_URI_MISSING,
            "The parameter redirect_uri is missing, and the app has more than one address registered.",
            app=app,
        )
    if find_match(app.redirect_uris, given) is None:
        mismatch = explain_mismatch(app.redirect_uris, given)
        raise UntrustedRequestError(
            UntrustedCode.REDIRECT_URI_MISMATCH, mismatch.sentence, app=app, sent=given, mismatch=mismatch
        )
    return given
