"""No sequence of edits, rotations and revocations, by whomever, ever makes a key able to do more."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from consentry.flows.api_keys import ApiKeys
from consentry.model.acting import Acting, operator
from consentry.model.api_key import ApiKeyPolicy, KeyDraft, KeyEdit, limits_of
from consentry.model.catalog import Catalog
from consentry.model.faults import DeedError
from consentry.model.ids import ApiKeyId
from consentry.model.membership import RoleBook
from consentry.secret_source import SystemSecretSource
from consentry.storage.api_keys import SqlApiKeyStore
from consentry.storage.members import SqlMemberStore
from consentry.storage.opening import open_database
from small_world import FixedClock
from standing_builders import NORTH, add_member, add_organisations, add_user, in_person

PERMISSIONS = ("invoice.read", "invoice.write", "invoice.send", "client.read", "api_key.create", "nonsense")
NETWORKS = ("192.0.2.7", "192.0.2.0/24", "2001:db8::/32")
Move = tuple[str, int, KeyEdit, timedelta]

edits = st.builds(
    KeyEdit,
    name=st.none() | st.just("Renamed"),
    permissions=st.none() | st.lists(st.sampled_from(PERMISSIONS), max_size=5).map(tuple),
    networks=st.none()
    | st.lists(st.sampled_from(["192.0.2.7", "192.0.2.0/24", "2001:db8::/32"]), max_size=2).map(tuple),
)
moves: st.SearchStrategy[list[Move]] = st.lists(
    st.tuples(
        st.sampled_from(["edit", "edit", "rotate", "revoke"]),
        st.integers(0, 3),
        edits,
        st.integers(-1, 8).map(lambda days: timedelta(days=days)),
    ),
    max_size=8,
)


@settings(max_examples=40, deadline=None)
@given(moves=moves, made_with=st.sets(st.sampled_from(PERMISSIONS[:5]), min_size=1))
def test_no_sequence_of_edits_and_rotations_ever_widens_a_key(
    lend_database: Callable[[], AbstractContextManager[str]], catalog: Catalog, moves: list[Move], made_with: set[str]
) -> None:
    async def play(url: str) -> None:
        database = open_database(url)
        clock, roles = FixedClock(), RoleBook(catalog)
        keys = ApiKeys(
            SqlApiKeyStore(database), SqlMemberStore(database), roles, clock, SystemSecretSource(clock), ApiKeyPolicy()
        )
        try:
            await add_organisations(database)
            ana = await add_user(database, "ana")
            await add_member(database, NORTH, ana, "owner")
            owner = in_person(roles, ana, NORTH, "owner")
            key_id = (
                await keys.create(owner, KeyDraft("Export", tuple(made_with), keys.default_expiry()))
            ).details.key.id
            itself = in_person(roles, ana, NORTH, "owner", through=key_id)
            reader = in_person(roles, ana, NORTH, "reader")
            await _play(keys, clock, [owner, itself, reader, operator(None)], key_id, moves)
        finally:
            await database.close()

    with lend_database() as url:
        asyncio.run(play(url))


async def _move(keys: ApiKeys, acting: Acting, key_id: ApiKeyId, name: str, edit: KeyEdit, overlap: timedelta) -> None:
    match name:
        case "edit":
            await keys.edit(acting, key_id, edit)
        case "rotate":
            await keys.rotate(acting, key_id, overlap)
        case "revoke":
            await keys.revoke(acting, key_id)


async def _play(keys: ApiKeys, clock: FixedClock, actors: list[Acting], key_id: ApiKeyId, moves: list[Move]) -> None:
    for name, who, edit, overlap in moves:
        acting = actors[who]
        before = (await keys.get(actors[0], key_id)).key
        try:
            await _move(keys, acting, key_id, name, edit, overlap)
        except DeedError:
            refused = True
        else:
            refused = False
        after = (await keys.get(actors[0], key_id)).key
        if refused:
            assert after == before
        assert after.permissions <= before.permissions
        assert after.expires_at == before.expires_at
        assert before.revoked_at is None or after == before
        if acting is actors[1]:
            assert limits_of(after).find_faults_beyond(limits_of(before)) == ()
        if after.previous_expires_at is not None and after != before and name == "rotate":
            assert after.previous_expires_at <= clock.present + timedelta(days=7)
        clock.pass_time(timedelta(hours=5))
