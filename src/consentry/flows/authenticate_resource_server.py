"""Authenticating a resource server at the introspection endpoint. RFC 7662 §2.1."""

from dataclasses import dataclass

from consentry.flows.authenticate_client import TooManyAttemptsError
from consentry.flows.throttle import Throttle
from consentry.model.organisation import ResourceServer
from consentry.model.secret import CredentialKind, Secret, digest, is_same_digest, parse_credential
from consentry.oauth.client_authentication import ClientCredentials
from consentry.oauth.errors import ErrorCode, OAuthError
from consentry.ports.people import ResourceStore
from consentry.ports.world import Clock


@dataclass(frozen=True, slots=True)
class AuthenticateResourceServer:
    """Tells which of the product's APIs speaks, from its client ID and secret."""

    resources: ResourceStore
    throttle: Throttle
    clock: Clock

    async def authenticate(self, credentials: ClientCredentials, *, address: str) -> ResourceServer:
        """Return the resource server. `address` is the caller's network address.

        Raises OAuthError(INVALID_CLIENT), with the same answer for an unknown client and a wrong secret, and
        TooManyAttemptsError.
        """
        now = self.clock.now()
        # Hashed, because what was sent as the client ID may be a secret in the wrong field, and the key is stored.
        key = f"resource:{digest(Secret(credentials.client_id)).hex()}:{address}"
        wait = await self.throttle.check(key, now)
        if wait is not None:
            raise TooManyAttemptsError(int(wait.total_seconds()) + 1)
        found = await self.resources.find_resource_server(credentials.client_id)
        parsed = parse_credential(credentials.client_secret or "", CredentialKind.CLIENT_SECRET)
        given = bytes(32) if parsed is None else parsed.digest
        # Compared for an unknown client too, so that the time does not tell which one there is.
        is_genuine = is_same_digest(bytes(32) if found is None else found.digest, given)
        if found is None or parsed is None or not is_genuine:
            await self.throttle.record_failure(key, now)
            raise OAuthError(ErrorCode.INVALID_CLIENT, "The client is unknown, or its secret is wrong.")
        return found
