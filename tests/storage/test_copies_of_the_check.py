"""What a check reads from a copy is true at every moment, whoever changes what it was copied from."""

import asyncio
import random
from datetime import timedelta

import asyncpg
import pytest

from consentry.flows.housekeeping import _KEPT
from consentry.model.access import Reason
from consentry.model.ids import OrganisationId, UserId
from consentry.ports.housekeeping import Leftover
from consentry.settings import load_settings
from consentry.settings_sources import SettingsError
from consentry.storage.database import Database
from postgres_server import PostgresServer
from protocol_world import ProtocolWorld
from standing_builders import NORTH, SOUTH, add_member, add_organisations, add_user, run

ROLES = ("clerk", "owner", "reader")
# By what the tables say, as the check read it before there was a copy.
WRONG_COPIES = """
SELECT m.user_id, m.roles FROM members m WHERE coalesce(m.roles, '') <> coalesce((
    SELECT string_agg(held, ';') FROM (
        SELECT mr.role || coalesce('=' || r.permissions, '') AS held
        FROM member_roles mr LEFT JOIN roles r ON r.organisation_id = mr.organisation_id AND r.name = mr.role
        WHERE mr.organisation_id = m.organisation_id AND mr.user_id = m.user_id ORDER BY mr.role
    ) one
), '')
"""
GIVE = "INSERT INTO member_roles (organisation_id, user_id, role) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"
DEFINE = """
INSERT INTO roles (organisation_id, name, permissions, updated_at) VALUES ($1, $2, $3, 1)
ON CONFLICT (organisation_id, name) DO UPDATE SET permissions = excluded.permissions
"""
JOIN = """
INSERT INTO members (organisation_id, user_id, standing, created_at) VALUES ($1, $2, 'active', 1) ON CONFLICT DO NOTHING
"""
CHANGES = (
    (GIVE, "organisation member role"),
    ("DELETE FROM member_roles WHERE organisation_id = $1 AND user_id = $2 AND role = $3", "organisation member role"),
    ("DELETE FROM member_roles WHERE organisation_id = $1", "organisation"),
    ("UPDATE member_roles SET role = role || 's' WHERE organisation_id = $1 AND role = $2", "organisation role"),
    (DEFINE, "organisation role permissions"),
    ("UPDATE roles SET permissions = $2 WHERE organisation_id = $1", "organisation permissions"),
    ("UPDATE roles SET name = name || 's' WHERE organisation_id = $1 AND name = $2", "organisation role"),
    ("DELETE FROM roles WHERE organisation_id = $1 AND name = $2", "organisation role"),
    ("DELETE FROM members WHERE organisation_id = $1 AND user_id = $2", "organisation member"),
    (JOIN, "organisation member"),
)


async def two_organisations(database: Database) -> tuple[list[OrganisationId], list[UserId]]:
    organisations = [NORTH, SOUTH]
    await add_organisations(database)
    users = [await add_user(database, name) for name in ("ana", "bo")]
    for organisation_id in organisations:
        for user_id in users:
            await add_member(database, organisation_id, user_id, "owner")
    return organisations, users


@pytest.mark.parametrize("seed", range(3))
async def test_the_roles_in_a_members_row_are_those_that_the_tables_say(database: Database, seed: int) -> None:
    organisations, users = await two_organisations(database)
    draw = random.Random(seed)  # noqa: S311 - a sample, not a secret
    for _ in range(60):
        sql, wants = draw.choice(CHANGES)
        given = {
            "organisation": draw.choice(organisations),
            "member": draw.choice(users),
            "role": draw.choice(ROLES),
            "permissions": draw.choice(("", "invoice.read", "client.read invoice.read")),
        }
        # A role that nobody can be given, because no such member is there, changes nothing.
        there = await database.read(
            "SELECT 1 FROM members WHERE organisation_id = $1 AND user_id = $2", given["organisation"], given["member"]
        )
        if sql is GIVE and not there:
            continue
        await run(database, sql, *(given[one] for one in wants.split()))

        assert not await database.read(WRONG_COPIES), sql


async def test_roles_that_are_given_and_defined_at_one_moment_are_both_copied(postgres: PostgresServer) -> None:
    """PostgreSQL only: SQLite has one writer."""
    with postgres.database() as url:
        pool = await asyncpg.create_pool(url, min_size=4, max_size=4)
        await pool.execute("INSERT INTO organisations (id, name, standing, created_at) VALUES ('o', 'O', 'active', 1)")
        await pool.execute(
            "INSERT INTO users (id, email, name, standing, created_at) VALUES ('u', 'u@a.test', 'U', 'active', 1)"
        )
        await pool.execute(
            "INSERT INTO members (organisation_id, user_id, standing, created_at) VALUES ('o', 'u', 'active', 1)"
        )
        for number in range(20):
            await asyncio.gather(
                pool.execute("INSERT INTO member_roles VALUES ('o', 'u', $1)", f"a{number}"),
                pool.execute("INSERT INTO member_roles VALUES ('o', 'u', $1)", f"b{number}"),
                pool.execute("INSERT INTO roles VALUES ('o', $1, 'x.read', 1)", f"a{number}"),
                pool.execute("INSERT INTO roles VALUES ('o', $1, 'y.read', 1)", f"b{number}"),
            )

            assert not await pool.fetch(WRONG_COPIES)
        await pool.close()


async def test_every_token_knows_its_connection(protocol: ProtocolWorld) -> None:
    for party in (protocol.web, protocol.tool):
        tokens = await protocol.connect(party)
        await protocol.refresh(party, tokens.refresh_token)

    rows = await protocol.rows(
        "SELECT t.connection_id = f.connection_id FROM access_tokens t JOIN token_families f ON f.id = t.family_id"
    )

    assert [bool(row[0]) for row in rows] == [True] * 4


async def test_a_token_of_a_process_of_before_is_checked_as_any_other(protocol: ProtocolWorld) -> None:
    first, second = [await protocol.connect(protocol.web) for _ in range(2)]
    await protocol.run("UPDATE access_tokens SET connection_id = NULL")

    assert await protocol.why_refused(first.access_token) is None
    await protocol.revoke(protocol.web, first.refresh_token)
    assert await protocol.why_refused(first.access_token) is Reason.REVOKED
    assert await protocol.why_refused(second.access_token) is None
    await protocol.end_connection(second.access_token)
    assert await protocol.why_refused(second.access_token) is Reason.REVOKED


def test_the_end_of_a_family_is_kept_for_longer_than_any_of_its_tokens_may_live() -> None:
    seconds = int(_KEPT[Leftover.TOKEN_FAMILY] / timedelta(seconds=1))

    with pytest.raises(SettingsError, match="ACCESS_TOKEN_LIFETIME"):
        load_settings(None, {"CONSENTRY_ACCESS_TOKEN_LIFETIME": f"{seconds}s"})


async def test_users_who_were_suspended_are_found_among_the_few(protocol: ProtocolWorld) -> None:
    token = (await protocol.connect(protocol.web)).access_token

    for standing, reason in (("suspended", Reason.USER_SUSPENDED), ("active", None)):
        await protocol.run("UPDATE users SET standing = $1", standing)
        assert await protocol.why_refused(token) is reason
