"""A person's decision about a device: put and settled by the ordinary consent, answered to the device. RFC 8628 §3.3.

Nothing is ever approved without a page: whoever sent the code may be somebody else (§5.4), so all that is asked is put
to the person each time, whatever they approved before (threats DV-03).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from consentry.flows.authorize import Authorize
from consentry.flows.consent import PAGE_VERSION, Consent, Offer
from consentry.model.app import App, AppStatus
from consentry.model.device_code import DeviceAnswer, DeviceCode
from consentry.model.event import Actor, Event, EventKind
from consentry.model.faults import ConflictError
from consentry.model.ids import CONNECTION, EVENT, ConnectionId, DeviceCodeId, EventId, OrganisationId, SessionId
from consentry.model.membership import Holder
from consentry.oauth.scope import Scope
from consentry.ports.apps import AppStore
from consentry.ports.authorizations import ApprovedConnection
from consentry.ports.device_codes import Claim, DeviceCodeStore
from consentry.ports.world import Clock, SecretSource

_NOT_OPEN = (
    "This code is no longer open: it has expired, or was entered in another browser. Ask the device for another."
)
_ANSWERED = "This code was answered already, perhaps in another tab. Look at the device."


@dataclass(frozen=True, slots=True)
class DeviceRequest:
    """A device's request with its app and what it may ask for, both as they stand now."""

    code: DeviceCode
    app: App
    asked: Scope


@dataclass(frozen=True, slots=True)
class DeviceConsent:
    """Puts a device's request to the person who typed its code, and turns the answer into a connection."""

    store: DeviceCodeStore
    apps: AppStore
    authorize: Authorize
    consent: Consent
    clock: Clock
    secrets: SecretSource

    async def find(self, code_id: str, session_id: SessionId) -> DeviceCode:
        """Return the request that this session claimed, answered or not; raises ConflictError where it is not open."""
        code = await self.store.find(DeviceCodeId(code_id))
        if code is None or code.session_id != session_id:
            raise ConflictError(_NOT_OPEN)
        return code

    async def read(self, code: DeviceCode) -> DeviceRequest:
        """Return what is asked, as everything stands now.

        Raises ConflictError where it was answered, has expired, or the app may no longer ask for it; OAuthError where
        it may no longer ask for this.
        """
        if code.answer is not None:
            raise ConflictError(_ANSWERED)
        app = await self.apps.find_app(code.client_id)
        if code.is_expired(self.clock.now()):
            raise ConflictError(_NOT_OPEN)
        if app is None or app.status is not AppStatus.ACTIVE:
            raise ConflictError("An administrator has deactivated this app.")
        resource = () if code.resource is None else (code.resource,)
        return DeviceRequest(code, app, await self.authorize.require_askable(app, code.scope, resource))

    async def offer(self, request: DeviceRequest, holder: Holder) -> Offer:
        """Return what is put to the person in this organisation: all of it, whatever they answered before."""
        return await self.consent.offer_of(request.app, request.asked, holder, insists=True)

    async def approve(self, request: DeviceRequest, claim: Claim, offer: Offer, ticked: Iterable[str]) -> None:
        """Write the approval, for the device to fetch its tokens.

        Raises PermissionMissingError without `oauth_app.install`; ConflictError where nothing is left to approve, or
        the request was answered meanwhile.
        """
        approved, granted = offer.settle(ticked)
        now = self.clock.now()
        answered = await self.store.approve(
            request.code.id,
            claim.session_id,
            ApprovedConnection(
                user_id=claim.user_id,
                organisation_id=offer.organisation_id,
                app_id=request.app.id,
                new_connection_id=ConnectionId(self.secrets.new_id(CONNECTION)),
                consent_id=self.secrets.new_id(),
                asked=offer.asked,
                answered=offer.answerable,
                approved=approved,
                page_version=PAGE_VERSION,
                event=self._event(DeviceAnswer.APPROVED, request, claim, offer.organisation_id, granted, now),
                at=now,
            ),
        )
        if not answered:
            raise ConflictError(_ANSWERED)

    async def decline(
        self, request: DeviceRequest, claim: Claim, *, organisation_id: OrganisationId | None = None
    ) -> None:
        """Write that the person declined, in an organisation or before they chose one; raises ConflictError."""
        event = self._event(DeviceAnswer.DECLINED, request, claim, organisation_id, request.asked, self.clock.now())
        if not await self.store.decline(request.code.id, claim.session_id, event):
            raise ConflictError(_ANSWERED)

    def _event(
        self,
        answer: DeviceAnswer,
        request: DeviceRequest,
        claim: Claim,
        organisation_id: OrganisationId | None,
        scope: Scope,
        at: datetime,
    ) -> Event:
        approved = answer is DeviceAnswer.APPROVED
        return Event(
            EventId(self.secrets.new_id(EVENT)),
            at,
            EventKind.CONNECTION_APPROVED if approved else EventKind.CONNECTION_DECLINED,
            organisation_id,
            Actor(user_id=claim.user_id, through=request.app.id),
            request.app.id,
            {"app": request.app.name, "scope": str(scope), "device": request.code.asked_from},
        )
