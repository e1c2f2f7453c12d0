"""The user's decision: what is put to them, what they approve, and the code that follows."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from consentry.flows.authorize import TrustedRedirect
from consentry.model.app import App
from consentry.model.catalog import Catalog
from consentry.model.check import ORG_POLICY
from consentry.model.connection import Connection, PendingAuthorization, asked_again, is_remembered
from consentry.model.coverage import Coverage, Holding, coverage
from consentry.model.credential import AuthorizationCode, SignInFacts
from consentry.model.event import Actor, Event, EventKind
from consentry.model.faults import ConflictError, PermissionMissingError
from consentry.model.ids import ClientId, CodeId, ConnectionId, EventId, OrganisationId, RequestId, SessionId, UserId
from consentry.model.membership import Holder, RoleBook
from consentry.model.organisation import UnverifiedApps
from consentry.model.secret import CredentialKind, Secret, digest, format_credential
from consentry.model.session import Session
from consentry.oauth.authorization_request import AuthorizationRequest
from consentry.oauth.scope import Scope
from consentry.ports.authorizations import ApprovedAnswer, AuthorizationStore
from consentry.ports.people import OrganisationStore
from consentry.ports.world import Clock, SecretSource

PAGE_VERSION = "2026-11"
INSTALL = "oauth_app.install"
PENDING_LIFETIME = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class OfferedScope:
    """One scope as it is put to the user.

    `required` cannot be unticked. `coverage` says how much of it the user holds now; a scope that is not held at all is
    shown with the reason and cannot be approved: nobody can approve what they do not have.
    """

    name: str
    required: bool
    coverage: Coverage

    @property
    def can_be_approved(self) -> bool:
        """Tell whether there is anything in it for this user to approve."""
        return self.coverage.holding is not Holding.NONE


@dataclass(frozen=True, slots=True)
class Offer:
    """What is put to one user in one organisation.

    `asked` is the whole request, `shown` the part that the user has not approved before, `standing` the other. Where a
    page is shown at all, what the user unticked once is shown again: an app that needs it for a call would send them
    here in vain otherwise. `may_install` is false where the member lacks `oauth_app.install`, `refused` true where the
    organisation lets nobody connect apps that registered themselves, and this is one.
    """

    organisation_id: OrganisationId
    asked: Scope
    shown: tuple[OfferedScope, ...]
    standing: Scope
    may_install: bool
    remembered: bool
    connection: Connection | None
    refused: bool = False

    @property
    def answerable(self) -> Scope:
        """What of the shown the user can say yes or no to; the rest is put to them again when they hold it."""
        return _answerable(self.shown)

    def approved(self, ticked: Iterable[str]) -> Scope:
        """Return what the user's answer approves of what was shown: all that is required, and what they ticked."""
        chosen = frozenset(ticked)
        return Scope(
            frozenset(one.name for one in self.shown if one.can_be_approved and (one.required or one.name in chosen))
        )

    def settle(self, ticked: Iterable[str]) -> tuple[Scope, Scope]:
        """Return what the user's answer approves, and what of the request is granted with what stood before.

        Raises PermissionMissingError without `oauth_app.install`; ConflictError where the organisation refuses the app,
        and where nothing is left to approve.
        """
        if not self.may_install:
            raise PermissionMissingError(INSTALL)
        if self.refused:
            raise ConflictError(ORG_POLICY.sentence)
        approved = self.approved(ticked)
        before = self.connection.scopes if self.connection is not None else Scope()
        granted = self.asked & ((before - self.answerable) | approved)
        if not granted:
            raise ConflictError("There is nothing left to approve. Tick at least one scope, or decline.")
        return approved, granted


@dataclass(frozen=True, slots=True)
class Consent:
    """Puts requests to users, and turns their answers into connections and codes."""

    authorizations: AuthorizationStore
    organisations: OrganisationStore
    catalog: Catalog
    roles: RoleBook
    clock: Clock
    secrets: SecretSource
    code_lifetime: timedelta

    async def open(self, to: TrustedRedirect, query: str, session_id: SessionId, user_id: UserId) -> RequestId:
        """Keep a validated request for the user's answer; `query` is as the browser sent it, without the `?`."""
        now = self.clock.now()
        request_id = RequestId(self.secrets.new_id())
        client_id = ClientId(to.app.client_id)
        await self.authorizations.open_pending(
            PendingAuthorization(request_id, session_id, user_id, client_id, query, now, now + PENDING_LIFETIME, None)
        )
        return request_id

    async def find(self, request_id: str, session_id: SessionId) -> PendingAuthorization:
        """Return this session's open request.

        Raises ConflictError where it was answered, has expired, or never was this session's.
        """
        pending = await self.authorizations.find_pending(RequestId(request_id))
        if pending is None or pending.session_id != session_id or self.clock.now() >= pending.expires_at:
            raise ConflictError("This request is no longer open. Go back to the app and connect again.")
        if pending.answered_at is not None:
            raise ConflictError("This request was answered already, perhaps in another tab. Go back to the app.")
        return pending

    async def offer(self, to: TrustedRedirect, request: AuthorizationRequest, holder: Holder) -> Offer:
        """Return what is put to the user in this organisation, as everything stands now."""
        return await self.offer_of(to.app, request.put_to_user, holder, insists="consent" in request.prompt)

    async def offer_of(self, app: App, asked: Scope, holder: Holder, *, insists: bool) -> Offer:
        """Return what is put to the user; all that is asked, and never a silent answer, where the app `insists`."""
        connection = await self.authorizations.find_live_connection(holder.user_id, holder.organisation_id, app.id)
        held = self.roles.held_by(holder)
        unanswered = _answerable(self._offered(name, app, held) for name in asked_again(asked, connection))
        refused = app.registered_itself and await self._refuses_unverified(holder.organisation_id)
        may_connect = INSTALL in held and not refused
        remembered = not insists and may_connect and is_remembered(app, asked, connection, unanswered)
        standing = asked & connection.scopes if connection is not None else Scope()
        return Offer(
            organisation_id=holder.organisation_id,
            asked=asked,
            shown=tuple(self._offered(name, app, held) for name in (asked if insists else asked - standing)),
            standing=standing,
            may_install=INSTALL in held,
            remembered=remembered,
            connection=connection,
            refused=refused,
        )

    async def approve(
        self,
        pending: PendingAuthorization,
        to: TrustedRedirect,
        request: AuthorizationRequest,
        offer: Offer,
        ticked: Iterable[str],
        *,
        session: Session | None = None,
    ) -> Secret:
        """Write the user's approval and return the code, in one transaction.

        `session` is how the user is signed in, for the ID token.
        Raises PermissionMissingError without `oauth_app.install`; ConflictError where the organisation refuses the app,
        where nothing is left to approve, and where the request was answered meanwhile.
        """
        approved, granted = offer.settle(ticked)
        now = self.clock.now()
        # Of the request's own scope, the code gets what the operation finds approved.
        code, text = self._code(to, request, request.scope, ConnectionId(""), now, session)
        answered = await self.authorizations.approve(
            ApprovedAnswer(
                request_id=pending.id,
                session_id=pending.session_id,
                user_id=pending.user_id,
                organisation_id=offer.organisation_id,
                app_id=to.app.id,
                new_connection_id=ConnectionId(self.secrets.new_id("con_")),
                consent_id=self.secrets.new_id(),
                asked=offer.asked,
                answered=offer.answerable,
                approved=approved,
                page_version=PAGE_VERSION,
                code=code,
                event=self._event(EventKind.CONNECTION_APPROVED, to, pending, offer, str(granted), now),
                at=now,
                pushed=to.pushed,
            )
        )
        if not answered:
            raise ConflictError("This request was answered already, perhaps in another tab. Go back to the app.")
        return text

    async def answer_remembered(
        self, to: TrustedRedirect, request: AuthorizationRequest, offer: Offer, *, session: Session | None = None
    ) -> Secret | None:
        """Return a code on the strength of consent given before, or None where a page is needed after all."""
        if not offer.remembered or offer.connection is None:
            return None
        scope = request.scope & offer.connection.scopes
        code, text = self._code(to, request, scope, offer.connection.id, self.clock.now(), session)
        return text if await self.authorizations.issue_remembered(code, pushed=to.pushed) else None

    async def decline(self, pending: PendingAuthorization, to: TrustedRedirect, offer: Offer) -> None:
        """Write that the user declined. Raises ConflictError where the request was answered meanwhile."""
        event = self._event(EventKind.CONNECTION_DECLINED, to, pending, offer, str(offer.asked), self.clock.now())
        if not await self.authorizations.decline(pending.id, pending.session_id, event, pushed=to.pushed):
            raise ConflictError("This request was answered already, perhaps in another tab. Go back to the app.")

    async def _refuses_unverified(self, organisation_id: OrganisationId) -> bool:
        organisation = await self.organisations.find_organisation(organisation_id)
        return organisation is not None and organisation.unverified_apps is UnverifiedApps.REFUSED

    def _offered(self, name: str, app: App, held: frozenset[str]) -> OfferedScope:
        return OfferedScope(name, name in app.required_scopes, coverage(self.catalog.scopes[name], held))

    def _code(
        self,
        to: TrustedRedirect,
        request: AuthorizationRequest,
        scope: Scope,
        connection_id: ConnectionId,
        now: datetime,
        session: Session | None,
    ) -> tuple[AuthorizationCode, Secret]:
        code_id, secret = CodeId(self.secrets.new_id()), self.secrets.new_secret()
        code = AuthorizationCode(
            id=code_id,
            digest=digest(secret),
            connection_id=connection_id,
            app_id=to.app.id,
            redirect_uri=to.redirect_uri,
            code_challenge=request.code_challenge,
            scope=scope,
            nonce=request.nonce,
            resource=request.resource[0] if request.resource else None,
            issued_at=now,
            expires_at=now + self.code_lifetime,
            dpop_jkt=request.dpop_jkt,
            sign_in=None
            if session is None
            else SignInFacts(session.id, session.authenticated_at, request.claims.to_text()),
        )
        return code, format_credential(CredentialKind.AUTHORIZATION_CODE, code_id, secret)

    def _event(
        self,
        kind: EventKind,
        to: TrustedRedirect,
        pending: PendingAuthorization,
        offer: Offer,
        scope: str,
        at: datetime,
    ) -> Event:
        return Event(
            EventId(self.secrets.new_id("evt_")),
            at,
            kind,
            offer.organisation_id,
            Actor(user_id=pending.user_id, through=to.app.id),
            to.app.id,
            {"app": to.app.name, "scope": scope},
        )


def _answerable(shown: Iterable[OfferedScope]) -> Scope:
    return Scope(frozenset(one.name for one in shown if one.can_be_approved))
