"""Puts the sample people into a database, through the flows that a real operator uses. What is there stays as it is."""

from consentry.demo.people import ORGANISATIONS, PEOPLE, SamplePerson
from consentry.model.acting import operator
from consentry.model.faults import NotFoundError
from consentry.model.ids import OrganisationId, UserId
from consentry.model.secret import Secret
from consentry.wiring import Deeds

BY_DEMO = operator(None, through="demo")


async def load_people(deeds: Deeds) -> dict[str, OrganisationId]:
    """Make the organisations and people that are missing; return the organisations' IDs by their key."""
    organisations = {one.key: await _organisation(deeds, one.name) for one in ORGANISATIONS}
    for person in PEOPLE:
        user_id = await _user(deeds, person)
        for membership in person.memberships:
            await _member(deeds, organisations[membership.organisation], user_id, membership.roles)
    return organisations


async def _organisation(deeds: Deeds, name: str) -> OrganisationId:
    try:
        return (await deeds.people.organisations.named(BY_DEMO, name)).id
    except NotFoundError:
        return (await deeds.people.organisations.create(BY_DEMO, name)).id


async def _user(deeds: Deeds, person: SamplePerson) -> UserId:
    users = deeds.people.users
    found = await users.find_by_email(BY_DEMO, person.email)
    if found is None:
        found = await users.create(BY_DEMO, person.email, name=person.name, password=Secret(person.password))
    return found.id


async def _member(deeds: Deeds, organisation_id: OrganisationId, user_id: UserId, roles: tuple[str, ...]) -> None:
    try:
        await deeds.people.members.get(BY_DEMO, organisation_id, user_id)
    except NotFoundError:
        await deeds.people.members.set(BY_DEMO, organisation_id, user_id, roles)
