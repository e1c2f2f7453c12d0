"""Initial access tokens: operators make them, and programs register apps with them. RFC 7591 §1.2."""

from dataclasses import dataclass
from datetime import datetime

from consentry.flows.organisations import require_name
from consentry.model.acting import Acting
from consentry.model.event import Event, EventKind
from consentry.model.faults import Fault, InvalidInputError, NotFoundError
from consentry.model.ids import EVENT, EventId
from consentry.model.registration_token import REGISTRATION_TOKEN, RegistrationToken, RegistrationTokenId
from consentry.model.secret import CredentialKind, Secret, digest, format_credential, is_same_digest, parse_credential
from consentry.ports.registrations import RegistrationTokenStore
from consentry.ports.world import Clock, SecretSource

USES_MOST = 1_000_000


@dataclass(frozen=True, slots=True)
class CreatedRegistrationToken:
    """A new token with its text, which is readable here once."""

    record: RegistrationToken
    token: Secret


@dataclass(frozen=True, slots=True)
class RegistrationTokens:
    """What operators may do with initial access tokens, and how one is known by its text."""

    store: RegistrationTokenStore
    clock: Clock
    secrets: SecretSource

    async def create(
        self, acting: Acting, name: str, *, expires_at: datetime | None = None, uses: int | None = None
    ) -> CreatedRegistrationToken:
        """Make a token for `uses` apps, or for any number. Raises PermissionMissingError, InvalidInputError."""
        acting.require_operator()
        now = self.clock.now()
        if expires_at is not None and expires_at <= now:
            raise InvalidInputError(Fault("expires", "This time has passed. Name a later one."))
        if uses is not None and not 1 <= uses <= USES_MOST:
            raise InvalidInputError(Fault("uses", f"Name a number of apps from 1 to {USES_MOST}."))
        payload = self.secrets.new_secret()
        token_id = RegistrationTokenId(self.secrets.new_id(REGISTRATION_TOKEN))
        token = RegistrationToken(token_id, require_name(name), digest(payload), now, expires_at, uses, None)
        await self.store.create(
            token, self._event(acting, EventKind.REGISTRATION_TOKEN_CREATED, token_id, {"name": token.name})
        )
        return CreatedRegistrationToken(token, format_credential(CredentialKind.INITIAL_ACCESS, token_id, payload))

    async def page(
        self, acting: Acting, *, after: RegistrationTokenId | None = None, limit: int = 50
    ) -> list[RegistrationToken]:
        """Return up to `limit` tokens, those that ended too. Raises PermissionMissingError."""
        acting.require_operator()
        return await self.store.page(after=after, limit=limit)

    async def revoke(self, acting: Acting, token_id: RegistrationTokenId) -> None:
        """End a token at once; the apps registered with it stay.

        Raises PermissionMissingError; NotFoundError if there is no live one.
        """
        acting.require_operator()
        if not await self.store.revoke(token_id, self._event(acting, EventKind.REGISTRATION_TOKEN_REVOKED, token_id)):
            raise NotFoundError("registration token")

    async def find(self, text: str) -> RegistrationToken | None:
        """Return the live token whose text this is, or None. Digests are compared in constant time."""
        parsed = parse_credential(text, CredentialKind.INITIAL_ACCESS)
        if parsed is None:
            return None
        token = await self.store.find(RegistrationTokenId(REGISTRATION_TOKEN + parsed.id))
        is_genuine = is_same_digest(bytes(32) if token is None else token.digest, parsed.digest)
        return token if token is not None and is_genuine and token.is_live(self.clock.now()) else None

    def _event(
        self, acting: Acting, kind: EventKind, token_id: RegistrationTokenId, details: dict[str, str] | None = None
    ) -> Event:
        event_id = EventId(self.secrets.new_id(EVENT))
        return Event(event_id, self.clock.now(), kind, None, acting.actor, token_id, details or {})
