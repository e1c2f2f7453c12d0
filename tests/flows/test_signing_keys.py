"""Signing keys: made once, sealed, replaced with an overlap."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from joserfc import jws
from joserfc.jwk import KeySet

from consentry.flows.signing_keys import REREAD_AFTER, SigningKeys, SigningKeySealedError
from consentry.model.acting import member, operator
from consentry.model.faults import InvalidInputError, PermissionMissingError
from consentry.model.ids import OrganisationId, UserId
from consentry.model.signing_key import KEPT, LEAD, OVERLAP
from consentry.secret_source import SystemSecretSource
from consentry.storage.database import Database
from consentry.storage.opening import open_database
from consentry.storage.signing_keys import SqlSigningKeyStore
from small_world import FixedClock

OPERATOR = operator(None, through="command line")
CLAIMS = {"sub": "usr_1", "exp": 1}


ALGORITHMS = ("ES256", "RS256", "EdDSA")


def keys_over(
    database: Database,
    clock: FixedClock,
    seal_key: bytes = bytes(32),
    algorithms: tuple[str, ...] = ALGORITHMS,
) -> SigningKeys:
    return SigningKeys(SqlSigningKeyStore(database), clock, SystemSecretSource(clock), seal_key, algorithms)


def kid_of(text: str) -> str:
    kid = jws.extract_compact(text.encode()).headers()["kid"]
    assert isinstance(kid, str)
    return kid


def kids(jwks: Mapping[str, Any]) -> set[str]:
    return {key["kid"] for key in jwks["keys"]}


def check(text: str, jwks: Mapping[str, Any]) -> jws.CompactSignature:
    return jws.deserialize_compact(text, KeySet.import_key_set({"keys": jwks["keys"]}), algorithms=["ES256"])


async def test_what_is_signed_is_checked_by_the_published_key(database: Database, clock: FixedClock) -> None:
    keys = keys_over(database, clock)

    signed = check(await keys.sign(CLAIMS, typ="consentry-test+jwt"), await keys.jwks())

    header = signed.headers()
    assert header["alg"] == "ES256"
    assert header["typ"] == "consentry-test+jwt"
    assert signed.payload == b'{"sub":"usr_1","exp":1}'


async def test_processes_that_start_together_agree_on_one_key(database_url: str, clock: FixedClock) -> None:
    databases = [open_database(database_url) for _ in range(4)]
    processes = [keys_over(one, clock) for one in databases]

    signed = await asyncio.gather(*(one.sign(CLAIMS, typ="t") for one in processes))
    sets = [await one.jwks() for one in processes]
    for one in databases:
        await one.close()

    assert len({check(text, sets[0]).headers()["kid"] for text in signed}) == 1
    assert all(one == sets[0] for one in sets)


async def test_op_02_the_private_half_is_not_readable_in_the_database_or_in_a_printed_key(
    database: Database, clock: FixedClock
) -> None:
    keys = keys_over(database, clock)
    await keys.sign(CLAIMS, typ="t")

    for key in await keys.kept(OPERATOR):
        assert b'"d"' not in key.sealed
        assert '"d"' not in key.public
        assert "sealed" not in repr(key)
    assert "seal_key" not in repr(keys)


@pytest.mark.shows("OpenID Connect Core §10.1.1 rotation")
@pytest.mark.parametrize("algorithm", ["ES256", "RS256", "EdDSA"])
async def test_jw_14_a_new_key_is_published_before_it_signs_and_the_old_one_after_it_signed(
    database: Database, clock: FixedClock, algorithm: str
) -> None:
    keys = keys_over(database, clock)
    before = await keys.sign(CLAIMS, typ="t", algorithm=algorithm)
    new = await keys.rotate(OPERATOR, algorithm)

    assert new.id in kids(await keys.jwks())
    clock.pass_time(LEAD - timedelta(seconds=1))
    during = await keys.sign(CLAIMS, typ="t", algorithm=algorithm)
    assert kid_of(during) == kid_of(before) != new.id
    clock.pass_time(timedelta(seconds=1) + REREAD_AFTER)
    after = await keys.sign(CLAIMS, typ="t", algorithm=algorithm)
    assert kid_of(after) == new.id
    clock.pass_time(OVERLAP - REREAD_AFTER - timedelta(seconds=1))
    assert {kid_of(before), new.id} <= kids(await keys.jwks())
    clock.pass_time(timedelta(seconds=1))
    assert kid_of(before) not in kids(await keys.jwks())
    assert new.id in kids(await keys.jwks())


@pytest.mark.shows("OpenID Connect Core §10.1.1 rotation")
async def test_jw_14_two_rotations_in_a_row_leave_nothing_signed_unchecked(
    database: Database, clock: FixedClock
) -> None:
    keys = keys_over(database, clock)
    signed = [await keys.sign(CLAIMS, typ="t")]
    for _ in range(2):
        await keys.rotate(OPERATOR)
        for _ in range(4):
            clock.pass_time(LEAD / 3)
            signed.append(await keys.sign(CLAIMS, typ="t"))

    published = await keys.jwks()

    assert all(check(text, published) for text in signed)
    assert len({kid_of(text) for text in signed}) == 3


async def test_a_rotation_at_once_signs_with_the_new_key_in_every_process_within_the_time_named(
    database: Database, clock: FixedClock
) -> None:
    running, command_line = keys_over(database, clock), keys_over(database, clock)
    await running.sign(CLAIMS, typ="t")
    await command_line.rotate(OPERATOR)

    new = await command_line.rotate(OPERATOR, at_once=True)
    clock.pass_time(REREAD_AFTER)

    assert kid_of(await running.sign(CLAIMS, typ="t")) == new.id
    assert REREAD_AFTER < OVERLAP / 100


async def test_each_algorithm_is_rotated_by_itself(database: Database, clock: FixedClock) -> None:
    keys = keys_over(database, clock)
    before = {one: kid_of(await keys.sign(CLAIMS, typ="t", algorithm=one)) for one in ALGORITHMS}

    await keys.rotate(OPERATOR, "EdDSA", at_once=True)

    after = {one: kid_of(await keys.sign(CLAIMS, typ="t", algorithm=one)) for one in ALGORITHMS}
    assert {one for one in ALGORITHMS if before[one] != after[one]} == {"EdDSA"}
    with pytest.raises(InvalidInputError):
        await keys.rotate(OPERATOR, "HS256")


async def test_keys_get_a_successor_when_they_are_old_and_no_key_is_made_that_nobody_needed(
    database: Database, clock: FixedClock
) -> None:
    keys, lifetime = keys_over(database, clock), timedelta(days=90)
    assert await keys.rotate_due(lifetime) == 0
    assert await keys.kept(OPERATOR) == []
    await keys.sign(CLAIMS, typ="t")
    clock.pass_time(lifetime - timedelta(seconds=1))

    assert await keys.rotate_due(lifetime) == 0
    clock.pass_time(timedelta(seconds=1))
    assert await keys.rotate_due(lifetime) == len(ALGORITHMS)
    assert await keys.rotate_due(lifetime) == 0

    events = await database.read("SELECT user_id, operator_id, through FROM events WHERE kind = 'signing_key.rotated'")
    assert events == [(None, None, None)] * len(ALGORITHMS)


async def test_of_processes_that_rotate_together_exactly_one_makes_the_key(
    database_url: str, clock: FixedClock
) -> None:
    databases = [open_database(database_url) for _ in range(4)]
    processes = [keys_over(one, clock, algorithms=("ES256",)) for one in databases]
    await processes[0].sign(CLAIMS, typ="t")
    clock.pass_time(timedelta(days=90))

    made = await asyncio.gather(*(one.rotate_due(timedelta(days=90)) for one in processes))
    by_hand = await asyncio.gather(*(one.rotate(OPERATOR) for one in processes))
    kept = await processes[0].kept(OPERATOR)
    for one in databases:
        await one.close()

    assert sum(made) == 1
    assert by_hand[0].id in {key.id for key in kept}
    assert sum(key.retired_at is None for key in kept) == 1


async def test_a_rotation_forgets_long_retired_keys_and_is_in_the_audit(database: Database, clock: FixedClock) -> None:
    keys = keys_over(database, clock, algorithms=("ES256",))
    await keys.jwks()

    await keys.rotate(OPERATOR, at_once=True)
    clock.pass_time(KEPT + timedelta(seconds=1))
    newest = await keys.rotate(OPERATOR)

    events = await database.read("SELECT subject, through FROM events WHERE kind = 'signing_key.rotated'")
    assert len(await keys.kept(OPERATOR)) == 2
    assert (newest.id, "command line") in events


async def test_what_was_signed_here_is_known_again_while_its_key_is_kept(database: Database, clock: FixedClock) -> None:
    """An app brings an ID token back as a hint long after it expired."""
    keys = keys_over(database, clock)
    signed = await keys.sign(CLAIMS, typ="JWT")
    await keys.rotate(OPERATOR, at_once=True)
    clock.pass_time(OVERLAP * 2)

    assert await keys.read_signed(signed, typ="JWT") == CLAIMS
    clock.pass_time(KEPT)
    await keys.rotate(OPERATOR)
    assert await keys.read_signed(signed, typ="JWT") is None


@pytest.mark.shows("RFC 7517 §9.3")
async def test_jw_13_the_key_set_has_public_members_only(database: Database, clock: FixedClock) -> None:
    keys = keys_over(database, clock)
    await keys.rotate(OPERATOR)

    published: Any = await keys.jwks()

    members = {member for key in published["keys"] for member in key}
    assert members == {"kty", "crv", "x", "y", "n", "e", "kid", "use", "alg"}
    assert {key["alg"] for key in published["keys"]} == set(ALGORITHMS)


async def test_under_another_secret_key_signing_says_what_to_do_and_a_rotation_mends_it(
    database: Database, clock: FixedClock
) -> None:
    await keys_over(database, clock).sign(CLAIMS, typ="t")
    moved = keys_over(database, clock, bytes([1]) * 32)

    with pytest.raises(SigningKeySealedError, match="consentry keys rotate"):
        await moved.sign(CLAIMS, typ="t")
    await moved.rotate(OPERATOR, at_once=True)

    assert check(await moved.sign(CLAIMS, typ="t"), await moved.jwks())


async def test_only_an_operator_lists_and_rotates(database: Database, clock: FixedClock) -> None:
    keys = keys_over(database, clock)
    owner = member(UserId("usr_1"), OrganisationId("org_1"), frozenset({"oauth_app.manage"}))

    with pytest.raises(PermissionMissingError):
        await keys.kept(owner)
    with pytest.raises(PermissionMissingError):
        await keys.rotate(owner)
