"""Authenticating a client at the token, revocation and introspection endpoints. RFC 6749 §2.3, §3.2.1; RFC 7523."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from consentry.flows.authenticate_by_assertion import AuthenticateByAssertion
from consentry.flows.throttle import Throttle
from consentry.flows.usage import UsageRecorder
from consentry.model.app import App, AppOrigin, AppSecret, AppStatus
from consentry.model.client import Client
from consentry.model.fixed_credentials import secret_digest
from consentry.model.ids import ClientId
from consentry.model.micros import to_micros
from consentry.model.secret import Secret, digest, is_same_digest
from consentry.model.source import source_of
from consentry.oauth.client_authentication import ClientCredentials
from consentry.oauth.document_address import is_document_address
from consentry.oauth.errors import ErrorCode, OAuthError
from consentry.oauth.jwt import JwtFault
from consentry.oauth.jwt_assertion import ClientAssertion
from consentry.ports.apps import AppStore
from consentry.ports.described_apps import ClientDocumentError, DescribedApps
from consentry.ports.world import Clock

_NOTHING = bytes(32)


class TooManyAttemptsError(Exception):
    """Too many wrong secrets for this client from this address; `retry_after` is in seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"Too many wrong client secrets. Try again in {retry_after} seconds.")
        self.retry_after = retry_after

    @classmethod
    def after(cls, wait: timedelta) -> "TooManyAttemptsError":
        """Return the refusal of a try that came so much too early."""
        return cls(int(wait.total_seconds()) + 1)


@dataclass(frozen=True, slots=True)
class AuthenticateClient:
    """Tells which app speaks, from its credentials."""

    apps: AppStore
    throttle: Throttle
    usage: UsageRecorder
    clock: Clock
    by_assertion: AuthenticateByAssertion
    documents: DescribedApps | None = None

    async def authenticate(self, credentials: ClientCredentials, *, address: str) -> Client:
        """Return the client.

        `address` is the network address of the caller; wrong secrets are throttled by client and address. The right one
        never is, whoever guessed before, so that no stranger locks out the app itself: no number of guesses comes near
        256 random bits.
        Raises OAuthError: INVALID_CLIENT with the same answer for an unknown client and a wrong secret, and for another
        method than the app is registered with; UNAUTHORIZED_CLIENT for an app that was deactivated.
        TooManyAttemptsError.
        """
        client = await self.apps.find_client(ClientId(credentials.client_id))
        if self.documents is not None and is_document_address(credentials.client_id):
            client = await self._described(self.documents, client, credentials.client_id, address)
        now = self.clock.now()
        if client is None or client.app.status is AppStatus.DELETED:
            self._compare(credentials, ())
            # One memory for all client IDs that do not exist: whoever makes them up must not fill the database.
            raise await self._refusal(f"client-unknown:{source_of(address)}", now)
        _require_registered_method(credentials, client.app)
        if credentials.assertion is not None:
            await self._require_assertion(credentials.assertion, client.app)
        elif client.app.is_public:
            if credentials.client_secret is not None:
                raise OAuthError(ErrorCode.INVALID_CLIENT, "A public app has no secret: send client_id alone.")
        else:
            secret = self._compare(credentials, client.live_secrets(now))
            if secret is None:
                raise await self._refusal(_failures_of(credentials.client_id, address), now)
            self.usage.record_secret(secret.id, to_micros(now))
        if client.app.status is not AppStatus.ACTIVE:
            raise OAuthError(ErrorCode.UNAUTHORIZED_CLIENT, "This app was deactivated by an administrator.")
        return client

    @staticmethod
    async def _described(
        documents: DescribedApps, client: Client | None, client_id: str, address: str
    ) -> Client | None:
        """Return the client that has a document, as that says now (draft-ietf-oauth-client-id-metadata-document §4)."""
        if client is not None:
            is_described = client.app.origin is AppOrigin.DOCUMENT
            return replace(client, app=await documents.refresh(client.app, address=address)) if is_described else client
        try:
            return Client(await documents.find_app(client_id, address=address), ())
        except ClientDocumentError as error:
            raise OAuthError(ErrorCode.INVALID_CLIENT, str(error)) from None

    async def _require_assertion(self, assertion: ClientAssertion, app: App) -> None:
        # Bad ones are not throttled: a signature cannot be guessed, and the next one is looked at in any case.
        try:
            await self.by_assertion.require(assertion, app)
        except JwtFault as fault:
            raise OAuthError(ErrorCode.INVALID_CLIENT, f"The client assertion {fault}") from None

    async def _refusal(self, key: str, now: datetime) -> OAuthError:
        wait = await self.throttle.count_failure(key, now)
        if wait is not None:
            raise TooManyAttemptsError.after(wait)
        return OAuthError(
            ErrorCode.INVALID_CLIENT, "The client is unknown, or its secret is wrong, retired or expired."
        )

    @staticmethod
    def _compare(credentials: ClientCredentials, secrets: tuple[AppSecret, ...]) -> AppSecret | None:
        given = credentials.of_secret(secret_digest) or _NOTHING
        found = None
        # Every secret is compared, so that the time does not tell which one was close.
        for secret in secrets:
            if is_same_digest(secret.digest, given):
                found = secret
        return found


def _failures_of(client_id: str, address: str) -> str:
    # Hashed, because what was sent as the client ID may be a secret in the wrong field, and it is stored.
    return f"client:{digest(Secret(client_id)).hex()}:{source_of(address)}"


def _require_registered_method(credentials: ClientCredentials, app: App) -> None:
    """Return if the client proves itself in the way that it is registered for (threats TK-07). RFC 7591 §2.

    An app that is registered for none in particular sends its secret as it likes, and is never taken at its word that
    a key is its own. One whose document offers both a key and nothing may prove itself by either (MCP C-11).
    """
    registered = app.metadata.token_endpoint_auth_method
    if credentials.method == "private_key_jwt":
        if registered != "private_key_jwt" and app.origin is not AppOrigin.DOCUMENT:
            raise OAuthError(ErrorCode.INVALID_CLIENT, "This app is not registered for private_key_jwt.")
    elif registered is not None and not app.is_public and credentials.method != registered:
        raise OAuthError(ErrorCode.INVALID_CLIENT, f"This app is registered for {registered}, and no other method.")
    elif registered == "private_key_jwt":
        raise OAuthError(ErrorCode.INVALID_CLIENT, "This app is registered for private_key_jwt, and no other method.")
