"""`/api/v1/connections` as programs use it: what works today, filters, the end; and what others may not."""

from collections.abc import AsyncIterator

import httpx
import pytest

from app_builders import ACME, ANA, BO, OTHER, add_operator
from consentry.wiring import Deeds
from site_client import api_client, key_client
from standing_builders import add_app, add_connection, run


@pytest.fixture
async def manager(deeds: Deeds) -> AsyncIterator[httpx.AsyncClient]:
    async with await key_client(deeds, ANA, ACME, "oauth_app.manage") as client:
        yield client


@pytest.fixture
async def stranger(deeds: Deeds) -> AsyncIterator[httpx.AsyncClient]:
    async with await key_client(deeds, ANA, OTHER, "oauth_app.manage") as client:
        yield client


@pytest.fixture
async def connected(deeds: Deeds) -> list[str]:
    """Connections of Bo and of Ana to two apps, the newest first."""
    ledgerly = await add_app(deeds.database, OTHER, "ledgerly")
    paybot = await add_app(deeds.database, ACME, "paybot")
    made = [
        await add_connection(deeds.database, 1, ACME, BO, ledgerly, "contacts:read invoicing:write"),
        await add_connection(deeds.database, 2, ACME, ANA, ledgerly),
        await add_connection(deeds.database, 3, ACME, ANA, paybot),
    ]
    return list(reversed(made))


def ids_of(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [one["id"] for one in answer.json()["data"]]


async def test_a_connection_tells_what_works_today_and_what_is_missing(
    manager: httpx.AsyncClient, connected: list[str]
) -> None:
    answer = (await manager.get(f"/connections/{connected[2]}")).json()

    assert (answer["user"], answer["app_name"], answer["paused"]) == (BO, "Ledgerly", None)
    assert [(one["name"], one["works"], one["why_not"], one["missing_permissions"]) for one in answer["scopes"]] == [
        ("contacts:read", "full", None, []),
        ("invoicing:write", "partial", "user_lacks_permission", ["invoice.send"]),
    ]


async def test_the_list_is_filtered_and_paged(manager: httpx.AsyncClient, deeds: Deeds, connected: list[str]) -> None:
    newest, middle, oldest = connected
    paybot = (await manager.get(f"/connections/{newest}")).json()["client_id"]

    assert ids_of(await manager.get("/connections")) == connected
    assert ids_of(await manager.get("/connections", params={"client_id": paybot})) == [newest]
    assert ids_of(await manager.get("/connections", params={"user": BO})) == [oldest]
    first = await manager.get("/connections", params={"limit": 2})
    assert (ids_of(first), first.json()["next"]) == ([newest, middle], middle)
    rest = await manager.get("/connections", params={"limit": 2, "after": middle})
    assert (ids_of(rest), rest.json()["next"]) == ([oldest], None)
    async with api_client(deeds, await add_operator(deeds.database)) as by_operator:
        assert ids_of(await by_operator.get("/connections")) == connected


async def test_rv_01_rv_06_ending_one_has_ended_it_and_it_alone(
    manager: httpx.AsyncClient, connected: list[str]
) -> None:
    assert (await manager.delete(f"/connections/{connected[1]}")).status_code == 204

    assert ids_of(await manager.get("/connections")) == [connected[0], connected[2]]
    ended = (await manager.get(f"/connections/{connected[1]}")).json()
    assert ended["ended_by"] == "administrator"
    assert ended["ended_at"] is not None
    assert (await manager.delete(f"/connections/{connected[1]}")).status_code == 204
    assert ids_of(await manager.get("/connections", params={"include_ended": "true"})) == connected


async def test_tn_01_what_belongs_to_others_is_answered_as_what_is_not_there(
    manager: httpx.AsyncClient, stranger: httpx.AsyncClient, connected: list[str]
) -> None:
    for path in (f"/connections/{connected[0]}", "/connections/con_none"):
        answers = [await stranger.get(path), await stranger.delete(path)]
        assert {(answer.status_code, answer.json()["detail"]) for answer in answers} == {
            (404, "There is no such connection, or it is not yours to see.")
        }
    assert (await stranger.get("/connections", params={"organisation": ACME})).status_code == 404
    assert ids_of(await stranger.get("/connections")) == []
    assert ids_of(await manager.get("/connections")) == connected


async def test_tn_04_without_oauth_app_manage_nothing_is_listed_or_ended(deeds: Deeds, connected: list[str]) -> None:
    async with await key_client(deeds, BO, ACME, "invoice.read") as reader:
        listed = await reader.get("/connections")
        assert (listed.status_code, listed.json()["permission"]) == (403, "oauth_app.manage")
        assert (await reader.delete(f"/connections/{connected[2]}")).status_code == 404


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=201", "limit=x", "after=%00", "after=a'b", "user=%ff", "include_ended=maybe"]
)
async def test_in_11_a_bad_parameter_is_named(manager: httpx.AsyncClient, query: str) -> None:
    answer = await manager.get(f"/connections?{query}")

    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == [query.partition("=")[0]]


async def test_a_deactivated_app_pauses_its_connections(
    manager: httpx.AsyncClient, deeds: Deeds, connected: list[str]
) -> None:
    await run(deeds.database, "UPDATE apps SET status = 'deactivated'")

    assert (await manager.get(f"/connections/{connected[0]}")).json()["paused"] == "app_suspended"
