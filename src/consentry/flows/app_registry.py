"""Registering apps, and all that an administrator does with them afterwards but their secrets."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from consentry.flows.app_secrets import keep_secret, make_secret
from consentry.flows.sector_documents import SectorDocuments
from consentry.model.acting import Acting
from consentry.model.app import App, AppSecret, AppStatus, AppType
from consentry.model.app_draft import (
    AppChange,
    AppDraft,
    RedirectTrial,
    find_change_faults,
    find_draft_faults,
    try_redirect_uri,
)
from consentry.model.app_metadata import PRIVATE_KEY_JWT, differences, with_members
from consentry.model.catalog import Catalog
from consentry.model.client import AppDetails, RedirectRefusal
from consentry.model.event import Event, EventKind
from consentry.model.faults import ConflictError, Fault, InvalidInputError, NotFoundError
from consentry.model.fixed_credentials import FixedCredentials, find_fixed_faults
from consentry.model.ids import APP, EVENT, AppId, ClientId, EventId, OrganisationId
from consentry.model.secret import Secret
from consentry.model.shown_name import clean_name
from consentry.oauth.client_metadata import ClientMetadata
from consentry.oauth.redirect_uri import MAX_LENGTH, Mismatch
from consentry.oauth.scope import Scope
from consentry.ports.apps import AppStore
from consentry.ports.world import Clock, SecretSource

MANAGE = "oauth_app.manage"


@dataclass(frozen=True, slots=True)
class RegisteredApp:
    """A new app with its client secret, which is told here and never again; None for a public app."""

    app: App
    client_secret: Secret | None


@dataclass(frozen=True, slots=True)
class AppRegistry:
    """The apps of every organisation.

    Each method needs `oauth_app.manage` in the app's organisation. Raises NotFoundError for an app that is not there,
    was deleted or belongs to another organisation, and PermissionMissingError.
    """

    apps: AppStore
    clock: Clock
    secrets: SecretSource
    catalog: Catalog
    sectors: SectorDocuments

    def require_manager(self, acting: Acting) -> None:
        """Return if the member may register apps where they act; raises PermissionMissingError."""
        if acting.organisation_id is not None:
            acting.require(MANAGE, acting.organisation_id, what="organisation")

    async def register(
        self,
        acting: Acting,
        draft: AppDraft,
        *,
        organisation_id: OrganisationId | None = None,
        fixed: FixedCredentials | None = None,
    ) -> RegisteredApp:
        """Register an app in `organisation_id`, which an operator must name and others may leave out.

        An operator may bring client ID and secret along (`fixed`). Raises InvalidInputError with everything that is
        wrong; NotFoundError for the organisation; ConflictError for a client ID that another app has or had.
        """
        owner = organisation_id or acting.organisation_id
        if owner is None:
            raise InvalidInputError(Fault("organisation", "Name the organisation that the app belongs to."))
        acting.require(MANAGE, owner, what="organisation")
        faults = find_draft_faults(draft, self.catalog)
        if fixed is not None:
            acting.require_operator()
            faults += find_fixed_faults(fixed, is_public=draft.type is AppType.PUBLIC)
        if faults:
            raise InvalidInputError(*faults)
        now = self.clock.now()
        app = self._new_app(acting, draft, owner, now, fixed)
        await self._require_sector(app)
        text, secret = self._first_secret(app, fixed, now)
        details = {"name": app.name, "type": app.type.value, "scopes": str(app.scopes)}
        if not await self.apps.register(app, secret, self._event(acting, app, EventKind.APP_REGISTERED, now, details)):
            if fixed is not None and fixed.client_id is not None:
                raise ConflictError("Another app has this client ID, or had it; or there is no such organisation.")
            raise NotFoundError("organisation")
        return RegisteredApp(app, text)

    async def _require_sector(self, app: App) -> None:
        fault = await self.sectors.find_fault(app.metadata, app.redirect_uris)
        if fault is not None:
            raise InvalidInputError(fault)

    async def get(self, acting: Acting, client_id: str) -> App:
        """Return one app."""
        app = await self.apps.find_app(client_id)
        if app is None:
            raise NotFoundError("app")
        acting.require(MANAGE, app.organisation_id, what="app")
        return app

    async def get_details(self, acting: Acting, client_id: str) -> AppDetails:
        """Return one app with its live secrets, its use, and the redirect URIs lately refused."""
        await self.get(acting, client_id)
        details = await self.apps.find_details(client_id, now=self.clock.now())
        if details is None:
            raise NotFoundError("app")
        return details

    async def page(
        self,
        acting: Acting,
        *,
        organisation_id: OrganisationId | None = None,
        after: ClientId | None = None,
        limit: int = 50,
    ) -> Sequence[App]:
        """Return up to `limit` apps registered after the app `after`, the oldest first.

        An operator who names no organisation sees those of all.
        """
        owner = organisation_id or acting.organisation_id
        if owner is not None:
            acting.require(MANAGE, owner, what="organisation")
        return await self.apps.page(owner, after=after, limit=limit)

    async def edit(self, acting: Acting, client_id: str, change: AppChange) -> App:
        """Change name, redirect URIs, scopes, the need for PKCE or the metadata, by the same rules as at registration.

        What is taken from the scopes is taken from every connection at once; what is added needs consent anew.
        Raises InvalidInputError; ConflictError if somebody else edited the app at the same time.
        """
        before = await self.get(acting, client_id)
        faults = find_change_faults(before, change, self.catalog)
        if faults:
            raise InvalidInputError(*faults)
        now = self.clock.now()
        after = _edited(before, change, now)
        if (after.metadata, after.redirect_uris) != (before.metadata, before.redirect_uris):
            await self._require_sector(after)
        details = _differences(before, after)
        if not details:
            return before
        if not await self.apps.change(before, after, self._event(acting, before, EventKind.APP_CHANGED, now, details)):
            raise ConflictError("Somebody else changed this app in the meantime. Look at it again, then repeat.")
        return after

    async def deactivate(self, acting: Acting, client_id: str) -> App:
        """Stop the app: when this returns, its tokens do nothing, and nobody can connect it.

        Raises ConflictError if it is deactivated already.
        """
        return await self._change_status(acting, client_id, AppStatus.DEACTIVATED, EventKind.APP_DEACTIVATED)

    async def reactivate(self, acting: Acting, client_id: str) -> App:
        """Let the app work again, with the connections that it has. Raises ConflictError if it is active already."""
        return await self._change_status(acting, client_id, AppStatus.ACTIVE, EventKind.APP_REACTIVATED)

    async def delete(self, acting: Acting, client_id: str, *, confirm_name: str | None) -> None:
        """End the app, its secrets and its connections for good; its name stays for the audit.

        `confirm_name` is the name as typed by a person, which must be the app's (InvalidInputError); None where a
        program asks.
        """
        app = await self.get(acting, client_id)
        if confirm_name is not None and clean_name(confirm_name) != app.name:
            raise InvalidInputError(
                Fault("confirm_name", "This is not the app's name. Type it exactly as it is shown.")
            )
        now = self.clock.now()
        if not await self.apps.delete(app.id, self._event(acting, app, EventKind.APP_DELETED, now, {"name": app.name})):
            raise NotFoundError("app")

    async def try_redirect_uri(self, acting: Acting, client_id: str, uri: str) -> RedirectTrial:
        """Say whether an authorization request with this redirect URI would be accepted, and if not, why."""
        app = await self.get(acting, client_id)
        return try_redirect_uri(app.redirect_uris, uri)

    async def record_redirect_refusal(self, app: App, sent: str, mismatch: Mismatch) -> None:
        """Note in the app's own log that an authorization request came with an address that is not registered.

        Anybody can cause this, so it is no audit event, and only the latest 20 addresses of an app are kept.
        """
        now = self.clock.now()
        # PostgreSQL's text cannot hold NUL (threats IN-07).
        shown = sent[:MAX_LENGTH].replace("\x00", "\N{REPLACEMENT CHARACTER}")
        refusal = RedirectRefusal(shown, mismatch.part, mismatch.closest, 1, now, now)
        await self.apps.record_refusal(app.id, refusal)

    async def _change_status(self, acting: Acting, client_id: str, status: AppStatus, kind: EventKind) -> App:
        app = await self.get(acting, client_id)
        now = self.clock.now()
        event = self._event(acting, app, kind, now, {"name": app.name})
        if app.status is status or not await self.apps.change_status(app.id, status, before=app.status, event=event):
            raise ConflictError(f"The app is {status.value} already.")
        return replace(app, status=status, updated_at=now)

    def _first_secret(
        self, app: App, fixed: FixedCredentials | None, now: datetime
    ) -> tuple[Secret | None, AppSecret | None]:
        if app.is_public or app.metadata.token_endpoint_auth_method == PRIVATE_KEY_JWT:
            # It proves itself with its own key.
            return None, None
        if fixed is not None and fixed.client_secret is not None:
            return fixed.client_secret, keep_secret(self.secrets, app.id, fixed.client_secret, now)
        return make_secret(self.secrets, app.id, now)

    def _new_app(
        self, acting: Acting, draft: AppDraft, owner: OrganisationId, now: datetime, fixed: FixedCredentials | None
    ) -> App:
        app_id = self.secrets.new_id(APP)
        return App(
            id=AppId(app_id),
            client_id=ClientId((fixed.client_id if fixed is not None else None) or app_id),
            organisation_id=owner,
            name=clean_name(draft.name),
            type=draft.type,
            redirect_uris=draft.redirect_uris,
            required_scopes=Scope.of(*draft.required_scopes),
            optional_scopes=Scope.of(*draft.optional_scopes),
            require_pkce=draft.require_pkce or draft.type is AppType.PUBLIC,
            status=AppStatus.ACTIVE,
            created_by=acting.user_id,
            created_at=now,
            updated_at=now,
            metadata=with_members(ClientMetadata(), draft.metadata)[0],
        )

    def _event(self, acting: Acting, app: App, kind: EventKind, now: datetime, details: dict[str, str]) -> Event:
        event_id = EventId(self.secrets.new_id(EVENT))
        return Event(event_id, now, kind, app.organisation_id, acting.actor, app.id, details)


def _edited(app: App, change: AppChange, now: datetime) -> App:
    return replace(
        app,
        name=app.name if change.name is None else clean_name(change.name),
        redirect_uris=app.redirect_uris if change.redirect_uris is None else change.redirect_uris,
        required_scopes=app.required_scopes if change.required_scopes is None else Scope.of(*change.required_scopes),
        optional_scopes=app.optional_scopes if change.optional_scopes is None else Scope.of(*change.optional_scopes),
        require_pkce=app.require_pkce if change.require_pkce is None else change.require_pkce,
        updated_at=now,
        metadata=with_members(app.metadata, change.metadata)[0],
    )


def _differences(before: App, after: App) -> dict[str, str]:
    """Return what an edit changed, in words for the audit."""
    pairs = {
        "name": (before.name, after.name),
        "redirect_uris": (" ".join(before.redirect_uris), " ".join(after.redirect_uris)),
        "scopes": (str(before.required_scopes), str(after.required_scopes)),
        "optional_scopes": (str(before.optional_scopes), str(after.optional_scopes)),
        "require_pkce": (str(before.require_pkce).lower(), str(after.require_pkce).lower()),
    }
    changed = {name: f"{old} -> {new}" for name, (old, new) in pairs.items() if old != new}
    return changed | differences(before.metadata, after.metadata)
