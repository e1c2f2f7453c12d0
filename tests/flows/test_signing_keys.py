"""Signing keys: made once, sealed, replaced with an overlap."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from consentry.flows.signing_keys import REREAD_AFTER, SigningKeys, SigningKeySealedError
from consentry.model.acting import member, operator
from consentry.model.faults import PermissionMissingError
from consentry.model.ids import OrganisationId, UserId
from consentry.model.signing_key import OVERLAP
from consentry.secret_source import SystemSecretSource
from consentry.storage.database import Database
from consentry.storage.opening import open_database
from consentry.storage.signing_keys import SqlSigningKeyStore
from small_world import FixedClock

OPERATOR = operator(None, through="command line")
CLAIMS = {"sub": "usr_1", "exp": 1}


def keys_over(database: Database, clock: FixedClock, seal_key: bytes = bytes(32)) -> SigningKeys:
    return SigningKeys(SqlSigningKeyStore(database), clock, SystemSecretSource(clock), seal_key)


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

    [key] = await keys.kept(OPERATOR)

    assert b'"d"' not in key.sealed
    assert '"d"' not in key.public
    assert "sealed" not in repr(key)
    assert "seal_key" not in repr(keys)


@pytest.mark.shows("OpenID Connect Core §10.1.1 rotation")
async def test_jw_14_what_a_retired_key_signed_stays_good_for_the_overlap_and_no_longer(
    database: Database, clock: FixedClock
) -> None:
    keys = keys_over(database, clock)
    before = await keys.sign(CLAIMS, typ="t")

    await keys.rotate(OPERATOR)
    await keys.rotate(OPERATOR)
    after = await keys.sign(CLAIMS, typ="t")
    during = await keys.jwks()
    clock.pass_time(OVERLAP)
    later = await keys.jwks()

    assert check(before, during).headers()["kid"] != check(after, during).headers()["kid"]
    assert check(after, later)
    with pytest.raises((JoseError, ValueError)):
        check(before, later)


async def test_a_running_process_changes_to_the_new_key_within_the_time_named(
    database: Database, clock: FixedClock
) -> None:
    running, command_line = keys_over(database, clock), keys_over(database, clock)
    await running.sign(CLAIMS, typ="t")

    new = await command_line.rotate(OPERATOR)
    clock.pass_time(REREAD_AFTER)

    assert check(await running.sign(CLAIMS, typ="t"), await running.jwks()).headers()["kid"] == new.id
    assert REREAD_AFTER < OVERLAP / 100


async def test_a_rotation_forgets_long_retired_keys_and_is_in_the_audit(database: Database, clock: FixedClock) -> None:
    keys = keys_over(database, clock)
    await keys.jwks()

    await keys.rotate(OPERATOR)
    clock.pass_time(OVERLAP + timedelta(seconds=1))
    newest = await keys.rotate(OPERATOR)

    events = await database.read("SELECT subject, through FROM events WHERE kind = 'signing_key.rotated'")
    assert len(await keys.kept(OPERATOR)) == 2
    assert (newest.id, "command line") in events


async def test_under_another_secret_key_signing_says_what_to_do_and_a_rotation_mends_it(
    database: Database, clock: FixedClock
) -> None:
    await keys_over(database, clock).sign(CLAIMS, typ="t")
    moved = keys_over(database, clock, bytes([1]) * 32)

    with pytest.raises(SigningKeySealedError, match="consentry keys rotate"):
        await moved.sign(CLAIMS, typ="t")
    await moved.rotate(OPERATOR)

    assert check(await moved.sign(CLAIMS, typ="t"), await moved.jwks())


async def test_only_an_operator_lists_and_rotates(database: Database, clock: FixedClock) -> None:
    keys = keys_over(database, clock)
    owner = member(UserId("usr_1"), OrganisationId("org_1"), frozenset({"oauth_app.manage"}))

    with pytest.raises(PermissionMissingError):
        await keys.kept(owner)
    with pytest.raises(PermissionMissingError):
        await keys.rotate(owner)
