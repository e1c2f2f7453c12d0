"""Organisations: made, renamed, suspended and reinstated by operators; seen by their own members."""

from dataclasses import dataclass

from consentry.model.acting import Acting
from consentry.model.event import Event, EventKind
from consentry.model.faults import ConflictError, Fault, InvalidInputError, NotFoundError
from consentry.model.ids import EVENT, ORGANISATION, EventId, OrganisationId
from consentry.model.organisation import Organisation, Standing, UnverifiedApps
from consentry.model.shown_name import clean_name, find_name_fault
from consentry.ports.people import OrganisationStore
from consentry.ports.world import Clock, SecretSource

MANAGE_APPS = "oauth_app.manage"


def require_name(text: str) -> str:
    """Return the name as it is stored; raises InvalidInputError for one that people should not have to read."""
    name = clean_name(text)
    fault = find_name_fault(name)
    if fault is not None:
        raise InvalidInputError(Fault("name", fault))
    return name


@dataclass(frozen=True, slots=True)
class Organisations:
    """What may be done with organisations."""

    store: OrganisationStore
    clock: Clock
    secrets: SecretSource

    async def page(self, acting: Acting, *, after: OrganisationId | None, limit: int) -> list[Organisation]:
        """Return the organisations that the one who acts may see: an operator all, a member their own."""
        if acting.organisation_id is None:
            return await self.store.page(after=after, limit=limit)
        own = await self.store.find_organisation(acting.organisation_id)
        return [own] if own is not None and (after is None or after < own.id) else []

    async def get(self, acting: Acting, organisation_id: OrganisationId) -> Organisation:
        """Return the organisation; raises NotFoundError for none, and for another than the member's own."""
        found = await self.store.find_organisation(organisation_id)
        if found is None or acting.organisation_id not in {None, organisation_id}:
            raise NotFoundError("organisation")
        return found

    async def named(self, acting: Acting, name_or_id: str) -> Organisation:
        """Return the organisation of this identifier or exact name, for an operator.

        Raises NotFoundError for none, ConflictError for a name that several have.
        """
        acting.require_operator()
        found = await self.store.find_organisation(OrganisationId(name_or_id))
        if found is not None:
            return found
        same = await self.store.organisations_named(name_or_id)
        if len(same) > 1:
            raise ConflictError(f"{len(same)} organisations have this name. Name it by its identifier.")
        if not same:
            raise NotFoundError("organisation")
        return same[0]

    async def create(self, acting: Acting, name: str) -> Organisation:
        """Make a new, active organisation. Raises PermissionMissingError, InvalidInputError."""
        acting.require_operator()
        now = self.clock.now()
        organisation = Organisation(
            OrganisationId(self.secrets.new_id(ORGANISATION)), require_name(name), Standing.ACTIVE, now
        )
        event = self._event(acting, EventKind.ORGANISATION_CREATED, organisation.id, name=organisation.name)
        await self.store.create(organisation, event)
        return organisation

    async def rename(self, acting: Acting, organisation_id: OrganisationId, name: str) -> Organisation:
        """Give the organisation another name. Raises NotFoundError, PermissionMissingError, InvalidInputError."""
        await self._require_changeable(acting, organisation_id)
        name = require_name(name)
        event = self._event(acting, EventKind.ORGANISATION_CHANGED, organisation_id, name=name)
        await self.store.rename(organisation_id, name, event)
        return await self.get(acting, organisation_id)

    async def set_standing(self, acting: Acting, organisation_id: OrganisationId, standing: Standing) -> Organisation:
        """Suspend or reinstate: every credential in it stops, or works again, at once. Idempotent.

        Raises NotFoundError, PermissionMissingError.
        """
        await self._require_changeable(acting, organisation_id)
        event = self._event(acting, EventKind.ORGANISATION_CHANGED, organisation_id, standing=standing.value)
        await self.store.set_standing(organisation_id, standing, event)
        return await self.get(acting, organisation_id)

    async def set_unverified_apps(
        self, acting: Acting, organisation_id: OrganisationId, said: UnverifiedApps
    ) -> Organisation:
        """Allow or refuse apps that registered themselves. Idempotent.

        Refused, none is connected and nothing that one was given works; it works again as soon as they are allowed.
        Raises NotFoundError, PermissionMissingError.
        """
        await self.get(acting, organisation_id)
        acting.require(MANAGE_APPS, organisation_id, what="organisation")
        event = self._event(acting, EventKind.ORGANISATION_CHANGED, organisation_id, unverified_apps=said.value)
        await self.store.set_unverified_apps(organisation_id, said, event)
        return await self.get(acting, organisation_id)

    async def _require_changeable(self, acting: Acting, organisation_id: OrganisationId) -> None:
        await self.get(acting, organisation_id)
        acting.require_operator()

    def _event(self, acting: Acting, kind: EventKind, organisation_id: OrganisationId, **details: str) -> Event:
        identifier = EventId(self.secrets.new_id(EVENT))
        return Event(identifier, self.clock.now(), kind, organisation_id, acting.actor, organisation_id, details)
