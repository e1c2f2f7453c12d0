"""Organisations."""

from consentry.model.event import Event
from consentry.model.ids import OrganisationId
from consentry.model.organisation import Organisation, Standing, UnverifiedApps
from consentry.storage import events
from consentry.storage.database import Database, Operation, Row, Statement, from_micros, to_micros

ORGANISATION_COLUMNS = "o.id, o.name, o.standing, o.created_at, o.unverified_apps"
"""What `organisation_of` reads, of an organisation `o`."""

_SELECT = f"SELECT {ORGANISATION_COLUMNS} FROM organisations o"  # noqa: S608 - constants
_FIND = f"{_SELECT} WHERE o.id = $1"
_NAMED = f"{_SELECT} WHERE o.name = $1 ORDER BY o.id"
_PAGE = f"{_SELECT} WHERE o.id > $1 ORDER BY o.id LIMIT $2"
_CREATE = "INSERT INTO organisations (id, name, standing, created_at) VALUES ($1, $2, $3, $4)"
_RENAME = "UPDATE organisations SET name = $2 WHERE id = $1 RETURNING id"
_SET_STANDING = "UPDATE organisations SET standing = $2 WHERE id = $1 AND standing <> $2 RETURNING id"
_SET_UNVERIFIED_APPS = """
UPDATE organisations SET unverified_apps = $2 WHERE id = $1 AND unverified_apps <> $2 RETURNING id
"""


def _creating(organisation: Organisation, event: Event) -> Operation[None]:
    yield Statement(
        _CREATE, (organisation.id, organisation.name, organisation.standing, to_micros(organisation.created_at))
    )
    yield events.append(event)


class SqlOrganisationStore:
    """Keeps organisations in the database; the `OrganisationStore` of the ports."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find_organisation(self, organisation_id: OrganisationId) -> Organisation | None:
        """Return the organisation, or None."""
        rows = await self._database.read(_FIND, organisation_id)
        return organisation_of(rows[0]) if rows else None

    async def organisations_named(self, name: str) -> list[Organisation]:
        """Return the organisations of exactly this name."""
        return [organisation_of(row) for row in await self._database.read(_NAMED, name)]

    async def page(self, *, after: OrganisationId | None, limit: int) -> list[Organisation]:
        """Return up to `limit` organisations in the order of their creation."""
        return [organisation_of(row) for row in await self._database.read(_PAGE, after or "", limit)]

    async def create(self, organisation: Organisation, event: Event) -> None:
        """Write a new organisation."""
        await self._database.write(_creating, organisation, event)

    async def rename(self, organisation_id: OrganisationId, name: str, event: Event) -> bool:
        """Set the name; False if there is no such organisation."""
        return await self._database.write(events.changing, Statement(_RENAME, (organisation_id, name)), event)

    async def set_standing(self, organisation_id: OrganisationId, standing: Standing, event: Event) -> bool:
        """Set the standing; False if there is no such organisation, or it stands so already."""
        return await self._database.write(events.changing, Statement(_SET_STANDING, (organisation_id, standing)), event)

    async def set_unverified_apps(self, organisation_id: OrganisationId, said: UnverifiedApps, event: Event) -> bool:
        """Set what is said of apps that registered themselves; False if nothing changes by it."""
        return await self._database.write(
            events.changing, Statement(_SET_UNVERIFIED_APPS, (organisation_id, said)), event
        )


def organisation_of(row: Row) -> Organisation:
    """Return the organisation of a row of `ORGANISATION_COLUMNS`."""
    said = UnverifiedApps(row[4])
    return Organisation(OrganisationId(row[0]), row[1], Standing(row[2]), from_micros(row[3]), said)
