"""Organisations, users, members and roles: who may do what, and what may never be done."""

import asyncio

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from consentry.model.catalog import Catalog
from consentry.model.faults import (
    ConflictError,
    InvalidInputError,
    NotFoundError,
    PermissionMissingError,
)
from consentry.model.ids import OrganisationId, UserId
from consentry.model.organisation import Standing
from consentry.model.secret import Secret
from consentry.storage.database import Database
from people_builders import OPERATOR, World, build_world
from small_world import FixedClock

MANAGER_ROLE = ("member.manage", "invoice.read")


@pytest.fixture
def world(database: Database, clock: FixedClock, catalog: Catalog) -> World:
    return build_world(database, clock, catalog)


@pytest.fixture
async def acme(world: World) -> OrganisationId:
    """An organisation with a role of its own that may manage members, and see invoices, and nothing else."""
    organisation_id = await world.add_organisation()
    await world.people.roles.set(OPERATOR, organisation_id, "manager", MANAGER_ROLE)
    return organisation_id


@pytest.mark.parametrize(
    "email",
    ["", "ana", "@acme.test", "ana@", "a@b@c", "an a@acme.test", "ana\0@acme.test", "ana\u202e@acme.test", "a" * 255],
)
async def test_in_07_an_address_that_cannot_be_one_is_refused(world: World, email: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        await world.people.users.create(OPERATOR, email)

    assert [fault.field for fault in refused.value.faults] == ["email"]


async def test_an_address_has_one_form_however_it_is_written(world: World) -> None:
    user = await world.people.users.create(OPERATOR, "  Ana@Acme.TEST ")

    assert user.email == "ana@acme.test"
    assert await world.people.users.find_by_email(OPERATOR, "ANA@acme.test") == user
    with pytest.raises(ConflictError):
        await world.people.users.create(OPERATOR, "aNa@acme.test")


@pytest.mark.parametrize(
    "password", ["short", "eleven-char", "ana@acme.test", "x" * 1025, "NUL\0 inside the text", "half \ud800 a pair"]
)
async def test_a_password_that_is_weak_or_no_text_is_refused(world: World, password: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        await world.people.users.create(OPERATOR, "ana@acme.test", password=Secret(password))

    assert [fault.field for fault in refused.value.faults] == ["password"]
    assert await world.people.users.find_by_email(OPERATOR, "ana@acme.test") is None


async def test_every_fault_of_a_new_user_is_told_at_once(world: World) -> None:
    with pytest.raises(InvalidInputError) as refused:
        await world.people.users.create(OPERATOR, "ana", name="\u200b", password=Secret("short"))

    assert [fault.field for fault in refused.value.faults] == ["email", "password", "name"]


async def test_a_changed_role_holds_for_the_next_read(world: World, acme: OrganisationId) -> None:
    user_id = await world.add_member(acme, "bo@acme.test", "bookkeeper")
    assert "invoice.write" in await world.held(acme, user_id)

    await world.people.members.set(OPERATOR, acme, user_id, ["reader"])

    assert await world.held(acme, user_id) == {"invoice.read", "client.read"}


async def test_custom_permissions_stand_in_place_of_the_roles(world: World, acme: OrganisationId) -> None:
    user_id = await world.add_user()

    found = await world.people.members.set(OPERATOR, acme, user_id, ["owner"], ["client.read"])

    assert world.people.members.permissions_of(found.member) == {"client.read"}
    assert await world.held(acme, user_id) == {"client.read"}


@pytest.mark.parametrize(
    ("roles", "custom", "fields"),
    [
        ([], None, ["roles"]),
        (["reader", "emperor"], None, ["roles.1"]),
        (["reader"], ["invoice.read", "invoice.burn"], ["custom_permissions.1"]),
    ],
)
async def test_roles_and_permissions_that_there_are_not_are_refused(
    world: World, acme: OrganisationId, roles: list[str], custom: list[str] | None, fields: list[str]
) -> None:
    user_id = await world.add_user()

    with pytest.raises(InvalidInputError) as refused:
        await world.people.members.set(OPERATOR, acme, user_id, roles, custom)

    assert [fault.field for fault in refused.value.faults] == fields
    assert await world.held(acme, user_id) == frozenset()


async def test_rv_11_a_suspension_holds_at_once_and_so_does_its_end(world: World, acme: OrganisationId) -> None:
    user_id = await world.add_member(acme, "bo@acme.test", "bookkeeper")
    people = world.people

    for suspend, reinstate in (
        (
            people.members.set_standing(OPERATOR, acme, user_id, Standing.SUSPENDED),
            people.members.set_standing(OPERATOR, acme, user_id, Standing.ACTIVE),
        ),
        (
            people.users.set_standing(OPERATOR, user_id, Standing.SUSPENDED),
            people.users.set_standing(OPERATOR, user_id, Standing.ACTIVE),
        ),
        (
            people.organisations.set_standing(OPERATOR, acme, Standing.SUSPENDED),
            people.organisations.set_standing(OPERATOR, acme, Standing.ACTIVE),
        ),
    ):
        await suspend
        assert await world.held(acme, user_id) == frozenset()
        await reinstate
        assert "invoice.write" in await world.held(acme, user_id)


async def test_an_own_definition_of_a_built_in_role_holds_in_its_organisation_only(
    world: World, acme: OrganisationId
) -> None:
    other = await world.add_organisation("Other Books")
    user_id = await world.add_member(acme, "bo@acme.test", "reader")
    await world.people.members.set(OPERATOR, other, user_id, ["reader"])

    await world.people.roles.set(OPERATOR, acme, "reader", ["client.read"])
    assert await world.held(acme, user_id) == {"client.read"}
    assert await world.held(other, user_id) == {"invoice.read", "client.read"}

    await world.people.roles.remove(OPERATOR, acme, "reader")
    assert await world.held(acme, user_id) == {"invoice.read", "client.read"}


async def test_a_role_that_members_have_is_not_removed_from_under_them(world: World, acme: OrganisationId) -> None:
    user_id = await world.add_member(acme, "ma@acme.test", "manager")

    with pytest.raises(ConflictError):
        await world.people.roles.remove(OPERATOR, acme, "manager")

    assert await world.held(acme, user_id) == set(MANAGER_ROLE)


@pytest.mark.parametrize("name", ["", "Manager", "1st", "a b", "x" * 41, "a;b", "a=b", "\u0430dmin"])
async def test_a_role_with_a_name_that_cannot_be_one_is_refused(world: World, acme: OrganisationId, name: str) -> None:
    with pytest.raises(InvalidInputError):
        await world.people.roles.set(OPERATOR, acme, name, ["invoice.read"])


async def test_tn_05_a_manager_gives_no_more_than_they_hold(world: World, acme: OrganisationId) -> None:
    manager_id = await world.add_member(acme, "ma@acme.test", "manager")
    colleague_id = await world.add_member(acme, "co@acme.test", "manager")
    acting, members, roles = await world.acting(acme, manager_id), world.people.members, world.people.roles

    for attempt in (
        members.set(acting, acme, manager_id, ["owner"]),
        members.set(acting, acme, colleague_id, ["bookkeeper"]),
        members.set(acting, acme, manager_id, ["manager"], ["invoice.read", "member.manage", "invoice.write"]),
        # The roles would hold again once the custom permissions are taken away.
        members.set(acting, acme, manager_id, ["owner"], ["invoice.read", "member.manage"]),
        roles.set(acting, acme, "manager", [*MANAGER_ROLE, "api_key.manage"]),
        roles.set(acting, acme, "newcomer", ["invoice.write"]),
    ):
        with pytest.raises(PermissionMissingError):
            await attempt

    assert await world.held(acme, manager_id) == set(MANAGER_ROLE)
    assert await world.held(acme, colleague_id) == set(MANAGER_ROLE)


async def test_tn_05_a_manager_takes_nothing_from_whoever_holds_more(world: World, acme: OrganisationId) -> None:
    owner_id = await world.add_member(acme, "ow@acme.test", "owner")
    acting = await world.acting(acme, await world.add_member(acme, "ma@acme.test", "manager"))
    before = await world.held(acme, owner_id)

    for attempt in (
        world.people.members.set(acting, acme, owner_id, ["manager"]),
        world.people.members.set_standing(acting, acme, owner_id, Standing.SUSPENDED),
        world.people.members.remove(acting, acme, owner_id),
        world.people.roles.set(acting, acme, "owner", ["invoice.read"]),
    ):
        with pytest.raises(PermissionMissingError):
            await attempt

    assert await world.held(acme, owner_id) == before


async def test_tn_05_a_definition_that_hides_more_is_not_removed_by_whoever_holds_less(
    world: World, acme: OrganisationId
) -> None:
    await world.people.roles.set(OPERATOR, acme, "bookkeeper", ["invoice.read"])
    user_id = await world.add_member(acme, "bo@acme.test", "bookkeeper")
    acting = await world.acting(acme, await world.add_member(acme, "ma@acme.test", "manager"))

    with pytest.raises(PermissionMissingError):
        await world.people.roles.remove(acting, acme, "bookkeeper")

    assert await world.held(acme, user_id) == {"invoice.read"}


async def test_the_last_who_may_manage_members_stays(world: World, acme: OrganisationId) -> None:
    owner_id = await world.add_member(acme, "ow@acme.test", "owner")
    acting = await world.acting(acme, owner_id)

    for attempt in (
        world.people.members.set(acting, acme, owner_id, ["reader"]),
        world.people.members.set_standing(acting, acme, owner_id, Standing.SUSPENDED),
        world.people.members.remove(acting, acme, owner_id),
        world.people.roles.set(acting, acme, "owner", ["invoice.read"]),
    ):
        with pytest.raises(ConflictError):
            await attempt

    assert "member.manage" in await world.held(acme, owner_id)


async def test_two_owners_who_remove_each_other_at_once_do_not_both_succeed(world: World, acme: OrganisationId) -> None:
    first, second = [await world.add_member(acme, f"{name}@acme.test", "owner") for name in ("one", "two")]
    members = world.people.members

    outcomes = await asyncio.gather(
        members.remove(await world.acting(acme, first), acme, second),
        members.remove(await world.acting(acme, second), acme, first),
        return_exceptions=True,
    )

    assert [type(outcome) for outcome in outcomes].count(ConflictError) == 1
    assert len(await members.page(OPERATOR, acme, after=None, limit=10)) == 1


async def test_tn_01_another_organisation_is_not_there(world: World, acme: OrganisationId) -> None:
    other = await world.add_organisation("Other Books")
    victim = await world.add_member(other, "vi@other.test", "bookkeeper")
    acting = await world.acting(acme, await world.add_member(acme, "ow@acme.test", "owner"))
    nowhere, people = OrganisationId("org_0000000000000000nobody"), world.people

    for organisation_id in (other, nowhere):
        for attempt in (
            people.organisations.get(acting, organisation_id),
            people.organisations.rename(acting, organisation_id, "Mine"),
            people.organisations.set_standing(acting, organisation_id, Standing.SUSPENDED),
            people.members.page(acting, organisation_id, after=None, limit=10),
            people.members.get(acting, organisation_id, victim),
            people.members.set(acting, organisation_id, victim, ["reader"]),
            people.members.set_standing(acting, organisation_id, victim, Standing.SUSPENDED),
            people.members.remove(acting, organisation_id, victim),
            people.roles.list(acting, organisation_id),
            people.roles.set(acting, organisation_id, "reader", []),
            people.roles.remove(acting, organisation_id, "reader"),
            world.audit.page(acting, organisation_id, before=None, limit=10),
        ):
            with pytest.raises(NotFoundError) as refused:
                await attempt
            assert str(refused.value) == str(NotFoundError("organisation"))

    assert "invoice.write" in await world.held(other, victim)


async def test_tn_09_a_user_of_another_organisation_is_as_unknown_as_none(world: World, acme: OrganisationId) -> None:
    stranger = await world.add_user("st@other.test")
    acting = await world.acting(acme, await world.add_member(acme, "ow@acme.test", "owner"))
    answers = set()

    for user_id in (stranger, UserId("usr_0000000000000000nobody")):
        for attempt in (
            world.people.members.set(acting, acme, user_id, ["reader"]),
            world.people.members.get(acting, acme, user_id),
            world.people.members.remove(acting, acme, user_id),
        ):
            with pytest.raises(NotFoundError) as refused:
                await attempt
            answers.add(str(refused.value))

    assert answers == {str(NotFoundError("member"))}
    assert await world.held(acme, stranger) == frozenset()


async def test_tn_04_a_member_without_the_permission_manages_nobody(world: World, acme: OrganisationId) -> None:
    user_id = await world.add_member(acme, "re@acme.test", "reader")
    acting, people = await world.acting(acme, user_id), world.people

    for attempt in (
        people.organisations.create(acting, "Mine"),
        people.organisations.rename(acting, acme, "Mine"),
        people.organisations.set_standing(acting, acme, Standing.SUSPENDED),
        people.users.page(acting, after=None, limit=10),
        people.users.create(acting, "x@acme.test"),
        people.users.set_password(acting, user_id, Secret("a long enough password")),
        people.users.set_standing(acting, user_id, Standing.SUSPENDED),
        people.members.page(acting, acme, after=None, limit=10),
        people.members.set(acting, acme, user_id, ["owner"]),
        people.roles.list(acting, acme),
        people.roles.set(acting, acme, "reader", ["invoice.write"]),
        world.operators.create(acting, "Mine"),
        world.resources.register(acting, "Mine", "https://mine.test"),
        world.audit.page(acting, acme, before=None, limit=10),
    ):
        with pytest.raises(PermissionMissingError):
            await attempt


async def test_tn_11_each_change_writes_one_event_and_a_refused_one_none(world: World, acme: OrganisationId) -> None:
    user_id = await world.add_member(acme, "bo@acme.test", "bookkeeper")
    await world.people.members.set(OPERATOR, acme, user_id, ["reader"])
    await world.people.members.remove(OPERATOR, acme, user_id)
    with pytest.raises(NotFoundError):
        await world.people.members.remove(OPERATOR, acme, user_id)

    events = await world.audit.page(OPERATOR, acme, before=None, limit=50)

    assert sorted(event.kind.value for event in events) == [
        "member.removed",
        "member.set",
        "member.set",
        "organisation.created",
        "role.set",
    ]
    assert {event.actor for event in events} == {OPERATOR.actor}


async def test_an_operator_token_is_known_until_it_is_revoked(world: World) -> None:
    created = await world.operators.create(OPERATOR, "Deployment")
    text = created.token.reveal()

    assert text.startswith("cst_op_")
    assert await world.operators.find(text) == created.operator
    assert await world.operators.find(text[:-1] + ("0" if text[-1] != "0" else "1")) is None
    await world.operators.revoke(OPERATOR, created.operator.id)
    assert await world.operators.find(text) is None
    with pytest.raises(NotFoundError):
        await world.operators.revoke(OPERATOR, created.operator.id)


async def test_rfc8707_a_resource_server_is_registered_once_by_its_identifier(world: World) -> None:
    registered = await world.resources.register(OPERATOR, "Books API", "https://api.example.com")

    assert registered.resource.client_id.startswith("res_")
    assert registered.client_secret.reveal().startswith("cst_sk_")
    for identifier in ("https://api.example.com", "https://api.example.com/"):
        with pytest.raises(ConflictError):
            await world.resources.register(OPERATOR, "Again", identifier)


@pytest.mark.parametrize(
    "identifier", ["", "api.example.com", "https://api.example.com/#x", "https://a\0b", "x" * 3000]
)
async def test_rfc8707_an_identifier_that_is_no_absolute_uri_is_refused(world: World, identifier: str) -> None:
    with pytest.raises(InvalidInputError):
        await world.resources.register(OPERATOR, "Books API", identifier)


PERMISSIONS = ("invoice.read", "invoice.write", "client.read", "member.manage")
SUBSETS = st.frozensets(st.sampled_from(PERMISSIONS))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(mine=SUBSETS, theirs=SUBSETS, wanted=SUBSETS)
async def test_no_change_concerns_a_permission_that_its_author_lacks(
    world: World, mine: frozenset[str], theirs: frozenset[str], wanted: frozenset[str]
) -> None:
    """Whoever changes another: what was held, and what is held then, is within what the author holds."""
    count = len(await world.people.users.page(OPERATOR, after=None, limit=1000))
    organisation_id = await world.add_organisation()
    await world.people.roles.set(OPERATOR, organisation_id, "nothing", [])
    author = await world.add_user(f"author{count}@acme.test")
    other = await world.add_user(f"other{count}@acme.test")
    await world.people.members.set(OPERATOR, organisation_id, author, ["nothing"], sorted(mine))
    await world.people.members.set(OPERATOR, organisation_id, other, ["nothing"], sorted(theirs))
    acting = await world.acting(organisation_id, author)

    try:
        await world.people.members.set(acting, organisation_id, other, ["nothing"], sorted(wanted))
    except PermissionMissingError:
        allowed = False
    else:
        allowed = True

    within = wanted <= mine and (theirs <= mine or theirs == wanted)
    assert allowed == ("member.manage" in mine and within)
    assert await world.held(organisation_id, other) == (wanted if allowed else theirs)
