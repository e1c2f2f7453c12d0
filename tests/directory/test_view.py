"""Members from a view over the product's own tables."""

import re

import apsw
import asyncpg
import pytest
from forms import VIEW, DirectoryWorld, run

from consentry.model.access import Access, Reason, Refused
from consentry.model.faults import ConflictError
from consentry.model.ids import OrganisationId, UserId
from consentry.model.organisation import Standing
from consentry.model.secret import Secret
from consentry.storage.credentials import _FIND_ACCESS_TOKEN
from consentry.storage.database import Value
from consentry.storage.schema import ViewUnusableError, require_current
from consentry.storage.view_source import ViewSource
from live_server import PASSWORD
from postgres_server import in_thread
from protocol_world import ADDRESS, OPERATOR


async def change(world: DirectoryWorld, sql: str, *args: Value) -> None:
    await run(world.protocol.deeds, (sql, args))


async def permissions(world: DirectoryWorld, text: str) -> frozenset[str]:
    answer = await world.guard.check(text)
    assert isinstance(answer, Access), answer
    return answer.permissions


async def test_permissions_of_the_view_stand_in_place_of_roles(view_world: DirectoryWorld) -> None:
    token = (await view_world.protocol.connect(view_world.protocol.web)).access_token

    await change(view_world, "UPDATE product_staff SET rights = 'invoice.read  no.such_thing'")
    assert await permissions(view_world, token) == {"invoice.read"}

    await change(view_world, "UPDATE product_staff SET rights = ''")
    assert await permissions(view_world, token) == frozenset()


@pytest.mark.parametrize("job", ["", "no_such_role", "reader=invoice.write", "reader;owner", None])
async def test_a_role_that_the_catalog_does_not_have_gives_nothing_more(
    view_world: DirectoryWorld, job: str | None
) -> None:
    token = (await view_world.protocol.connect(view_world.protocol.web)).access_token

    await change(view_world, "UPDATE product_staff SET job = $1 WHERE person = 'person-1'", job)

    assert "invoice.write" not in await permissions(view_world, token)


async def test_two_rows_for_one_member_make_nobody_active(view_world: DirectoryWorld) -> None:
    token = (await view_world.protocol.connect(view_world.protocol.web)).access_token

    await change(view_world, "DROP VIEW product_members")
    await change(
        view_world,
        "CREATE VIEW product_members AS SELECT 'acc-7' AS organisation_id, 'Acme' AS organisation_name, "
        "'person-1' AS user_id, 'bo@acme.test' AS email, 'Bo' AS name, 'active' AS standing, role AS roles, "
        "NULL AS permissions FROM (SELECT 'owner' AS role UNION ALL SELECT 'reader') AS several",
    )

    answer = await view_world.guard.check(token)
    assert isinstance(answer, Refused)
    assert answer.reason is Reason.MEMBER_SUSPENDED


async def test_people_are_not_changed_here_but_cut_off_they_can_be(view_world: DirectoryWorld) -> None:
    protocol, people = view_world.protocol, view_world.protocol.deeds.people
    token = (await protocol.connect(protocol.web)).access_token

    for refused in (
        people.organisations.create(OPERATOR, "Another"),
        people.organisations.rename(OPERATOR, protocol.acme, "Another"),
        people.users.create(OPERATOR, "new@acme.test"),
        people.users.rename(OPERATOR, protocol.bo, "Robert"),
        people.members.set(OPERATOR, protocol.acme, protocol.bo, ["owner"]),
        people.members.set_standing(OPERATOR, protocol.acme, protocol.bo, Standing.SUSPENDED),
        people.members.remove(OPERATOR, protocol.acme, protocol.bo),
        people.roles.set(OPERATOR, protocol.acme, "clerk", ["invoice.read"]),
    ):
        with pytest.raises(ConflictError, match="Change them in the product"):
            await refused

    await people.users.set_standing(OPERATOR, protocol.bo, Standing.SUSPENDED)
    assert await protocol.why_refused(token) is Reason.USER_SUSPENDED


async def test_whoever_is_in_the_view_signs_in_with_a_password_of_ours(view_world: DirectoryWorld) -> None:
    deeds = view_world.protocol.deeds
    found = await deeds.people.users.find_by_email(OPERATOR, "mia@ledgerly.test")
    assert found is not None
    await deeds.people.users.set_password(OPERATOR, found.id, Secret(PASSWORD))

    async def can_sign_in(email: str) -> bool:
        answer = await deeds.sign_in.sign_in(email, Secret(PASSWORD), address=ADDRESS)
        return type(answer).__name__ == "SignedIn"

    assert await can_sign_in("mia@ledgerly.test")
    assert [one.organisation.name for one in await deeds.people.memberships_of(found.id)] == ["Ledgerly Ltd"]

    await change(view_world, "UPDATE product_people SET mail = 'mia@new.test' WHERE id = 'person-2'")
    assert not await can_sign_in("mia@ledgerly.test")
    assert await can_sign_in("mia@new.test")

    await change(view_world, "DELETE FROM product_staff WHERE person = 'person-2'")
    assert not await can_sign_in("mia@new.test")


async def test_an_address_that_passed_to_somebody_else_opens_nothing_of_the_first(view_world: DirectoryWorld) -> None:
    users = view_world.protocol.deeds.people.users
    mia = await users.find_by_email(OPERATOR, "mia@ledgerly.test")
    await change(view_world, "UPDATE product_people SET mail = 'mia2@ledgerly.test' WHERE id = 'person-2'")
    await change(view_world, "UPDATE product_people SET mail = 'mia@ledgerly.test' WHERE id = 'person-1'")

    now = await users.find_by_email(OPERATOR, "mia@ledgerly.test")

    assert mia is not None
    assert now is not None
    assert (mia.id, now.id) == ("person-2", "person-1")


async def test_members_of_the_view_are_listed_page_by_page(view_world: DirectoryWorld) -> None:
    for number in range(5):
        await change(view_world, "INSERT INTO product_people VALUES ($1, $2, 'X')", f"x{number}", f"x{number}@a.test")
        await change(view_world, "INSERT INTO product_staff VALUES ('acc-7', $1, 'reader', NULL, 0)", f"x{number}")
    members, found = view_world.protocol.deeds.people.members, list[str]()

    after: UserId | None = None
    while page := await members.page(OPERATOR, OrganisationId("acc-7"), after=after, limit=2):
        found += [one.user.id for one in page]
        after = page[-1].user.id

    assert found == ["person-1", "x0", "x1", "x2", "x3", "x4"]


def test_a_view_that_is_missing_or_lacks_a_column_is_told_of_at_the_start(own_url: str) -> None:
    with pytest.raises(ViewUnusableError, match="directory_view_members names, cannot be used"):
        require_current(own_url, "no_such_view")
    with pytest.raises(ViewUnusableError, match="users-and-permissions"):
        require_current(own_url, "members")


async def test_the_check_reads_the_view_by_the_products_own_indexes(view_world: DirectoryWorld, own_url: str) -> None:
    assert view_world
    sql = ViewSource(own_url, VIEW).compose(_FIND_ACCESS_TOKEN.for_one)
    if own_url.startswith("sqlite"):
        connection = apsw.Connection(own_url.removeprefix("sqlite:///"))
        plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {_numbered(sql)}", ("c",))]
        connection.close()
        assert [line for line in plan if line.startswith(("SCAN", "MATERIALIZE"))] == []
    else:
        plan = in_thread(_plan(own_url, sql))
        # The other tables have no row to make an index worth while.
        assert [line for line in plan if "Seq Scan on product_staff" in line] == []


async def _plan(url: str, sql: str) -> list[str]:
    connection = await asyncpg.connect(url)
    await connection.execute("SET enable_seqscan = off; SET plan_cache_mode = force_generic_plan")
    await connection.execute(f"PREPARE it AS {sql}")
    rows = await connection.fetch("EXPLAIN EXECUTE it ('c')")
    await connection.close()
    return [row[0] for row in rows]


def _numbered(sql: str) -> str:
    return re.sub(r"\$(\d+)", r"?\1", sql)
