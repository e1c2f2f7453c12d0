"""People: organisations, users, members and roles, in one place; and what a user holds right now."""

from collections.abc import Sequence
from dataclasses import dataclass

from consentry.flows.members import Members
from consentry.flows.organisations import Organisations
from consentry.flows.roles import Roles
from consentry.flows.users import Users
from consentry.model.ids import OrganisationId, UserId
from consentry.model.membership import Holder, Membership
from consentry.ports.people import Directory


@dataclass(frozen=True, slots=True)
class People:
    """The deeds with people, and the directory that they keep."""

    organisations: Organisations
    users: Users
    members: Members
    roles: Roles
    directory: Directory

    async def find_holder(self, organisation_id: OrganisationId, user_id: UserId) -> Holder | None:
        """Return the user in the organisation as the rows say now, or None where either does not exist."""
        return await self.directory.find_holder(organisation_id, user_id)

    async def memberships_of(self, user_id: UserId) -> Sequence[Membership]:
        """Return the user's organisations by name, those included where the user may not act now."""
        return await self.directory.memberships_of(user_id)

    async def organisation_name(self, organisation_id: OrganisationId) -> str:
        """Return the name of an organisation as pages show it, to whoever is shown something of it."""
        found = await self.organisations.store.find_organisation(organisation_id)
        return "an organisation that is gone" if found is None else found.name
