"""What apps may be told of a user, set through the management API."""

from collections.abc import AsyncIterator

import httpx
import pytest
from people_client import Organisation

from consentry.wiring import Deeds
from people_builders import OPERATOR
from site_client import api_client


@pytest.fixture
def deeds(empty_deeds: Deeds) -> Deeds:
    return empty_deeds


@pytest.fixture
async def operator(deeds: Deeds) -> AsyncIterator[httpx.AsyncClient]:
    token = (await deeds.operators.create(OPERATOR, "Deployment")).token.reveal()
    async with api_client(deeds, token) as client:
        yield client


async def test_an_operator_sets_and_reads_claims(operator: httpx.AsyncClient, acme: Organisation) -> None:
    path = f"/users/{acme.owner}/claims"

    answer = await operator.put(path, json={"given_name": "Ana", "email_verified": True, "updated_at": 7})

    assert answer.status_code == 200, answer.text
    assert answer.json() == {"given_name": "Ana", "email_verified": True, "updated_at": 7}
    assert (await operator.get(path)).json() == answer.json()
    assert (await operator.put(path, json={})).json() == {}


async def test_a_wrong_claim_is_named(operator: httpx.AsyncClient, acme: Organisation) -> None:
    answer = await operator.put(f"/users/{acme.owner}/claims", json={"email": "eve@evil.test"})

    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == ["claims.email"]


async def test_nobody_but_an_operator_reads_or_sets_them(deeds: Deeds, acme: Organisation) -> None:
    path = f"/users/{acme.owner}/claims"

    async with api_client(deeds, acme.owner_key) as owner:
        assert (await owner.get(path)).status_code == 403
        assert (await owner.put(path, json={"nickname": "x"})).status_code == 403


async def test_a_user_who_is_not_there_has_no_claims(operator: httpx.AsyncClient) -> None:
    assert (await operator.get("/users/usr_nobody/claims")).status_code == 404
    assert (await operator.put("/users/usr_nobody/claims", json={"nickname": "x"})).status_code == 404
