"""Devices for tests: an app on a device that asks for codes, and the person who types them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from consentry.flows.consent import Offer
from consentry.flows.device_authorization import ClaimAnswer
from consentry.flows.device_consent import DeviceRequest
from consentry.model.app import AppType
from consentry.model.device_code import DeviceCode
from consentry.model.ids import OrganisationId, SessionId, UserId
from consentry.oauth.client_metadata import DEVICE_CODE, REFRESH_TOKEN
from consentry.oauth.device_authorization import DeviceAuthorizationRequest, DeviceAuthorizationResponse
from consentry.oauth.responses import TokenResponse
from consentry.ports.device_codes import Claim
from protocol_world import ADDRESS, SESSION, Party, ProtocolWorld, form

DEVICE_ADDRESS = "198.51.100.7"
DEVICE_GRANT = {"grant_types": [DEVICE_CODE, REFRESH_TOKEN]}


@dataclass(frozen=True, slots=True)
class Entered:
    """A request whose code was typed, and what is put to the person."""

    request: DeviceRequest
    claim: Claim
    offer: Offer


@dataclass(frozen=True, slots=True)
class DeviceWorld:
    """The world of the protocol with a public and a confidential app that run on devices."""

    protocol: ProtocolWorld
    television: Party
    till: Party

    async def ask(
        self, party: Party | None = None, *, address: str = DEVICE_ADDRESS, **fields: Any
    ) -> DeviceAuthorizationResponse:
        """Ask for codes as a device does."""
        party = party or self.television
        client = await self.protocol.authenticate(party.credentials)
        asked = DeviceAuthorizationRequest.parse(form(**fields))
        return await self.protocol.deeds.devices.authorization.begin(asked, client, address=address)

    def claim_of(self, session: SessionId = SESSION, user: UserId | None = None) -> Claim:
        """Return the browser in which Bo, or another user, is signed in."""
        return Claim(session, user or self.protocol.bo, self.protocol.deeds.clock.now())

    async def type_code(
        self, code: str, *, session: SessionId = SESSION, user: UserId | None = None, address: str = ADDRESS
    ) -> ClaimAnswer:
        """Type a code into a browser."""
        claim = self.claim_of(session, user)
        return await self.protocol.deeds.devices.authorization.claim(code, claim, address=address)

    async def enter(
        self, code: str, *, session: SessionId = SESSION, user: UserId | None = None, organisation: str | None = None
    ) -> Entered:
        """Type a right code, and return what is put to the person."""
        found = await self.type_code(code, session=session, user=user)
        assert isinstance(found, DeviceCode), found
        consent, claim = self.protocol.deeds.devices.consent, self.claim_of(session, user)
        request = await consent.read(await consent.find(found.id, session))
        organisation_id = OrganisationId(organisation or self.protocol.acme)
        holder = await self.protocol.deeds.people.find_holder(organisation_id, claim.user_id)
        assert holder is not None
        return Entered(request, claim, await consent.offer(request, holder))

    async def approve(self, code: str, ticked: Sequence[str] | None = None) -> Entered:
        """Approve what was asked: all of it, unless `ticked` says otherwise."""
        entered = await self.enter(code)
        await self.answer(entered, ticked)
        return entered

    async def answer(self, entered: Entered, ticked: Sequence[str] | None = None) -> None:
        chosen = tuple(one.name for one in entered.offer.shown) if ticked is None else ticked
        await self.protocol.deeds.devices.consent.approve(entered.request, entered.claim, entered.offer, chosen)

    async def decline(self, entered: Entered) -> None:
        await self.protocol.deeds.devices.consent.decline(
            entered.request, entered.claim, organisation_id=entered.offer.organisation_id
        )

    async def poll(self, device_code: str, party: Party | None = None, **fields: Any) -> TokenResponse:
        """Ask whether the person has answered, as a device does."""
        return await self.protocol.token(
            party or self.television, grant_type=DEVICE_CODE, device_code=device_code, **fields
        )


async def build_device_world(protocol: ProtocolWorld) -> DeviceWorld:
    """Register the apps that run on devices. They have no address to be sent back to."""
    television = await protocol.add_app(name="Television", type=AppType.PUBLIC, redirect_uris=(), metadata=DEVICE_GRANT)
    till = await protocol.add_app(name="Till", redirect_uris=(), metadata=DEVICE_GRANT)
    return DeviceWorld(protocol, television, till)
