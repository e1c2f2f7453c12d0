"""`/api/v1/api-keys` as programs use it: made, listed, narrowed, rotated, revoked; and what a key may not."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from app_builders import ACME, ANA, BO, OTHER
from consentry.wiring import Deeds
from site_client import api_client, key_client

NEW = {"name": "Nightly export", "permissions": ["invoice.read"]}
UNKNOWN = "key_" + "0" * 22


@pytest.fixture
async def bo(deeds: Deeds) -> AsyncIterator[httpx.AsyncClient]:
    """Bo of Acme, through a key that may make keys."""
    async with await key_client(deeds, BO, ACME, "api_key.create", "invoice.read", "client.read") as client:
        yield client


@pytest.fixture
async def manager(deeds: Deeds) -> AsyncIterator[httpx.AsyncClient]:
    """Ana of Acme, through a key that manages those of everybody."""
    async with await key_client(deeds, ANA, ACME, "api_key.manage") as client:
        yield client


@pytest.fixture
async def stranger(deeds: Deeds) -> AsyncIterator[httpx.AsyncClient]:
    """A manager of the keys of another organisation."""
    async with await key_client(deeds, ANA, OTHER, "api_key.manage", "api_key.create") as client:
        yield client


def _soon(deeds: Deeds, days: int) -> str:
    return (deeds.clock.now() + timedelta(days=days)).isoformat()


async def create(client: httpx.AsyncClient, deeds: Deeds, **changes: Any) -> dict[str, Any]:
    answer = await client.post("/api-keys", json={**NEW, "expires_at": _soon(deeds, 7), **changes})
    assert answer.status_code == 201, answer.text
    created: dict[str, Any] = answer.json()
    return created


def fields_of(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 400, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    return [error["field"] for error in answer.json()["errors"]]


async def test_a_key_is_made_and_told_once(bo: httpx.AsyncClient, deeds: Deeds) -> None:
    created = await create(bo, deeds, allowed_networks=["192.0.2.7", "2001:DB8::/32"])

    text = created.pop("key")
    assert text.startswith(created["prefix"])
    assert created["allowed_networks"] == ["192.0.2.7/32", "2001:db8::/32"]
    assert (created["status"], created["user"], created["organisation"]) == ("active", BO, ACME)
    assert (await bo.get(f"/api-keys/{created['id']}")).json() == created


async def test_tn_03_no_later_answer_holds_the_key(bo: httpx.AsyncClient, deeds: Deeds) -> None:
    created = await create(bo, deeds)
    path = f"/api-keys/{created['id']}"

    answers = [await bo.get("/api-keys"), await bo.get(path), await bo.patch(path, json={"name": "Renamed"})]

    for answer in answers:
        assert answer.status_code == 200
        assert created["key"][30:] not in answer.text
        assert "digest" not in answer.text


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"name": ""}, ["name"]),
        ({"name": "a\u202eb"}, ["name"]),
        ({"name": "a\u0000b"}, ["name"]),
        ({"name": 5}, ["name"]),
        ({"permissions": []}, ["permissions"]),
        ({"permissions": ["invoice.write"]}, ["permissions"]),
        ({"permissions": "invoice.read"}, ["permissions"]),
        ({"permissions": ["\ud800"]}, ["permissions.0"]),
        ({"expires_at": "2020-01-01T00:00:00Z"}, ["expires_at"]),
        ({"expires_at": "2030-01-01T00:00:00"}, ["expires_at"]),
        ({"expires_at": 1924992000}, ["expires_at"]),
        ({"expires_at": "9999-12-31T23:59:59-14:00"}, ["expires_at"]),
        ({"allowed_networks": ["192.0.2.1", "nowhere"]}, ["allowed_networks.1"]),
        ({"digest": "00"}, ["digest"]),
        ({"user": "usr_x"}, ["organisation"]),
    ],
)
async def test_in_11_each_bad_field_is_named_and_nothing_is_written(
    bo: httpx.AsyncClient, deeds: Deeds, changes: dict[str, Any], fields: list[str]
) -> None:
    before = (await bo.get("/api-keys")).json()["data"]

    content = json.dumps({**NEW, "expires_at": _soon(deeds, 7), **changes})
    answer = await bo.post("/api-keys", content=content, headers={"content-type": "application/json"})

    assert fields_of(answer) == fields
    assert [key["id"] for key in (await bo.get("/api-keys")).json()["data"]] == [key["id"] for key in before]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"permissions": ["invoice.write"]}, "permissions"),
        ({"expires_at": None}, "expires_at"),
    ],
)
async def test_a_key_makes_no_key_that_is_wider_than_itself(
    bo: httpx.AsyncClient, deeds: Deeds, changes: dict[str, Any], field: str
) -> None:
    answer = await bo.post("/api-keys", json={**NEW, "expires_at": _soon(deeds, 7), **changes})

    assert fields_of(answer) == [field]


async def test_without_an_expiry_a_key_lives_for_the_default(by_operator: httpx.AsyncClient, deeds: Deeds) -> None:
    answer = await by_operator.post("/api-keys", json={**NEW, "organisation": ACME, "user": BO})

    assert answer.status_code == 201, answer.text
    assert answer.json()["expires_at"][:10] == (deeds.clock.now() + timedelta(days=365)).isoformat()[:10]


async def test_an_operator_makes_a_key_that_never_expires_for_a_member(
    by_operator: httpx.AsyncClient, deeds: Deeds
) -> None:
    created = await create(by_operator, deeds, organisation=ACME, user=BO, expires_at=None)

    assert (created["user"], created["expires_at"]) == (BO, None)
    assert (await by_operator.post("/api-keys", json={**NEW, "organisation": OTHER, "user": BO})).status_code == 404
    assert (await by_operator.post("/api-keys", json=NEW)).status_code == 404


async def test_an_edit_narrows_and_an_expiry_in_it_is_refused(bo: httpx.AsyncClient, deeds: Deeds) -> None:
    path = f"/api-keys/{(await create(bo, deeds, permissions=['invoice.read', 'client.read']))['id']}"

    narrowed = await bo.patch(path, json={"permissions": ["invoice.read"]})

    assert narrowed.json()["permissions"] == ["invoice.read"]
    assert fields_of(await bo.patch(path, json={"permissions": ["invoice.read", "client.read"]})) == ["permissions"]
    assert fields_of(await bo.patch(path, json={"expires_at": None})) == ["expires_at"]


async def test_a_rotation_tells_a_new_text_and_the_old_one_goes_on(bo: httpx.AsyncClient, deeds: Deeds) -> None:
    created = await create(bo, deeds)

    rotated = (await bo.post(f"/api-keys/{created['id']}/rotate", json={"overlap_seconds": 3600})).json()

    assert rotated["key"] != created["key"]
    assert rotated["previous_expires_at"] is not None
    for text in (created["key"], rotated["key"]):
        async with api_client(deeds, text) as client:
            assert (await client.get("/me/access")).status_code == 200
    again = await bo.post(f"/api-keys/{created['id']}/rotate", json={"overlap_seconds": 0})
    assert again.json()["previous_expires_at"] is None
    assert fields_of(await bo.post(f"/api-keys/{created['id']}/rotate", json={"overlap_seconds": 604_801})) == [
        "overlap_seconds"
    ]


async def test_tn_07_a_revoked_key_is_refused_from_then_on_and_stays_in_the_list(
    bo: httpx.AsyncClient, deeds: Deeds
) -> None:
    created = await create(bo, deeds)

    assert (await bo.delete(f"/api-keys/{created['id']}")).status_code == 204

    async with api_client(deeds, created["key"]) as client:
        refused = await client.get("/me/access")
    assert (refused.status_code, refused.json()["code"]) == (401, "revoked")
    assert (await bo.get(f"/api-keys/{created['id']}")).json()["status"] == "revoked"
    assert (await bo.delete(f"/api-keys/{created['id']}")).status_code == 204
    assert (await bo.post(f"/api-keys/{created['id']}/rotate")).status_code == 409


async def test_a_manager_lists_and_revokes_those_of_others(
    bo: httpx.AsyncClient, manager: httpx.AsyncClient, deeds: Deeds
) -> None:
    created = await create(bo, deeds)

    listed = (await manager.get("/api-keys", params={"user": BO})).json()["data"]

    assert created["id"] in [key["id"] for key in listed]
    assert (await manager.patch(f"/api-keys/{created['id']}", json={"name": "Mine"})).status_code == 409
    assert (await manager.delete(f"/api-keys/{created['id']}")).status_code == 204


async def test_lists_are_paged(bo: httpx.AsyncClient, deeds: Deeds) -> None:
    made = {(await create(bo, deeds))["id"] for _ in range(3)}

    seen: list[str] = []
    after: str | None = None
    while True:
        page = (await bo.get("/api-keys", params={"limit": 2, **({"after": after} if after else {})})).json()
        seen += [key["id"] for key in page["data"]]
        after = page["next"]
        if after is None:
            break

    assert made < set(seen)
    assert len(seen) == len(set(seen)) == 4


async def test_tn_01_what_belongs_to_others_is_answered_as_what_is_not_there(
    bo: httpx.AsyncClient, stranger: httpx.AsyncClient, deeds: Deeds
) -> None:
    created = await create(bo, deeds)

    for path in (f"/api-keys/{created['id']}", f"/api-keys/{UNKNOWN}"):
        answers = [
            await stranger.get(path),
            await stranger.patch(path, json={"name": "Theirs"}),
            await stranger.post(f"{path}/rotate", json={}),
            await stranger.delete(path),
        ]
        assert {(answer.status_code, answer.json()["detail"]) for answer in answers} == {
            (404, "There is no such API key, or it is not yours to see.")
        }
    assert (await stranger.get("/api-keys", params={"organisation": ACME})).status_code == 404
    created.pop("key")
    assert (await bo.get(f"/api-keys/{created['id']}")).json() == created


async def test_tn_04_a_key_without_the_permission_reaches_none(bo: httpx.AsyncClient, deeds: Deeds) -> None:
    created = await create(bo, deeds)
    async with await key_client(deeds, BO, ACME, "invoice.read") as reader:
        assert (await reader.get("/api-keys")).status_code == 403
        assert (await reader.post("/api-keys", json=NEW)).status_code == 403
        assert (await reader.get(f"/api-keys/{created['id']}")).status_code == 404
        assert (await reader.post(f"/api-keys/{created['id']}/rotate", json={})).status_code == 404
