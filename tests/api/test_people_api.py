"""People through the management API: what an operator can do, and what a credential says of itself."""

from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest
from people_client import Organisation, make_key

from consentry.flows.sign_in import SignedIn
from consentry.model.secret import Secret
from consentry.wiring import Deeds
from people_builders import OPERATOR, PASSWORD
from site_client import api_client
from small_world import FixedClock


@pytest.fixture
def deeds(empty_deeds: Deeds) -> Deeds:
    return empty_deeds


@pytest.fixture
async def operator(deeds: Deeds) -> AsyncIterator[httpx.AsyncClient]:
    token = (await deeds.operators.create(OPERATOR, "Deployment")).token.reveal()
    async with api_client(deeds, token) as client:
        yield client


async def test_an_operator_makes_an_organisation_with_a_member(operator: httpx.AsyncClient) -> None:
    organisation = (await operator.post("/organisations", json={"name": "Acme Books"})).json()
    user = (await operator.post("/users", json={"email": "Ana@acme.test", "name": "Ana"})).json()

    member = await operator.put(
        f"/organisations/{organisation['id']}/members/{user['id']}", json={"roles": ["bookkeeper"]}
    )

    assert member.status_code == 200
    assert member.json() | {"created_at": None, "permissions": None} == {
        "id": user["id"],
        "organisation": organisation["id"],
        "email": "ana@acme.test",
        "name": "Ana",
        "is_app": False,
        "roles": ["bookkeeper"],
        "role_titles": ["Bookkeeper"],
        "custom_permissions": None,
        "permissions": None,
        "standing": "active",
        "user_standing": "active",
        "created_at": None,
    }
    assert "invoice.write" in member.json()["permissions"]


async def test_lists_come_in_pages(operator: httpx.AsyncClient) -> None:
    made = [(await operator.post("/organisations", json={"name": f"Number {n}"})).json()["id"] for n in range(5)]

    found, after = [], None
    while True:
        page = (await operator.get("/organisations", params={"limit": 2} | ({"after": after} if after else {}))).json()
        assert len(page["data"]) <= 2
        found += [one["id"] for one in page["data"]]
        after = page["next"]
        if after is None:
            break

    assert found == sorted(made)


async def test_a_role_narrowed_by_an_operator_narrows_the_key_at_its_next_use(
    deeds: Deeds, acme: Organisation, operator: httpx.AsyncClient
) -> None:
    _, text = await make_key(deeds, acme.id, acme.owner, "invoice.write", "invoice.read")
    async with api_client(deeds, text) as script:
        before = (await script.get("/me/access")).json()
        await operator.put(f"/organisations/{acme.id}/members/{acme.owner}", json={"roles": ["reader"]})
        after = (await script.get("/me/access")).json()

    assert before["permissions"] == ["invoice.read", "invoice.write"]
    assert after["approved"] == ["invoice.read", "invoice.write"]
    assert after["permissions"] == ["invoice.read"]
    assert {one["permission"]: one["reason"] for one in after["missing"]} == {
        "invoice.write": "user_lacks_permission",
        "client.read": "permission_not_in_key",
    }


async def test_roles_are_listed_defined_and_taken_back(operator: httpx.AsyncClient, acme: Organisation) -> None:
    path = f"/organisations/{acme.id}/roles"

    await operator.put(f"{path}/reader", json={"permissions": ["invoice.read"]})
    own = {role["name"]: role for role in (await operator.get(path)).json()["data"]}
    removed = await operator.delete(f"{path}/reader")
    after = {role["name"]: role for role in (await operator.get(path)).json()["data"]}

    assert own["reader"] == {
        "name": "reader",
        "title": "Read-only",
        "permissions": ["invoice.read"],
        "built_in": True,
        "own": True,
    }
    assert (own["helper"]["built_in"], own["helper"]["own"]) == (False, True)
    assert removed.status_code == 204
    assert after["reader"]["permissions"] == ["client.read", "invoice.read"]


async def test_a_member_who_manages_members_does_so_in_their_own_organisation(deeds: Deeds, acme: Organisation) -> None:
    async with api_client(deeds, acme.owner_key) as client:
        path = f"/organisations/{acme.id}/members"
        listed = (await client.get(path)).json()["data"]
        changed = await client.put(f"{path}/{acme.reader}", json={"roles": ["helper"]})
        last = await client.delete(f"{path}/{acme.owner}")

    assert [one["id"] for one in listed] == sorted([acme.owner, acme.reader])
    assert changed.json()["permissions"] == ["client.read"]
    assert (last.status_code, last.json()["code"]) == (409, "conflict")


async def test_tn_05_a_key_cannot_give_what_its_owner_holds_and_it_does_not(deeds: Deeds, acme: Organisation) -> None:
    _, text = await make_key(deeds, acme.id, acme.owner, "member.manage", "client.read")
    async with api_client(deeds, text) as client:
        refused = await client.put(f"/organisations/{acme.id}/members/{acme.reader}", json={"roles": ["owner"]})

    assert refused.status_code == 403
    assert refused.json()["code"] == "permission_missing"
    assert refused.json()["permission"]


async def test_tn_03_the_secret_of_a_resource_server_is_told_once(deeds: Deeds, operator: httpx.AsyncClient) -> None:
    made = await operator.post("/resources", json={"name": "Books API", "identifier": "https://api.example.com"})
    secret = made.json()["client_secret"]

    listed = await operator.get("/resources")

    assert made.status_code == 201
    assert secret.startswith("cst_sk_")
    assert "secret" not in listed.text
    stored = repr(await deeds.database.read("SELECT * FROM resources")) + repr(
        await deeds.database.read("SELECT details FROM events")
    )
    assert secret not in stored


async def test_a_password_set_by_an_operator_opens_the_door_and_the_old_one_does_not(
    deeds: Deeds, acme: Organisation, operator: httpx.AsyncClient
) -> None:
    answer = await operator.put(f"/users/{acme.owner}/password", json={"password": "another long password"})

    assert answer.status_code == 204
    outcomes = [
        type(await deeds.sign_in.sign_in("owner@acme.test", password, address="192.0.2.1")).__name__
        for password in (PASSWORD, Secret("another long password"))
    ]
    assert outcomes == ["SignInRefused", "SignedIn"]


async def test_an_operator_ends_every_session_of_a_user_and_no_other(
    deeds: Deeds, acme: Organisation, operator: httpx.AsyncClient
) -> None:
    sessions = [await deeds.sign_in.sign_in("owner@acme.test", PASSWORD, address="192.0.2.1") for _ in range(2)]

    answer = await operator.delete(f"/users/{acme.owner}/sessions")

    assert answer.status_code == 204
    assert all(isinstance(one, SignedIn) for one in sessions)
    found = [await deeds.sign_in.find_session(one.credential.reveal()) for one in sessions if isinstance(one, SignedIn)]
    assert found == [None, None]
    assert (await operator.delete("/users/usr_nobody/sessions")).status_code == 404


async def test_an_address_in_use_is_a_conflict_and_its_user_can_be_found(
    acme: Organisation, operator: httpx.AsyncClient
) -> None:
    again = await operator.post("/users", json={"email": "owner@acme.test"})
    found = await operator.get("/users", params={"email": "OWNER@acme.test"})

    assert again.status_code == 409
    assert [user["id"] for user in found.json()["data"]] == [acme.owner]


async def test_every_fault_is_told_by_its_field(operator: httpx.AsyncClient) -> None:
    answer = await operator.post("/users", json={"email": "nobody", "password": "short"})

    problem = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert (problem["status"], problem["code"], problem["instance"]) == (400, "invalid_input", "/users")
    assert [error["field"] for error in problem["errors"]] == ["email", "password"]
    assert "short" not in [error["message"] for error in problem["errors"]]


async def test_tn_11_the_audit_says_who_did_what_newest_first(
    deeds: Deeds, acme: Organisation, operator: httpx.AsyncClient, clock: FixedClock
) -> None:
    clock.pass_time(timedelta(seconds=1))
    async with api_client(deeds, acme.owner_key) as client:
        await client.put(f"/organisations/{acme.id}/members/{acme.reader}", json={"roles": ["helper"]})
        events = (await client.get("/audit-events", params={"limit": 1})).json()

    (event,) = events["data"]
    assert events["next"] == event["id"]
    assert (event["name"], event["user"], event["through"]) == ("member.set", acme.owner, acme.key_id)
    assert (event["subject"], event["details"]) == (acme.reader, {"roles": "helper"})
    assert (await operator.get("/audit-events")).status_code == 400
    assert (await operator.get("/audit-events", params={"organisation": acme.id})).status_code == 200
