"""API keys: made within what their maker holds, shown once, narrowed, rotated, revoked."""

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from consentry.flows.api_keys import ApiKeys
from consentry.model.acting import Acting, operator
from consentry.model.api_key import ApiKeyPolicy, KeyDraft, KeyEdit, KeyOwner, ShownKey
from consentry.model.catalog import Catalog
from consentry.model.event import SYSTEM, Event, EventKind
from consentry.model.faults import ConflictError, InvalidInputError, NotFoundError, PermissionMissingError
from consentry.model.ids import ApiKeyId, EventId, UserId
from consentry.model.membership import RoleBook
from consentry.model.secret import CredentialKind, is_same_digest, parse_credential
from consentry.secret_source import SystemSecretSource
from consentry.storage.api_keys import SqlApiKeyStore
from consentry.storage.database import Database
from consentry.storage.events import EventStore
from consentry.storage.members import SqlMemberStore
from small_world import FixedClock
from standing_builders import NORTH, SOUTH, add_member, add_organisations, add_user, in_person, run, set_role

DAY = timedelta(days=1)


@dataclass(frozen=True)
class World:
    """North Books with an owner (Ana), a bookkeeper (Bo) and a reader (Rui); South Books with an owner (Sol)."""

    database: Database
    clock: FixedClock
    keys: ApiKeys
    roles: RoleBook
    ana: Acting
    bo: Acting
    rui: Acting
    sol: Acting

    def draft(self, **changes: Any) -> KeyDraft:
        draft = KeyDraft("Nightly export", ("invoice.read", "client.read"), self.keys.default_expiry())
        return replace(draft, **changes)

    async def make(self, acting: Acting | None = None, **changes: Any) -> ShownKey:
        return await self.keys.create(acting or self.bo, self.draft(**changes))

    def through(self, key: ShownKey, permissions: frozenset[str] | None = None) -> Acting:
        """The key itself, calling the management API."""
        owner = key.details.key
        acting = next(one for one in (self.ana, self.bo) if one.user_id == owner.user_id)
        held = owner.permissions & acting.permissions if permissions is None else permissions
        return replace(acting, actor=replace(acting.actor, through=owner.id), permissions=held)

    async def events(self) -> list[tuple[EventKind, str]]:
        page = await EventStore(self.database).page(NORTH, before=None, limit=50)
        return [(event.kind, str(event.details)) for event in page]


@pytest.fixture
async def world(database: Database, clock: FixedClock, secret_source: SystemSecretSource, catalog: Catalog) -> World:
    await add_organisations(database)
    roles = RoleBook(catalog)
    keys = ApiKeys(SqlApiKeyStore(database), SqlMemberStore(database), roles, clock, secret_source, ApiKeyPolicy())
    people = {}
    for name, organisation, role in (
        ("ana", NORTH, "owner"),
        ("bo", NORTH, "bookkeeper"),
        ("rui", NORTH, "reader"),
        ("sol", SOUTH, "owner"),
    ):
        user_id = await add_user(database, name)
        await add_member(database, organisation, user_id, role)
        people[name] = in_person(roles, user_id, organisation, role)
    return World(database, clock, keys, roles, **people)


async def fields_refused(world: World, acting: Acting | None = None, **changes: Any) -> list[str]:
    with pytest.raises(InvalidInputError) as refusal:
        await world.make(acting, **changes)
    assert await world.events() == []
    return [fault.field for fault in refusal.value.faults]


async def test_a_key_is_made_with_its_own_permissions_for_a_year(world: World) -> None:
    shown = await world.make(networks=("192.0.2.7", "2001:db8::/32"))

    key = shown.details.key
    parsed = parse_credential(shown.text.reveal(), CredentialKind.API_KEY)
    assert parsed is not None
    assert key.id == f"key_{parsed.id}"
    assert is_same_digest(key.digest, parsed.digest)
    assert key.permissions == {"invoice.read", "client.read"}
    assert key.expires_at == world.clock.present + 365 * DAY
    assert key.allowed_networks == ("192.0.2.7/32", "2001:db8::/32")
    assert (key.user_id, key.organisation_id) == (world.bo.user_id, NORTH)


async def test_tn_03_the_key_is_told_once_and_only_its_digest_is_kept(world: World, tmp_path: Any) -> None:
    shown = await world.make()
    rotated = await world.keys.rotate(world.bo, shown.details.key.id, DAY)
    later = await world.keys.get(world.bo, shown.details.key.id)
    await world.database.close()

    kept = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    for text in (shown.text.reveal(), rotated.text.reveal()):
        secret = text.removeprefix("cst_key_")[22:65]
        assert secret.encode() not in kept
        assert secret not in repr(later) + repr(shown) + str(shown.text)


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"name": "  "}, ["name"]),
        ({"name": "x" * 81}, ["name"]),
        ({"name": "safe\u202etxt"}, ["name"]),
        ({"permissions": ()}, ["permissions"]),
        ({"permissions": ("invoice.read", "invoice.send")}, ["permissions"]),
        ({"permissions": ("invoice.fly",)}, ["permissions"]),
        ({"permissions": ("*",)}, ["permissions"]),
        ({"permissions": ("x" * 9000,)}, ["permissions"]),
        ({"networks": ("nowhere", "192.0.2.1", "10.0.0.1/8")}, ["allowed_networks.0", "allowed_networks.2"]),
        ({"name": "", "permissions": (), "networks": ("?",)}, ["name", "permissions", "allowed_networks.0"]),
    ],
)
async def test_in_11_every_fault_of_a_draft_is_told_at_once_and_nothing_is_written(
    world: World, changes: dict[str, Any], fields: list[str]
) -> None:
    assert await fields_refused(world, **changes) == fields


async def test_tn_07_a_permission_that_its_maker_lacks_is_refused_with_the_reason(world: World) -> None:
    with pytest.raises(InvalidInputError, match=r"invoice\.send \(Send invoices\) is not yours to give"):
        await world.make(permissions=("invoice.send",))


@pytest.mark.parametrize("moment", ["2026-11-24T09:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-14:00"])
async def test_tn_07_an_expiry_in_the_past_or_beyond_all_measure_is_refused(world: World, moment: str) -> None:
    assert await fields_refused(world, expires_at=datetime.fromisoformat(moment)) == ["expires_at"]


async def test_a_key_may_live_for_ever_only_where_the_operator_allows_it(world: World) -> None:
    strict = replace(world, keys=replace(world.keys, policy=ApiKeyPolicy(90 * DAY, may_never_expire=False)))

    assert (await world.make(expires_at=None)).details.key.expires_at is None
    for expires_at in (None, world.clock.present + 91 * DAY):
        with pytest.raises(InvalidInputError):
            await strict.make(expires_at=expires_at)
    await strict.make(expires_at=world.clock.present + 90 * DAY)


async def test_making_a_key_takes_api_key_create(world: World) -> None:
    with pytest.raises(PermissionMissingError) as refusal:
        await world.make(world.rui)

    assert refusal.value.permission == "api_key.create"


async def test_an_operator_makes_a_key_for_a_member_within_what_the_member_holds(world: World) -> None:
    by_operator = operator(None, through="command line")
    assert world.rui.user_id is not None
    owner = KeyOwner(NORTH, world.rui.user_id)

    shown = await world.keys.create(by_operator, world.draft(), owner)

    assert shown.details.key.user_id == world.rui.user_id
    with pytest.raises(InvalidInputError):
        await world.keys.create(by_operator, world.draft(permissions=("invoice.write",)), owner)
    for stranger in (KeyOwner(SOUTH, world.rui.user_id), KeyOwner(NORTH, UserId("usr_nobody")), None):
        with pytest.raises(NotFoundError):
            await world.keys.create(by_operator, world.draft(), stranger)


async def test_nobody_makes_a_key_for_somebody_else(world: World) -> None:
    assert world.bo.user_id is not None
    with pytest.raises(NotFoundError):
        await world.keys.create(world.ana, world.draft(), KeyOwner(NORTH, world.bo.user_id))


async def test_an_edit_takes_permissions_away_and_leaves_the_key_itself(world: World) -> None:
    key = (await world.make()).details.key

    edited = (
        await world.keys.edit(world.bo, key.id, KeyEdit("Weekly export", ("invoice.read",), ("192.0.2.0/24",)))
    ).key

    assert (edited.name, edited.permissions, edited.allowed_networks) == (
        "Weekly export",
        frozenset({"invoice.read"}),
        ("192.0.2.0/24",),
    )
    assert (edited.digest, edited.expires_at) == (key.digest, key.expires_at)


@pytest.mark.parametrize("permissions", [("invoice.read", "invoice.write"), ("invoice.fly",), ()])
async def test_an_edit_never_adds_a_permission_and_never_leaves_none(
    world: World, permissions: tuple[str, ...]
) -> None:
    key = (await world.make()).details.key

    with pytest.raises(InvalidInputError):
        await world.keys.edit(world.bo, key.id, KeyEdit(permissions=permissions))

    assert (await world.keys.get(world.bo, key.id)).key == key


async def test_of_two_edits_at_once_neither_undoes_the_other(world: World) -> None:
    key = (await world.make()).details.key

    answers = await asyncio.gather(
        world.keys.edit(world.bo, key.id, KeyEdit(permissions=("invoice.read",))),
        world.keys.edit(world.bo, key.id, KeyEdit(permissions=("client.read",))),
        return_exceptions=True,
    )

    # A conflict, or, where the other was done before this one began, a permission that the key no longer has.
    assert [isinstance(answer, ConflictError | InvalidInputError) for answer in answers].count(True) == 1


async def test_a_rotation_leaves_the_old_text_for_the_overlap(world: World) -> None:
    shown = await world.make()

    rotated = await world.keys.rotate(world.bo, shown.details.key.id, 7 * DAY)

    key = rotated.details.key
    assert key.previous_digest == shown.details.key.digest
    assert key.previous_expires_at == rotated.previous_expires_at == world.clock.present + 7 * DAY
    assert rotated.text.reveal() != shown.text.reveal()
    assert replace(
        key, digest=b"", hint="", previous_digest=None, previous_expires_at=None, updated_at=key.created_at
    ) == replace(shown.details.key, digest=b"", hint="")


async def test_a_rotation_without_overlap_ends_the_old_text_at_once(world: World) -> None:
    key_id = (await world.make()).details.key.id
    await world.keys.rotate(world.bo, key_id, DAY)

    key = (await world.keys.rotate(world.bo, key_id, timedelta())).details.key

    assert (key.previous_digest, key.previous_expires_at) == (None, None)


@pytest.mark.parametrize("overlap", [timedelta(seconds=-1), 7 * DAY + timedelta(seconds=1), timedelta.max])
async def test_in_11_an_overlap_is_at_most_a_week(world: World, overlap: timedelta) -> None:
    key_id = (await world.make()).details.key.id

    with pytest.raises(InvalidInputError):
        await world.keys.rotate(world.bo, key_id, overlap)


async def test_an_overlap_never_outlives_the_key(world: World) -> None:
    shown = await world.make(expires_at=world.clock.present + DAY)

    rotated = await world.keys.rotate(world.bo, shown.details.key.id, 7 * DAY)

    assert rotated.previous_expires_at == shown.details.key.expires_at


async def test_of_rotations_of_the_same_text_one_wins(world: World) -> None:
    """However they interleave: a rotation replaces the very text that it read, or nothing."""
    key = (await world.make()).details.key
    store = SqlApiKeyStore(world.database)
    event = Event(EventId("evt_rotated"), world.clock.present, EventKind.API_KEY_ROTATED, NORTH, SYSTEM, key.id)

    answers = await asyncio.gather(
        *(store.rotate(key, bytes([number]) * 32, "abcd", previous_expires_at=None, event=event) for number in range(5))
    )

    assert sorted(answers) == [False, False, False, False, True]


async def test_tn_07_a_revoked_or_expired_key_stays_in_the_list_and_can_not_be_changed(world: World) -> None:
    revoked = (await world.make()).details.key.id
    expired = (await world.make(expires_at=world.clock.present + DAY)).details.key.id

    ended = await world.keys.revoke(world.bo, revoked)
    world.clock.pass_time(DAY)

    assert (ended.key.revoked_at, ended.key.revoked_by) == (world.clock.present - DAY, world.bo.user_id)
    for key_id in (revoked, expired):
        with pytest.raises(ConflictError):
            await world.keys.edit(world.bo, key_id, KeyEdit(name="Again"))
        with pytest.raises(ConflictError):
            await world.keys.rotate(world.bo, key_id, DAY)
    listed = await world.keys.list_own(world.bo, after=None, limit=10)
    assert {details.key.id for details in listed} == {revoked, expired}


async def test_revoking_again_changes_nothing(world: World) -> None:
    key_id = (await world.make()).details.key.id
    first = await world.keys.revoke(world.ana, key_id)
    world.clock.pass_time(DAY)

    assert await world.keys.revoke(world.bo, key_id) == first
    assert first.revoked_by_name == "Ana"


async def test_a_manager_sees_and_revokes_the_keys_of_others_but_gets_no_secret_of_theirs(world: World) -> None:
    key_id = (await world.make()).details.key.id

    assert [details.key.id for details in await world.keys.list_all(world.ana, NORTH, after=None, limit=10)] == [key_id]
    with pytest.raises(ConflictError):
        await world.keys.rotate(world.ana, key_id, DAY)
    with pytest.raises(ConflictError):
        await world.keys.edit(world.ana, key_id, KeyEdit(name="Mine"))
    assert (await world.keys.revoke(world.ana, key_id)).key.revoked_at is not None


async def test_tn_01_a_key_of_another_organisation_does_not_exist(world: World) -> None:
    key = (await world.make()).details.key

    for acting, key_id in ((world.sol, key.id), (world.rui, key.id), (world.bo, ApiKeyId("key_none"))):
        for deed in (
            world.keys.get(acting, key_id),
            world.keys.edit(acting, key_id, KeyEdit(name="Theirs")),
            world.keys.rotate(acting, key_id, DAY),
            world.keys.revoke(acting, key_id),
        ):
            with pytest.raises(NotFoundError, match="no such API key"):
                await deed
    with pytest.raises(NotFoundError):
        await world.keys.list_all(world.sol, NORTH, after=None, limit=10)
    assert (await world.keys.get(world.bo, key.id)).key == key


async def test_tn_04_who_lost_api_key_create_gets_no_new_secret_and_can_still_revoke(world: World) -> None:
    key_id = (await world.make()).details.key.id
    assert world.bo.user_id is not None
    await set_role(world.database, NORTH, world.bo.user_id, "reader")
    now_reader = in_person(world.roles, world.bo.user_id, NORTH, "reader")

    with pytest.raises(PermissionMissingError):
        await world.keys.rotate(now_reader, key_id, DAY)

    assert (await world.keys.revoke(now_reader, key_id)).key.revoked_at is not None


async def test_lists_go_newest_first_a_page_at_a_time(world: World) -> None:
    made = []
    for _ in range(5):
        made.append((await world.make()).details.key.id)
        world.clock.pass_time(timedelta(seconds=1))

    first = await world.keys.list_all(world.ana, NORTH, after=None, limit=3)
    rest = await world.keys.list_all(world.ana, NORTH, after=first[-1].key.id, limit=3)

    assert [details.key.id for details in (*first, *rest)] == made[::-1]


async def test_only_operators_list_the_keys_of_every_organisation(world: World) -> None:
    await world.make()

    assert len(await world.keys.list_all(operator(None), None, after=None, limit=10)) == 1
    with pytest.raises(PermissionMissingError):
        await world.keys.list_all(world.ana, None, after=None, limit=10)
    with pytest.raises(PermissionMissingError):
        await world.keys.list_all(world.bo, NORTH, after=None, limit=10)


async def test_through_a_key_nothing_wider_than_the_key_can_be_made(world: World) -> None:
    parent = await world.make(
        permissions=("invoice.read", "api_key.create"),
        expires_at=world.clock.present + 30 * DAY,
        networks=("192.0.2.0/24",),
    )
    acting = world.through(parent)
    narrow: dict[str, Any] = {
        "permissions": ("invoice.read",),
        "expires_at": world.clock.present + 30 * DAY,
        "networks": ("192.0.2.7",),
    }

    assert await world.keys.create(acting, world.draft(**narrow))
    for wider, field in (
        ({"permissions": ("invoice.read", "invoice.write")}, "permissions"),
        ({"expires_at": None}, "expires_at"),
        ({"expires_at": world.clock.present + 31 * DAY}, "expires_at"),
        ({"networks": ()}, "allowed_networks"),
        ({"networks": ("192.0.0.0/16",)}, "allowed_networks"),
    ):
        with pytest.raises(InvalidInputError) as refusal:
            await world.keys.create(acting, world.draft(**narrow | wider))
        assert [fault.field for fault in refusal.value.faults] == [field]


async def test_through_a_key_a_wider_one_of_the_same_owner_is_neither_rotated_nor_edited(world: World) -> None:
    wide = (await world.make(permissions=("invoice.read", "invoice.write"), expires_at=None)).details.key.id
    narrow = await world.make(permissions=("invoice.read", "api_key.create"))
    acting = world.through(narrow)

    with pytest.raises(InvalidInputError):
        await world.keys.rotate(acting, wide, DAY)
    with pytest.raises(InvalidInputError):
        await world.keys.edit(acting, wide, KeyEdit(networks=("192.0.2.7",)))
    assert await world.keys.rotate(acting, narrow.details.key.id, DAY)


async def test_through_a_key_without_api_key_create_no_key_is_seen_or_touched(world: World) -> None:
    other = (await world.make()).details.key.id
    acting = world.through(await world.make(permissions=("invoice.read",)))

    with pytest.raises(NotFoundError):
        await world.keys.get(acting, other)
    with pytest.raises(NotFoundError):
        await world.keys.revoke(acting, other)
    with pytest.raises(PermissionMissingError):
        await world.keys.list_own(acting, after=None, limit=10)


async def test_tn_11_each_change_is_one_event_with_no_secret_inside(world: World) -> None:
    shown = await world.make()
    key_id = shown.details.key.id
    world.clock.pass_time(DAY)
    await world.keys.edit(world.bo, key_id, KeyEdit(permissions=("invoice.read",)))
    world.clock.pass_time(DAY)
    rotated = await world.keys.rotate(world.bo, key_id, DAY)
    world.clock.pass_time(DAY)
    await world.keys.revoke(world.ana, key_id)

    events = await world.events()

    assert [kind for kind, _ in events][::-1] == [
        EventKind.API_KEY_CREATED,
        EventKind.API_KEY_CHANGED,
        EventKind.API_KEY_ROTATED,
        EventKind.API_KEY_REVOKED,
    ]
    told = " ".join(details for _, details in events)
    assert shown.text.reveal()[40:] not in told
    assert rotated.text.reveal()[40:] not in told


async def test_a_suspended_member_gets_no_key_even_from_an_operator(world: World) -> None:
    assert world.bo.user_id is not None
    await run(world.database, "UPDATE members SET standing = 'suspended' WHERE user_id = $1", world.bo.user_id)

    with pytest.raises(InvalidInputError):
        await world.keys.create(operator(None), world.draft(), KeyOwner(NORTH, world.bo.user_id))
