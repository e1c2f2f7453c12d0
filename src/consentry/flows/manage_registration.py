"""A program reads, replaces and removes the app that it registered, by the token that it got for it. RFC 7592."""

from dataclasses import dataclass, replace

from consentry.flows.register_client import RegisteredClient
from consentry.flows.sector_documents import SectorDocuments
from consentry.model.app import App, AppOrigin
from consentry.model.catalog import Catalog
from consentry.model.event import Actor, Event, EventKind
from consentry.model.ids import EVENT, EventId
from consentry.model.secret import (
    CredentialKind,
    Secret,
    digest,
    format_credential,
    identify,
    is_same_digest,
    parse_credential,
)
from consentry.model.self_registered import NewApp, SelfRegistrationPolicy, build_app
from consentry.oauth.client_claims import PRIVATE_KEY, parse_claims, parse_members
from consentry.oauth.errors import ErrorCode, OAuthError
from consentry.oauth.registration_members import refuse, text_of
from consentry.ports.apps import AppStore
from consentry.ports.registrations import KeptRegistration, RegistrationStore
from consentry.ports.world import Clock, SecretSource

_NOTHING = bytes(32)


@dataclass(frozen=True, slots=True)
class ManageRegistration:
    """What the holder of a registration access token may do with its one app.

    Each method raises OAuthError(INVALID_TOKEN), with the same answer whether the app is not there or the token is not
    its own. *Source:* RFC 7592 §2.
    """

    apps: AppStore
    registrations: RegistrationStore
    catalog: Catalog
    policy: SelfRegistrationPolicy
    clock: Clock
    secrets: SecretSource
    sectors: SectorDocuments

    async def read(self, client_id: str, bearer: str | None) -> RegisteredClient:
        """Return the registration as it is now. *Source:* RFC 7592 §2.1."""
        kept, token = await self._open(client_id, bearer)
        return RegisteredClient(kept.client.app, None, token)

    async def replace(self, client_id: str, bearer: str | None, body: bytes) -> RegisteredClient:
        """Replace all metadata, by the same rules as at registration, and the token by a new one.

        What is left out gets its default; what the server sets itself is ignored. Raises OAuthError, also
        INVALID_REDIRECT_URI and INVALID_CLIENT_METADATA. *Source:* RFC 7592 §2.2.
        """
        kept, _ = await self._open(client_id, bearer)
        before = kept.client.app
        members = parse_members(body)
        if text_of(members, "client_id") != before.client_id:
            refuse("The member client_id must be the client's own.")
        self._require_present_secret(kept, text_of(members, "client_secret"))
        claims = parse_claims(members)
        self.policy.require_allowed_hosts(claims.redirect_uris)
        now = self.clock.now()
        new = NewApp(before.id, before.client_id, AppOrigin.DYNAMIC, None, now)
        after = replace(
            build_app(claims, new, self.policy.ceiling(self.catalog)),
            status=before.status,
            created_at=before.created_at,
        )
        if _ways(after) != _ways(before):
            refuse("The way to authenticate cannot change between a secret, keys and none: register the client anew.")
        await self.sectors.require(after)
        payload = self.secrets.new_secret()
        event = self._event(before, EventKind.APP_CHANGED, {"name": f"{before.name} -> {after.name}"})
        if not await self.registrations.replace(kept, after, digest(payload), event):
            raise _refusal()
        return RegisteredClient(after, None, format_credential(CredentialKind.REGISTRATION, after.id, payload))

    async def remove(self, client_id: str, bearer: str | None) -> None:
        """Delete the app: its tokens and its secret do nothing from now on. *Source:* RFC 7592 §2.3."""
        kept, _ = await self._open(client_id, bearer)
        app = kept.client.app
        if not await self.apps.delete(app.id, self._event(app, EventKind.APP_DELETED, {"name": app.name})):
            raise _refusal()

    async def _open(self, client_id: str, bearer: str | None) -> tuple[KeptRegistration, Secret]:
        parsed = parse_credential(bearer or "", CredentialKind.REGISTRATION)
        kept = await self.registrations.find(client_id)
        stored = _NOTHING if kept is None or kept.digest is None else kept.digest
        is_genuine = is_same_digest(stored, _NOTHING if parsed is None else parsed.digest)
        if kept is None or kept.digest is None or parsed is None or not is_genuine:
            raise _refusal()
        return kept, Secret(bearer or "")

    def _require_present_secret(self, kept: KeptRegistration, given: str | None) -> None:
        # RFC 7592 §2.2: a client_secret that is sent must be the present one; a client cannot choose its own.
        if given is None:
            return
        identified = identify(given, CredentialKind.CLIENT_SECRET)
        live = kept.client.live_secrets(self.clock.now())
        if identified is None or not any(is_same_digest(one.digest, identified[1]) for one in live):
            refuse("The member client_secret is not the client's present secret. Leave it out.")

    def _event(self, app: App, kind: EventKind, details: dict[str, str]) -> Event:
        event_id = EventId(self.secrets.new_id(EVENT))
        return Event(event_id, self.clock.now(), kind, app.organisation_id, Actor(through=app.id), app.id, details)


def _ways(app: App) -> tuple[object, bool]:
    return app.type, app.metadata.token_endpoint_auth_method == PRIVATE_KEY


def _refusal() -> OAuthError:
    return OAuthError(ErrorCode.INVALID_TOKEN, "The registration access token is not good for this client.")
