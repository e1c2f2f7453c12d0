"""API keys in use: what the check says of them, from the moment that a change has returned."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest

from consentry.flows.api_keys import ApiKeys
from consentry.flows.check_bearer import CheckBearer
from consentry.flows.usage import UsageRecorder
from consentry.model.access import Access, Reason, Refused
from consentry.model.acting import Acting
from consentry.model.api_key import ApiKeyPolicy, KeyDraft, KeyEdit, ShownKey
from consentry.model.approval import ApprovalBook
from consentry.model.catalog import Catalog
from consentry.model.membership import RoleBook
from consentry.model.secret import CredentialKind, Secret, format_credential
from consentry.secret_source import SystemSecretSource
from consentry.storage.api_keys import SqlApiKeyStore
from consentry.storage.credentials import SqlCredentialStore
from consentry.storage.database import Database
from consentry.storage.members import SqlMemberStore
from consentry.storage.usage import SqlUsageStore
from small_world import FixedClock
from standing_builders import NORTH, add_member, add_organisations, add_user, in_person, run, set_role

DAY = timedelta(days=1)


@dataclass(frozen=True)
class World:
    """Bo, a bookkeeper, has a key for invoices that works from one network until tomorrow."""

    database: Database
    clock: FixedClock
    keys: ApiKeys
    check_bearer: CheckBearer
    bo: Acting
    shown: ShownKey
    catalog: Catalog

    async def check(self, text: Secret | str | None = None, address: str | None = "192.0.2.7") -> Access | Refused:
        given = self.shown.text if text is None else text
        return await self.check_bearer.check(given.reveal() if isinstance(given, Secret) else given, address=address)

    async def reason(self, text: Secret | str | None = None, address: str | None = "192.0.2.7") -> Reason | None:
        answer = await self.check(text, address)
        return answer.reason if isinstance(answer, Refused) else None

    async def permissions(self) -> frozenset[str]:
        answer = await self.check()
        return answer.permissions if isinstance(answer, Access) else frozenset()


@pytest.fixture
async def world(database: Database, clock: FixedClock, secret_source: SystemSecretSource, catalog: Catalog) -> World:
    await add_organisations(database)
    roles = RoleBook(catalog)
    user_id = await add_user(database, "bo")
    await add_member(database, NORTH, user_id, "bookkeeper")
    keys = ApiKeys(SqlApiKeyStore(database), SqlMemberStore(database), roles, clock, secret_source, ApiKeyPolicy())
    usage = UsageRecorder(SqlUsageStore(database), clock)
    check_bearer = CheckBearer(SqlCredentialStore(database), ApprovalBook(catalog), roles, usage, clock)
    bo = in_person(roles, user_id, NORTH, "bookkeeper")
    draft = KeyDraft("Export", ("invoice.read", "invoice.write"), clock.present + DAY, ("192.0.2.0/24",))
    return World(database, clock, keys, check_bearer, bo, await keys.create(bo, draft), catalog)


async def test_tn_07_a_key_does_what_it_was_given_and_nothing_beyond(world: World) -> None:
    access = await world.check()

    assert isinstance(access, Access)
    assert access.permissions == {"invoice.read", "invoice.write"}
    refusal = access.decide("client.read", world.catalog)
    assert isinstance(refusal, Refused)
    assert refusal.reason is Reason.PERMISSION_NOT_IN_KEY


async def test_tn_07_a_key_stops_at_its_expiry(world: World) -> None:
    world.clock.pass_time(DAY - timedelta(microseconds=1))
    assert await world.reason() is None

    world.clock.pass_time(timedelta(microseconds=1))

    assert await world.reason() is Reason.EXPIRED


async def test_tn_07_a_key_stops_when_revoking_has_returned_with_every_text_of_it(world: World) -> None:
    rotated = await world.keys.rotate(world.bo, world.shown.details.key.id, DAY)

    await world.keys.revoke(world.bo, world.shown.details.key.id)

    assert await world.reason(world.shown.text) is Reason.REVOKED
    assert await world.reason(rotated.text) is Reason.REVOKED


async def test_an_edit_holds_when_it_has_returned(world: World) -> None:
    edit = KeyEdit(permissions=("invoice.read",), networks=("2001:db8::/32",))
    await world.keys.edit(world.bo, world.shown.details.key.id, edit)

    assert await world.reason(address="192.0.2.7") is Reason.ADDRESS_NOT_ALLOWED
    answer = await world.check(address="2001:db8::1")
    assert isinstance(answer, Access)
    assert answer.permissions == {"invoice.read"}


async def test_both_texts_work_during_the_overlap_and_then_only_the_new_one(world: World) -> None:
    overlap = timedelta(hours=2)
    rotated = await world.keys.rotate(world.bo, world.shown.details.key.id, overlap)

    assert [await world.reason(text) for text in (world.shown.text, rotated.text)] == [None, None]
    world.clock.pass_time(overlap)
    assert [await world.reason(text) for text in (world.shown.text, rotated.text)] == [
        Reason.UNKNOWN_CREDENTIAL,
        None,
    ]


async def test_without_overlap_the_old_text_stops_when_the_rotation_has_returned(world: World) -> None:
    await world.keys.rotate(world.bo, world.shown.details.key.id, timedelta())

    assert await world.reason() is Reason.UNKNOWN_CREDENTIAL


@pytest.mark.parametrize("address", ["192.0.3.1", "2001:db8::1", "unknown", None])
async def test_a_key_works_only_from_its_networks(world: World, address: str | None) -> None:
    assert await world.reason(address=address) is Reason.ADDRESS_NOT_ALLOWED


async def test_a_key_loses_at_once_what_its_owner_loses_and_gets_it_back(world: World) -> None:
    assert world.bo.user_id is not None
    await set_role(world.database, NORTH, world.bo.user_id, "reader")
    narrowed = await world.permissions()
    await set_role(world.database, NORTH, world.bo.user_id, "owner")

    assert narrowed == {"invoice.read"}
    assert await world.permissions() == {"invoice.read", "invoice.write"}


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        ("organisations", Reason.ORGANISATION_SUSPENDED),
        ("users", Reason.USER_SUSPENDED),
        ("members", Reason.MEMBER_SUSPENDED),
    ],
)
async def test_rv_11_a_suspension_stops_the_key_and_reinstating_brings_it_back(
    world: World, table: str, reason: Reason
) -> None:
    await run(world.database, f"UPDATE {table} SET standing = 'suspended'")  # noqa: S608 - a name of this file
    suspended = await world.reason()
    await run(world.database, f"UPDATE {table} SET standing = 'active'")  # noqa: S608 - a name of this file

    assert suspended is reason
    assert await world.reason() is None


async def test_tn_08_a_near_miss_is_as_unknown_as_any_other(world: World) -> None:
    text = world.shown.text.reveal()
    secret = text[30:73]
    nearly = Secret(secret[:-1] + ("a" if secret[-1] != "a" else "b"))
    for record, given in ((world.shown.details.key.id, nearly), ("key_" + "0" * 22, Secret(secret))):
        assert await world.reason(format_credential(CredentialKind.API_KEY, record, given)) is Reason.UNKNOWN_CREDENTIAL
    for position in range(len("cst_key_"), len(text)):
        changed = "a" if text[position] != "a" else "b"
        near = text[:position] + changed + text[position + 1 :]
        assert await world.reason(near) is Reason.MALFORMED_CREDENTIAL


async def test_use_is_told_with_the_address_it_came_from(world: World) -> None:
    await world.check()
    await world.check(address="203.0.113.9")
    await world.check_bearer.usage.flush()

    key = (await world.keys.get(world.bo, world.shown.details.key.id)).key

    assert (key.last_used_at, key.last_used_from) == (world.clock.present, "192.0.2.7")


Change = Callable[[World], Awaitable[object]]


@pytest.mark.parametrize(
    "change",
    [
        lambda world: world.keys.edit(world.bo, world.shown.details.key.id, KeyEdit(name="Renamed")),
        lambda world: world.keys.rotate(world.bo, world.shown.details.key.id, DAY),
    ],
)
async def test_a_change_that_takes_nothing_away_takes_nothing_away(world: World, change: Change) -> None:
    before = await world.check()

    await change(world)

    assert await world.check() == before
