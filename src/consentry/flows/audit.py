"""The audit, read by those who may."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from consentry.model.acting import Acting
from consentry.model.event import Event
from consentry.model.ids import EventId, OrganisationId
from consentry.ports.audit import AuditStore

AUDIT_READ = "audit.read"


@dataclass(frozen=True, slots=True)
class Audit:
    """What happened in an organisation."""

    store: AuditStore

    async def page(
        self, acting: Acting, organisation_id: OrganisationId, *, before: EventId | None, limit: int
    ) -> list[Event]:
        """Return up to `limit` events that came before `before`, newest first.

        Raises NotFoundError for another organisation, PermissionMissingError without `audit.read`.
        """
        acting.require(AUDIT_READ, organisation_id, what="organisation")
        return await self.store.page(organisation_id, before=before, limit=limit)

    async def names_in(self, events: Sequence[Event]) -> Mapping[str, str]:
        """Return the names, by identifier, of who and what these events speak of."""
        mentioned = {
            one
            for event in events
            for one in (event.subject, event.actor.user_id, event.actor.operator_id, event.actor.through)
        }
        return await self.store.names_of(frozenset(one for one in mentioned if one is not None))
