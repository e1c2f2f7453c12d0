"""The store of audit events, as those read it who look at what happened. Each change writes its own event itself."""

from collections.abc import Mapping
from typing import Protocol

from consentry.model.event import Event
from consentry.model.ids import EventId, OrganisationId


class AuditStore(Protocol):
    """Reads audit events."""

    async def page(self, organisation_id: OrganisationId, *, before: EventId | None, limit: int) -> list[Event]:
        """Return up to `limit` events of the organisation that came before `before`, newest first."""
        ...

    async def names_of(self, identifiers: frozenset[str]) -> Mapping[str, str]:
        """Return the names of those of these users, operators, apps, keys and organisations that have one."""
        ...
