"""Apps that nobody registered: a document at the client ID says what they are. Client ID Metadata Documents (draft).

What a document says becomes an app like any other, so that everything behind it works unchanged. It is read anew as its
server's cache rules say, and what it no longer says ends at once.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from consentry.flows.fetch_document import FetchDocument
from consentry.flows.throttle import Throttle
from consentry.log import Log
from consentry.model.app import App, AppOrigin
from consentry.model.catalog import Catalog
from consentry.model.event import SYSTEM, Event, EventKind
from consentry.model.ids import APP, EVENT, AppId, ClientId, EventId
from consentry.model.secret import Secret, digest
from consentry.model.self_registered import NewApp, SelfRegistrationPolicy, build_app
from consentry.model.source import source_of
from consentry.model.throttling import ThrottlePolicy
from consentry.oauth.client_document import parse_client_document
from consentry.oauth.document_address import find_address_fault, host_of_document
from consentry.oauth.errors import OAuthError
from consentry.ports.apps import AppStore
from consentry.ports.described_apps import ClientDocumentError
from consentry.ports.fetched_documents import KeptDocument
from consentry.ports.outbound import OutboundError
from consentry.ports.registrations import NewRegistration, RegistrationStore
from consentry.ports.sign_in import ThrottleStore
from consentry.ports.world import Clock, SecretSource

GONE_AFTER = timedelta(days=2)
"""How long after it was last fetched a document that cannot be fetched any more still counts."""

OF_ONE_ADDRESS = ThrottlePolicy(
    free=2, first_delay=timedelta(seconds=5), longest_delay=timedelta(minutes=5), memory=timedelta(minutes=10)
)
"""Fetches of one document that fail: two in a row are followed at once, for a server that was starting."""

OF_ONE_SOURCE = ThrottlePolicy(free=60, first_delay=timedelta(seconds=2), longest_delay=timedelta(minutes=1))
"""Fetches that one network address causes."""

_ACCEPT = "application/json"
_log = Log(__name__)


@dataclass(frozen=True, slots=True)
class DocumentPolicy:
    """Which documents are read: up to `most_bytes` long, and from `hosts` alone where there are any."""

    most_bytes: int
    hosts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ClientDocuments:
    """Finds apps by their documents."""

    apps: AppStore
    registrations: RegistrationStore
    documents: FetchDocument
    throttles: ThrottleStore
    catalog: Catalog
    policy: SelfRegistrationPolicy
    document_policy: DocumentPolicy
    clock: Clock
    secrets: SecretSource

    async def find_app(self, client_id: str, *, address: str | None = None) -> App:
        """Return the app that the document at `client_id` describes now.

        `address` is the network address of whoever asks. Raises ClientDocumentError: the client ID is no address to
        fetch from, there is no document, or it says nothing that could be an app.
        """
        known = await self.apps.find_app(client_id)
        if known is not None and known.origin is not AppOrigin.DOCUMENT:
            return known
        self._require_address(client_id)
        kept = await self.documents.store.find(client_id)
        if kept is None or self.clock.now() >= kept.expires_at:
            return await self._read_anew(client_id, kept, known, address)
        return known or await self._write(client_id, kept.body, None)

    async def refresh(self, app: App, *, address: str) -> App:
        """Return an app that is connected already as its document says now, or as it said where it cannot be read.

        A document that is gone ends no connection: that is for the user and the administrator.
        """
        try:
            return await self.find_app(app.client_id, address=address)
        except ClientDocumentError as fault:
            _log.warning("client_document_not_read", app=app.id, reason=str(fault))
            return app

    def _require_address(self, client_id: str) -> None:
        fault = find_address_fault(client_id)
        if fault is not None:
            raise ClientDocumentError(fault)
        hosts = self.document_policy.hosts
        if hosts and host_of_document(client_id) not in hosts:
            raise ClientDocumentError("This server does not take the word of the host of this client ID.")

    async def _read_anew(
        self, client_id: str, kept: KeptDocument | None, known: App | None, address: str | None
    ) -> App:
        now = self.clock.now()
        of_address = Throttle(self.throttles, OF_ONE_ADDRESS)
        key = f"document:{digest(Secret(client_id)).hex()}"
        try:
            await self._require_turn(of_address, key, address, now)
            fetched = await self.documents.fetch(
                client_id, accept=_ACCEPT, most_bytes=self.document_policy.most_bytes, kept=kept
            )
        except OutboundError as fault:
            await of_address.record_failure(key, now)
            return self._last_known(kept, known, str(fault))
        except _NotNowError as fault:
            return self._last_known(kept, known, str(fault))
        try:
            app = await self._write(client_id, fetched.body, known)
        except ClientDocumentError:
            await of_address.record_failure(key, now)
            raise
        # Kept only once it proved good: what is no app's document is nothing to go on with (threats SS-08).
        await self.documents.store.keep(fetched)
        await self.registrations.record_request(app.client_id, now)
        return app

    async def _require_turn(self, of_address: Throttle, key: str, address: str | None, now: datetime) -> None:
        wait = await of_address.check(key, now)
        if wait is None and address is not None:
            wait = await Throttle(self.throttles, OF_ONE_SOURCE).count_failure(f"documents:{source_of(address)}", now)
        if wait is not None:
            seconds = int(wait.total_seconds()) + 1
            raise _NotNowError(f"It was asked for too often lately. Try again in {seconds} seconds.")

    def _last_known(self, kept: KeptDocument | None, known: App | None, reason: str) -> App:
        if kept is not None and known is not None and self.clock.now() < kept.fetched_at + GONE_AFTER:
            return known
        raise ClientDocumentError(f"The document at the client ID cannot be read. {reason}")

    async def _write(self, client_id: str, body: str, known: App | None) -> App:
        try:
            claims = parse_client_document(client_id, body)
            self.policy.require_allowed_hosts(claims.redirect_uris)
            new = NewApp(
                AppId(self.secrets.new_id(APP)),
                ClientId(client_id),
                AppOrigin.DOCUMENT,
                host_of_document(client_id),
                self.clock.now(),
            )
            app = build_app(claims, new, self.policy.ceiling(self.catalog))
        except OAuthError as error:
            raise ClientDocumentError(f"The document at the client ID is not good. {error.description}") from None
        return await self._add(app) if known is None else await self._change(known, app)

    async def _add(self, app: App) -> App:
        details = {"name": app.name, "scopes": str(app.scopes), "origin": app.origin.value, "client_id": app.client_id}
        event = self._event(app, EventKind.APP_REGISTERED, details)
        app_id = await self.registrations.register(NewRegistration(app, None, None, None, event))
        if app_id is not None:
            return replace(app, id=app_id)
        # Another request wrote it first.
        known = await self.apps.find_app(app.client_id)
        if known is None:
            raise ClientDocumentError("The app is being changed. Try again.")
        return known

    async def _change(self, known: App, read: App) -> App:
        now = replace(
            read,
            id=known.id,
            status=known.status,
            created_at=known.created_at,
            updated_at=known.updated_at,
        )
        if now == known:
            return known
        changed = [
            name for name in ("name", "redirect_uris", "type", "scopes", "metadata") if _differ(known, now, name)
        ]
        now = replace(now, updated_at=read.updated_at)
        event = self._event(known, EventKind.APP_CHANGED, {"name": now.name, "changed": " ".join(changed)})
        if not await self.registrations.describe(known, now, event):
            raise ClientDocumentError("The app is being changed. Try again.")
        return now

    def _event(self, app: App, kind: EventKind, details: dict[str, str]) -> Event:
        event_id = EventId(self.secrets.new_id(EVENT))
        return Event(event_id, self.clock.now(), kind, app.organisation_id, SYSTEM, app.id, details)


class _NotNowError(Exception):
    """A fetch must wait. The message is a sentence for a developer."""


def _differ(one: App, other: App, name: str) -> bool:
    return bool(getattr(one, name) != getattr(other, name))
