"""Organisations that must not see each other, for tests of the management API, and keys of their people."""

from dataclasses import dataclass
from datetime import timedelta

from consentry.model.acting import member
from consentry.model.api_key import KeyDraft
from consentry.model.app import AppType
from consentry.model.app_draft import AppDraft
from consentry.model.ids import OrganisationId, UserId
from consentry.wiring import Deeds
from people_builders import OPERATOR, PASSWORD


@dataclass(frozen=True, slots=True)
class Organisation:
    """An organisation with an owner, a reader, and one of each thing that an organisation has."""

    id: OrganisationId
    owner: UserId
    reader: UserId
    client_id: str
    secret_id: str
    key_id: str
    owner_key: str
    reader_key: str


async def make_key(deeds: Deeds, organisation_id: OrganisationId, user_id: UserId, *only: str) -> tuple[str, str]:
    """Return the identifier and the text of a key with all that the user holds, or with `only` these permissions."""
    holder = await deeds.people.find_holder(organisation_id, user_id)
    assert holder is not None
    held = deeds.role_book.held_by(holder)
    draft = KeyDraft("Script", tuple(sorted(only or held)), deeds.clock.now() + timedelta(days=1))
    shown = await deeds.api_keys.create(member(user_id, organisation_id, held | {"api_key.create"}), draft)
    return shown.details.key.id, shown.text.reveal()


async def make_organisation(deeds: Deeds, name: str) -> Organisation:
    organisation_id = (await deeds.people.organisations.create(OPERATOR, name)).id
    people = []
    for role in ("owner", "reader"):
        email = f"{role}@{name.split(maxsplit=1)[0].lower()}.test"
        user = await deeds.people.users.create(OPERATOR, email, name=role.title(), password=PASSWORD)
        await deeds.people.members.set(OPERATOR, organisation_id, user.id, [role])
        people.append(user.id)
    await deeds.people.roles.set(OPERATOR, organisation_id, "helper", ["client.read"])
    draft = AppDraft("Ledgerly", AppType.CONFIDENTIAL, ("https://client.test/cb",), ("invoicing:read",))
    registered = await deeds.app_registry.register(OPERATOR, draft, organisation_id=organisation_id)
    secrets = await deeds.app_secrets.list(OPERATOR, registered.app.client_id)
    key_id, owner_key = await make_key(deeds, organisation_id, people[0])
    _, reader_key = await make_key(deeds, organisation_id, people[1])
    return Organisation(
        organisation_id,
        people[0],
        people[1],
        registered.app.client_id,
        secrets[0].id,
        key_id,
        owner_key,
        reader_key,
    )
