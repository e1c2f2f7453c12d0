"""`/api/v1/access`: explain, who-can and what-if over HTTP."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from people_client import Organisation, make_key, make_organisation

from app_builders import add_connection
from consentry.model.acting import member
from consentry.model.api_key import KeyDraft
from consentry.wiring import Deeds
from people_builders import OPERATOR
from site_client import api_client


async def ask(client: httpx.AsyncClient, path: str, **body: Any) -> dict[str, Any]:
    answer = await client.post(f"/access/{path}", json=body)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def test_a_key_explained_by_its_text_is_never_told_back_nor_logged(
    by_operator: httpx.AsyncClient, acme: Organisation, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(0)
    answer = await by_operator.post("/access/explain", json={"credential": acme.reader_key})

    told = answer.json()
    assert acme.reader_key not in answer.text
    assert acme.reader_key[30:60] not in answer.text + caplog.text
    assert (told["kind"], told["works"], told["roles"]) == ("api_key", True, ["reader"])
    by_name = {one["permission"]: one for one in told["permissions"]}
    assert by_name["invoice.read"]["allowed"]
    assert by_name["invoice.write"]["reason"] == "user_lacks_permission"
    assert {part["part"] for part in told["parts"]} == {"api_key", "member", "user", "organisation"}


async def test_one_permission_of_a_connection_is_explained(
    by_operator: httpx.AsyncClient, deeds: Deeds, acme: Organisation
) -> None:
    await add_connection(deeds.database, acme.client_id, "con_00000000000000000000a1")

    told = await ask(by_operator, "explain", credential="con_00000000000000000000a1", permission="invoice.write")

    [one] = told["permissions"]
    assert (one["allowed"], one["reason"], one["would_cover"]) == (False, "app_lacks_scope", [])
    assert (told["connection"], told["client_id"]) == ("con_00000000000000000000a1", acme.client_id)


async def test_tn_01_what_is_anothers_is_answered_as_what_is_not_there(deeds: Deeds, acme: Organisation) -> None:
    other = await make_organisation(deeds, "Other Books")
    async with api_client(deeds, acme.owner_key) as client:
        answers = [
            await client.post("/access/explain", json={"credential": named})
            for named in (other.key_id, other.owner_key, "key_0000000000000000nobody", "con_0000000000000000nobody")
        ]
        lists = [
            await client.post("/access/who-can", json={"permission": "invoice.read", "organisation": named})
            for named in (other.id, "org_0000000000000000nobody")
        ]

    assert {(answer.status_code, answer.text) for answer in answers} == {(404, answers[0].text)}
    assert {(answer.status_code, answer.text) for answer in lists} == {(404, lists[0].text)}


async def test_who_can_is_asked_in_parts(by_operator: httpx.AsyncClient, acme: Organisation) -> None:
    told = await ask(by_operator, "who-can", permission="invoice.read", organisation=acme.id, limit=1)

    first = told["members"]
    assert len(first["data"]) == 1
    rest = await ask(
        by_operator, "who-can", permission="invoice.read", organisation=acme.id, only="members", after=first["next"]
    )
    assert {one["user"] for one in (*first["data"], *rest["members"]["data"])} == {acme.owner, acme.reader}
    assert (rest["connections"], rest["api_keys"], rest["members"]["next"]) == (None, None, None)


async def test_an_administrator_sees_the_lists_of_what_they_manage(deeds: Deeds, acme: Organisation) -> None:
    _, key = await make_key(deeds, acme.id, acme.owner, "api_key.manage")
    async with api_client(deeds, key) as client:
        told = await ask(client, "who-can", permission="invoice.read")
        refused = await client.post("/access/what-if", json={"role": "reader", "loses": "invoice.read"})

    assert (told["members"], told["connections"]) == (None, None)
    assert told["withheld"] == ["members", "connections"]
    assert len(told["api_keys"]["data"]) == 2
    assert (refused.status_code, refused.json()["permission"]) == (403, "member.manage")


@pytest.mark.parametrize(
    "change",
    [{"role": "reader", "loses": "invoice.read"}, {"loses_role": "reader"}, {"suspended": True}],
)
async def test_what_if_says_what_would_be_lost_and_changes_nothing(
    by_operator: httpx.AsyncClient, deeds: Deeds, acme: Organisation, change: dict[str, Any]
) -> None:
    change = change if "role" in change else {**change, "user": acme.reader}
    before = await deeds.database.read("SELECT * FROM members ORDER BY 1, 2")

    told = await ask(by_operator, "what-if", organisation=acme.id, **change)

    assert [one["user"] for one in told["members"]["data"]] == [acme.reader]
    assert "invoice.read" in told["members"]["data"][0]["loses"]
    assert [one["user"] for one in told["api_keys"]["data"]] == [acme.reader]
    assert await deeds.database.read("SELECT * FROM members ORDER BY 1, 2") == before


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("explain", {}),
        ("explain", {"credential": "with a space"}),
        ("explain", {"credential": "x" * 300}),
        ("explain", {"credential": "con_1", "permission": "invoice.fly"}),
        ("explain", {"credential": "con_1", "unknown": 1}),
        ("who-can", {"permission": "invoice.read"}),
        ("who-can", {"permission": "invoice.read", "organisation": "org_1", "after": "usr_1"}),
        ("who-can", {"permission": "invoice.read", "organisation": "org_1", "only": "apps"}),
        ("who-can", {"permission": "invoice.read", "organisation": "org_1", "limit": 201}),
        ("what-if", {"organisation": "org_1"}),
        ("what-if", {"organisation": "org_1", "role": "reader"}),
    ],
)
async def test_a_question_that_cannot_be_understood_is_refused(
    by_operator: httpx.AsyncClient, path: str, body: dict[str, Any]
) -> None:
    answer = await by_operator.post(f"/access/{path}", json=body)

    assert answer.status_code == 400
    assert answer.json()["errors"]


async def test_a_revoked_key_is_explained_as_revoked(by_operator: httpx.AsyncClient, deeds: Deeds) -> None:
    acme = await make_organisation(deeds, "Acme Books")
    acting = member(acme.owner, acme.id, frozenset({"api_key.create", "invoice.read"}))
    draft = KeyDraft("Script", ("invoice.read",), deeds.clock.now() + timedelta(days=1))
    shown = await deeds.api_keys.create(acting, draft)
    await deeds.api_keys.revoke(OPERATOR, shown.details.key.id)

    told = await ask(by_operator, "explain", credential=shown.text.reveal())

    assert (told["works"], told["reason"]) == (False, "revoked")
    assert told["parts"][0]["state"] == "revoked"
    assert told["parts"][0]["since"] is not None
