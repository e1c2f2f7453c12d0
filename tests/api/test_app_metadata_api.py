"""`/api/v1/apps`: what an app is registered to do, and whether it acts by itself, on either engine."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from app_builders import ACME, ANA, BO, CALLBACK, OTHER
from consentry.wiring import Deeds
from site_client import key_client

NEW = {"name": "Ledgerly", "type": "confidential", "redirect_uris": [CALLBACK], "scopes": ["invoicing:read"]}


@pytest.fixture
async def manager(deeds: Deeds) -> AsyncIterator[httpx.AsyncClient]:
    async with await key_client(deeds, ANA, ACME, "oauth_app.manage", "member.manage", "invoice.read") as client:
        yield client


async def register(client: httpx.AsyncClient, **changes: Any) -> str:
    answer = await client.post("/apps", json={**NEW, **changes})
    assert answer.status_code == 201, answer.text
    client_id: str = answer.json()["client_id"]
    return client_id


async def test_metadata_is_set_at_registration_shown_and_changed_member_by_member(manager: httpx.AsyncClient) -> None:
    logout = ["https://client.test/bye"]
    client_id = await register(manager, grant_types=["authorization_code"], post_logout_redirect_uris=logout)
    path = f"/apps/{client_id}"

    before = (await manager.get(path)).json()
    answer = await manager.patch(path, json={"default_max_age": 60, "post_logout_redirect_uris": None})
    after = (await manager.get(path)).json()

    assert before["grant_types"] == ["authorization_code"]
    assert before["post_logout_redirect_uris"] == logout
    assert answer.status_code == 200
    assert after["default_max_age"] == 60
    assert after["post_logout_redirect_uris"] == []
    assert after["grant_types"] == ["authorization_code"]


async def test_tn_06_an_edit_is_judged_as_a_registration_is(manager: httpx.AsyncClient) -> None:
    path = f"/apps/{await register(manager)}"
    bad = {"token_endpoint_auth_method": "none", "jwks_uri": "http://client.test/jwks", "grant_types": ["password"]}

    created = await manager.post("/apps", json={**NEW, **bad})
    edited = await manager.patch(path, json=bad)

    for answer in (created, edited):
        assert answer.status_code == 400
        assert {error["field"] for error in answer.json()["errors"]} == set(bad)


async def test_an_app_without_people_needs_no_redirect_uri(manager: httpx.AsyncClient) -> None:
    client_id = await register(manager, grant_types=["client_credentials"], redirect_uris=[])

    answer = await manager.patch(f"/apps/{client_id}", json={"grant_types": ["authorization_code"]})

    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == ["redirect_uris"]


async def test_an_app_that_signs_gets_no_secret(manager: httpx.AsyncClient) -> None:
    keys = {"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}
    answer = await manager.post("/apps", json={**NEW, "token_endpoint_auth_method": "private_key_jwt", "jwks": keys})

    assert answer.status_code == 201, answer.text
    assert answer.json()["client_secret"] is None
    assert answer.json()["jwks"] == keys


async def test_an_app_is_let_act_and_stopped(manager: httpx.AsyncClient) -> None:
    path = f"/apps/{await register(manager)}"

    allowed = await manager.put(f"{path}/acting")
    members = (await manager.get(f"/organisations/{ACME}/members")).json()["data"]
    stopped = await manager.delete(f"{path}/acting")

    assert allowed.status_code == 200, allowed.text
    assert allowed.json()["scopes"] == ["invoicing:read"]
    assert allowed.json()["organisation"] == ACME
    found = next(one for one in members if one["id"] == allowed.json()["user"])
    assert found["email"].endswith("@apps.invalid")
    assert [one["is_app"] for one in members] == [one is found for one in members]
    assert found["permissions"] == ["invoice.read"]
    assert stopped.status_code == 204
    assert (await manager.delete(f"{path}/acting")).status_code == 204


async def test_letting_an_app_act_needs_both_permissions_and_ones_own_organisation(
    deeds: Deeds, manager: httpx.AsyncClient
) -> None:
    path = f"/apps/{await register(manager)}/acting"

    for user, organisation, permissions, status in (
        (ANA, ACME, ("oauth_app.manage", "invoice.read"), 403),
        (BO, ACME, ("member.manage", "invoice.read"), 403),
        (ANA, OTHER, ("oauth_app.manage", "member.manage"), 404),
    ):
        async with await key_client(deeds, user, organisation, *permissions) as client:
            assert (await client.put(path)).status_code == status


async def test_no_client_id_or_secret_is_chosen_over_the_api(manager: httpx.AsyncClient) -> None:
    for field in ("client_id", "client_secret"):
        answer = await manager.post("/apps", json={**NEW, field: "FOQo8WuEBmu04KSzitE6zPodY61zfv557NnKzc1JNtjD5hUz"})
        assert answer.status_code == 400
