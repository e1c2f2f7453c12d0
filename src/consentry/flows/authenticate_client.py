"""Authenticating a client at the token, revocation and introspection endpoints. RFC 6749 §2.3, §3.2.1."""

from dataclasses import dataclass
from datetime import datetime

from consentry.flows.throttle import Throttle
from consentry.flows.usage import UsageRecorder
from consentry.model.app import AppSecret, AppStatus
from consentry.model.client import Client
from consentry.model.ids import ClientId
from consentry.model.micros import to_micros
from consentry.model.secret import CredentialKind, Secret, digest, is_same_digest, parse_credential
from consentry.oauth.client_authentication import ClientCredentials
from consentry.oauth.errors import ErrorCode, OAuthError
from consentry.ports.apps import AppStore
from consentry.ports.world import Clock


class TooManyAttemptsError(Exception):
    """Too many wrong secrets for this client from this address; `retry_after` is in seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"Too many wrong client secrets. Try again in {retry_after} seconds.")
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class AuthenticateClient:
    """Tells which app speaks, from its credentials."""

    apps: AppStore
    throttle: Throttle
    usage: UsageRecorder
    clock: Clock

    async def authenticate(self, credentials: ClientCredentials, *, address: str) -> Client:
        """Return the client.

        `address` is the network address of the caller; wrong secrets are throttled by client and address, so that a
        stranger who guesses does not lock out the app itself.
        Raises OAuthError: INVALID_CLIENT with the same answer for an unknown client and a wrong secret;
        UNAUTHORIZED_CLIENT for an app that was deactivated. TooManyAttemptsError.
        """
        now = self.clock.now()
        # Hashed, because what was sent as the client ID may be a secret in the wrong field, and the key is stored.
        key = f"client:{digest(Secret(credentials.client_id)).hex()}:{address}"
        await self._require_patience(key, now)
        client = await self.apps.find_client(ClientId(credentials.client_id))
        if client is None or client.app.status is AppStatus.DELETED:
            # One memory for all client IDs that do not exist: whoever makes them up must not fill the database.
            invented = f"client-unknown:{address}"
            await self._require_patience(invented, now)
            self._compare(credentials, ())
            await self.throttle.record_failure(invented, now)
            raise _refused()
        if client.app.is_public:
            if credentials.client_secret is not None:
                raise OAuthError(ErrorCode.INVALID_CLIENT, "A public app has no secret: send client_id alone.")
        else:
            secret = self._compare(credentials, client.live_secrets(now))
            if secret is None:
                await self.throttle.record_failure(key, now)
                raise _refused()
            self.usage.record_secret(secret.id, to_micros(now))
        if client.app.status is not AppStatus.ACTIVE:
            raise OAuthError(ErrorCode.UNAUTHORIZED_CLIENT, "This app was deactivated by an administrator.")
        return client

    async def _require_patience(self, key: str, now: datetime) -> None:
        wait = await self.throttle.check(key, now)
        if wait is not None:
            raise TooManyAttemptsError(int(wait.total_seconds()) + 1)

    @staticmethod
    def _compare(credentials: ClientCredentials, secrets: tuple[AppSecret, ...]) -> AppSecret | None:
        parsed = parse_credential(credentials.client_secret or "", CredentialKind.CLIENT_SECRET)
        given = b"\0" * 32 if parsed is None else parsed.digest
        found = None
        # Every secret is compared, so that the time does not tell which one was close.
        for secret in secrets:
            if is_same_digest(secret.digest, given):
                found = secret
        return found


def _refused() -> OAuthError:
    return OAuthError(ErrorCode.INVALID_CLIENT, "The client is unknown, or its secret is wrong, retired or expired.")
