"""Authenticating a resource server at the introspection endpoint. RFC 7662 §2.1."""

from dataclasses import dataclass

from consentry.flows.authenticate_client import TooManyAttemptsError
from consentry.flows.throttle import Throttle
from consentry.model.organisation import ResourceServer
from consentry.model.secret import CredentialKind, Secret, digest, identify, is_same_digest
from consentry.model.source import source_of
from consentry.oauth.client_authentication import ClientCredentials
from consentry.oauth.errors import ErrorCode, OAuthError
from consentry.ports.people import ResourceStore
from consentry.ports.world import Clock

_NOTHING = bytes(32)


def _identify(secret: str) -> tuple[str, bytes] | None:
    return identify(secret, CredentialKind.CLIENT_SECRET)


@dataclass(frozen=True, slots=True)
class AuthenticateResourceServer:
    """Tells which of the product's APIs speaks, from its client ID and secret."""

    resources: ResourceStore
    throttle: Throttle
    clock: Clock

    async def authenticate(self, credentials: ClientCredentials, *, address: str) -> ResourceServer:
        """Return the resource server. `address` is the caller's network address.

        The right secret is never throttled, whoever guessed before: no number of guesses comes near 256 random bits.
        Raises OAuthError(INVALID_CLIENT), with the same answer for an unknown client and a wrong secret, and
        TooManyAttemptsError.
        """
        found = await self.resources.find_resource_server(credentials.client_id)
        identified = credentials.of_secret(_identify)
        given = _NOTHING if identified is None else identified[1]
        # Compared for an unknown client too, so that the time does not tell which one there is.
        is_genuine = is_same_digest(_NOTHING if found is None else found.digest, given)
        if found is None or identified is None or not is_genuine:
            await self._refuse(credentials, address)
            raise OAuthError(ErrorCode.INVALID_CLIENT, "The client is unknown, or its secret is wrong.")
        return found

    async def _refuse(self, credentials: ClientCredentials, address: str) -> None:
        # Hashed, because what was sent as the client ID may be a secret in the wrong field, and the key is stored.
        key = f"resource:{digest(Secret(credentials.client_id)).hex()}:{source_of(address)}"
        wait = await self.throttle.count_failure(key, self.clock.now())
        if wait is not None:
            raise TooManyAttemptsError.after(wait)
