"""Rules of every route of the management API, taken from its own OpenAPI document, so that a new one cannot slip by."""

import json
from collections.abc import AsyncIterator, Sequence
from typing import Any

import httpx
import pytest
from people_client import Organisation, make_organisation

from consentry.model.organisation import Standing
from consentry.web.api.main import build_api
from consentry.wiring import Deeds
from people_builders import OPERATOR
from site_client import api_client

BODIES: dict[str, Any] = {
    "POST /organisations": {"name": "Mine"},
    "PATCH /organisations/{organisation_id}": {"name": "Mine", "standing": "suspended"},
    "PUT /organisations/{organisation_id}/members/{user_id}": {"roles": ["reader"]},
    "PATCH /organisations/{organisation_id}/members/{user_id}": {"standing": "suspended"},
    "PUT /organisations/{organisation_id}/roles/{name}": {"permissions": ["client.read"]},
    "POST /users": {"email": "new@acme.test"},
    "PATCH /users/{user_id}": {"name": "Mine", "standing": "suspended"},
    "PUT /users/{user_id}/claims": {"given_name": "Mine"},
    "PUT /users/{user_id}/password": {"password": "a long enough password"},
    "PATCH /apps/{client_id}": {"name": "Mine"},
    "POST /apps/{client_id}/test-redirect-uri": {"redirect_uri": "https://client.test/cb"},
    "POST /resources": {"name": "Mine", "identifier": "https://mine.test"},
    "PATCH /api-keys/{key_id}": {"name": "Mine"},
    "POST /api-keys/{key_id}/rotate": {"overlap_seconds": 0},
    "POST /access/explain": {"credential": "con_0000000000000000nobody"},
    "POST /access/who-can": {"permission": "invoice.read"},
    "POST /access/what-if": {"role": "reader", "loses": "invoice.read"},
}
# What needs no permission: the credential's own state, and lists of what is one's own.
OPEN = {"GET /me/access", "GET /organisations", "GET /organisations/{organisation_id}"}
TABLES = [
    "organisations",
    "users",
    "members",
    "member_roles",
    "roles",
    "apps",
    "app_secrets",
    "operators",
    "resources",
    "connections",
]
NOWHERE = {
    "organisation_id": "org_0000000000000000nobody",
    "user_id": "usr_0000000000000000nobody",
    "client_id": "app_0000000000000000nobody",
    "secret_id": "sec_0000000000000000nobody",
    "connection_id": "con_0000000000000000nobody",
    "key_id": "key_0000000000000000nobody",
    "name": "nobody",
}


@pytest.fixture
def deeds(empty_deeds: Deeds) -> Deeds:
    return empty_deeds


@pytest.fixture
async def other(deeds: Deeds) -> Organisation:
    return await make_organisation(deeds, "Other Books")


def routes_of(deeds: Deeds) -> Sequence[str]:
    paths = build_api(deeds).openapi()["paths"]
    return [f"{method.upper()} {path}" for path, methods in paths.items() for method in methods]


def things_of(organisation: Organisation) -> dict[str, str]:
    return NOWHERE | {
        "organisation_id": organisation.id,
        "user_id": organisation.reader,
        "client_id": organisation.client_id,
        "secret_id": organisation.secret_id,
        "key_id": organisation.key_id,
        "name": "helper",
    }


async def send(client: httpx.AsyncClient, route: str, things: dict[str, str]) -> httpx.Response:
    method, path = route.split(" ")
    body = BODIES.get(route)
    return await client.request(method, path.format_map(things), json=body)


async def everything(deeds: Deeds) -> str:
    rows = [await deeds.database.read(f"SELECT * FROM {table} ORDER BY 1, 2") for table in TABLES]  # noqa: S608 - names
    keys = await deeds.database.read("SELECT id, name, digest, permissions, revoked_at FROM api_keys ORDER BY id")
    return repr((rows, keys))


async def test_every_route_refuses_whoever_sends_no_credential(deeds: Deeds, acme: Organisation) -> None:
    async with api_client(deeds, None) as client:
        for route in routes_of(deeds):
            answer = await send(client, route, things_of(acme))
            assert answer.status_code == 401, route
            assert answer.headers["www-authenticate"] == 'Bearer realm="consentry"'
            assert answer.json()["code"] == "credential_missing"


async def test_tn_01_no_route_shows_or_changes_a_thing_of_another_organisation(
    deeds: Deeds, acme: Organisation, other: Organisation
) -> None:
    before = await everything(deeds)
    async with api_client(deeds, acme.owner_key) as client:
        for route in (route for route in routes_of(deeds) if "{" in route):
            theirs, nobodys = [await send(client, route, things) for things in (things_of(other), NOWHERE)]
            assert theirs.status_code in {403, 404}, route
            assert theirs.status_code == nobodys.status_code, route
            assert theirs.json() | {"instance": ""} == nobodys.json() | {"instance": ""}, route
    assert await everything(deeds) == before


async def test_tn_01_no_list_shows_a_thing_of_another_organisation(
    deeds: Deeds, acme: Organisation, other: Organisation
) -> None:
    async with api_client(deeds, acme.owner_key) as client:
        for route in (route for route in routes_of(deeds) if route.startswith("GET ") and "{" not in route):
            for query in ({}, {"organisation": other.id}, {"user": other.reader}, {"app": other.client_id}):
                text = (await client.get(route.removeprefix("GET "), params=query)).text
                for mark in (other.owner, other.reader, other.client_id, other.key_id, "Other Books"):
                    assert mark not in text, (route, query)


async def test_tn_04_a_reader_changes_nothing_and_sees_nobody_on_any_route(deeds: Deeds, acme: Organisation) -> None:
    before = await everything(deeds)
    async with api_client(deeds, acme.reader_key) as client:
        for route in routes_of(deeds):
            answer = await send(client, route, things_of(acme))
            if route in OPEN:
                assert answer.status_code == 200, route
                assert acme.owner not in answer.text, route
            else:
                assert answer.status_code in {400, 403, 404}, route
    assert await everything(deeds) == before


async def test_rv_11_no_route_hears_a_suspended_user(deeds: Deeds, acme: Organisation) -> None:
    await deeds.people.users.set_standing(OPERATOR, acme.owner, Standing.SUSPENDED)
    async with api_client(deeds, acme.owner_key) as client:
        for route in routes_of(deeds):
            answer = await send(client, route, things_of(acme))
            assert (answer.status_code, answer.json()["code"]) == (401, "user_suspended"), route


async def test_tn_10_no_credential_is_taken_from_the_address(deeds: Deeds, acme: Organisation) -> None:
    async with api_client(deeds, None) as client:
        for name in ("api_key", "access_token", "token", "key"):
            assert (await client.get("/me/access", params={name: acme.owner_key})).status_code == 401


@pytest.mark.parametrize(
    ("text", "accepted"),
    [
        ("\0", False),
        ("\u202e", False),
        ("\ud800", False),
        ("x" * 5000, False),
        ("' OR 1=1 --", True),
        ('";DROP TABLE users;--', True),
        ("../..", True),
    ],
)
async def test_in_07_in_16_hostile_text_in_any_field_is_refused_or_kept_as_text(
    deeds: Deeds, text: str, *, accepted: bool
) -> None:
    token = (await deeds.operators.create(OPERATOR, "Deployment")).token.reveal()
    users = await deeds.database.read("SELECT count(*) FROM users")
    async with api_client(deeds, token) as client:
        for route in routes_of(deeds):
            method, path = route.split(" ")
            answer = await client.request(
                method,
                path.format_map(NOWHERE),
                content=json.dumps(dict.fromkeys(BODIES.get(route, ("name",)), text)),
                headers={"content-type": "application/json"},
                # Half a character cannot be sent in an address.
                params={"after": text.replace("\ud800", "\0")},
            )
            assert answer.status_code in ({200, 201, 400, 401, 404} if accepted else {400, 401, 404}), route
    assert await deeds.database.read("SELECT count(*) FROM users") == users


@pytest.mark.parametrize(
    "limit", ["-1", "0", "201", "2147483648", "9223372036854775808", "1e309", "\uff10", "ten", "1.5"]
)
async def test_in_11_a_limit_out_of_range_is_refused(deeds: Deeds, acme: Organisation, limit: str) -> None:
    async with api_client(deeds, acme.owner_key) as client:
        answer = await client.get("/organisations", params={"limit": limit})

    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == ["limit"]


@pytest.mark.parametrize("after", ["' OR 1=1 --", "%00", "a b", "x" * 65, "\u0430", "../"])
async def test_in_16_a_forged_page_token_is_refused(deeds: Deeds, acme: Organisation, after: str) -> None:
    async with api_client(deeds, acme.owner_key) as client:
        answer = await client.get("/audit-events", params={"after": after})

    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"


async def test_in_12_other_methods_are_refused_and_no_origin_is_let_in(deeds: Deeds, acme: Organisation) -> None:
    async with api_client(deeds, acme.owner_key) as client:
        for method in ("TRACE", "OPTIONS", "DELETE"):
            answer = await client.request(method, "/organisations", headers={"origin": "https://evil.test"})
            assert answer.status_code == 405
            assert answer.json()["code"] == "http_405"
            assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize("chunked", [False, True])
async def test_in_04_a_body_too_large_is_refused(deeds: Deeds, acme: Organisation, chunked: bool) -> None:  # noqa: FBT001 - a case
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(1000):
            yield b'"' + b"x" * 1000

    content = chunks() if chunked else b"x" * 1_000_000
    async with api_client(deeds, acme.owner_key) as client:
        answer = await client.post("/organisations", content=content, headers={"content-type": "application/json"})

    assert answer.status_code == 413
    assert answer.json()["code"] == "http_413"


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"null", b'"x"', b"\xff\xfe", b'{"name": 1}', b'{"name": "A", "trusted": true}', b"[" * 100_000],
)
async def test_tn_05_a_body_that_cannot_be_used_is_told_so(deeds: Deeds, content: bytes) -> None:
    token = (await deeds.operators.create(OPERATOR, "Deployment")).token.reveal()
    async with api_client(deeds, token) as client:
        answer = await client.post("/organisations", content=content, headers={"content-type": "application/json"})

    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_fields_own_name_may_be_no_text_at_all(deeds: Deeds, acme: Organisation) -> None:
    async with api_client(deeds, acme.owner_key) as client:
        answer = await client.post(
            "/organisations", content=rb'{"\ud800": 1}', headers={"content-type": "application/json"}
        )

    assert answer.status_code == 400


async def test_the_reference_is_served_by_us_alone(deeds: Deeds) -> None:
    async with api_client(deeds, None) as client:
        document, page = await client.get("/openapi.json"), await client.get("/docs")

    assert document.json()["servers"] == [{"url": "http://localhost:8400/api/v1"}]
    assert "422" not in document.text
    for route in routes_of(deeds):
        assert f"<code>{route}</code>" in page.text
    assert "https://" not in page.text
    assert "style=" not in page.text
