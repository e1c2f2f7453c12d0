"""`/api/v1/apps` as programs use it: registration, edits, secrets, and what others may not."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from app_builders import ACME, ANA, BO, CALLBACK, OTHER
from consentry.model.app import AppOrigin
from consentry.model.event import SYSTEM, Event, EventKind
from consentry.model.ids import APP, EVENT, AppId, ClientId, EventId
from consentry.model.self_registered import NewApp, build_app
from consentry.oauth.client_document import parse_client_document
from consentry.oauth.scope import Scope
from consentry.ports.registrations import NewRegistration
from consentry.storage.registrations import SqlRegistrationStore
from consentry.wiring import Deeds
from documents_of_others import a_document
from site_client import key_client

NEW = {"name": "Ledgerly", "type": "confidential", "redirect_uris": [CALLBACK], "scopes": ["invoicing:read"]}


@pytest.fixture
async def manager(deeds: Deeds) -> AsyncIterator[httpx.AsyncClient]:
    """Ana of Acme, through a key that holds `oauth_app.manage`."""
    async with await key_client(deeds, ANA, ACME, "oauth_app.manage") as client:
        yield client


@pytest.fixture
async def stranger(deeds: Deeds) -> AsyncIterator[httpx.AsyncClient]:
    """The same person in another organisation, whose apps are others."""
    async with await key_client(deeds, ANA, OTHER, "oauth_app.manage") as client:
        yield client


@pytest.fixture
async def colleague(deeds: Deeds) -> AsyncIterator[httpx.AsyncClient]:
    """Bo of Acme, who may connect apps and not manage them."""
    async with await key_client(deeds, BO, ACME, "oauth_app.install") as client:
        yield client


async def register(client: httpx.AsyncClient, **changes: Any) -> dict[str, Any]:
    answer = await client.post("/apps", json={**NEW, **changes})
    assert answer.status_code == 201, answer.text
    registered: dict[str, Any] = answer.json()
    return registered


def fields_of(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 400, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    return [error["field"] for error in answer.json()["errors"]]


async def test_an_app_is_registered_and_its_secret_told_once(manager: httpx.AsyncClient) -> None:
    registered = await register(manager, optional_scopes=["contacts:read"])

    secret = registered.pop("client_secret")
    assert secret.startswith("cst_sk_")
    assert registered["organisation"] == ACME
    assert registered["created_by"] == ANA
    assert registered["created_at"].endswith("Z")
    assert (await manager.get("/apps")).json() == {"data": [registered], "next": None}
    assert {
        **registered,
        "live_connections": 0,
        "has_more_connections": False,
        "last_used_at": None,
        "redirect_refusals": [],
    } == (await manager.get(f"/apps/{registered['client_id']}")).json()


async def test_tn_03_no_later_answer_holds_the_secret(manager: httpx.AsyncClient) -> None:
    registered = await register(manager)
    path = f"/apps/{registered['client_id']}"

    answers = [
        await manager.get("/apps"),
        await manager.get(path),
        await manager.get(f"{path}/secrets"),
        await manager.patch(path, json={"name": "Renamed"}),
        await manager.post(f"{path}/deactivate"),
    ]

    assert {answer.status_code for answer in answers} == {200}
    assert not any(registered["client_secret"] in answer.text for answer in answers)


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        pytest.param({"redirect_uris": [CALLBACK, f"{CALLBACK}#f"]}, ["redirect_uris.1"], id="ru_06"),
        pytest.param({"redirect_uris": ["javascript:alert(1)"]}, ["redirect_uris.0"], id="ru_07"),
        pytest.param({"redirect_uris": ["http://client.test/cb"]}, ["redirect_uris.0"], id="ru_14"),
        pytest.param({"name": "P\u0430ypal"}, ["name"], id="cs_08"),
        pytest.param({"scopes": ["nothing:read"]}, ["scopes"], id="unknown_scope"),
    ],
)
async def test_ru_06_ru_07_ru_14_cs_08_tn_06_a_bad_field_is_named_at_registration_and_edit(
    manager: httpx.AsyncClient, changes: dict[str, Any], fields: list[str]
) -> None:
    app = await register(manager)
    before = (await manager.get("/apps")).json()

    assert fields_of(await manager.post("/apps", json={**NEW, **changes})) == fields
    assert fields_of(await manager.patch(f"/apps/{app['client_id']}", json=changes)) == fields
    assert (await manager.get("/apps")).json() == before


@pytest.mark.parametrize(
    "extra",
    [
        {"status": "active"},
        {"organisation_id": OTHER},
        {"created_by": BO},
        {"client_id": "app_mine"},
        {"client_secret": "cst_sk_mine"},
        {"trusted": True},
        {"skip_consent": True},
        {"first_party": True},
    ],
)
async def test_tn_05_privileged_and_unknown_fields_are_refused(
    manager: httpx.AsyncClient, extra: dict[str, Any]
) -> None:
    app = await register(manager)

    assert fields_of(await manager.post("/apps", json={**NEW, **extra})) == list(extra)
    assert fields_of(await manager.patch(f"/apps/{app['client_id']}", json=extra)) == list(extra)
    assert len((await manager.get("/apps")).json()["data"]) == 1


async def test_tn_05_the_type_is_for_good(manager: httpx.AsyncClient) -> None:
    app = await register(manager)

    assert fields_of(await manager.patch(f"/apps/{app['client_id']}", json={"type": "public"})) == ["type"]


@pytest.mark.parametrize(
    "body", [b'{"name": "a\\u0000b"}', b'{"name": "\\ud800"}', b'{"name": 1}', b'{"name": null}', b"[]", b"{", b"\xff"]
)
async def test_in_07_a_body_that_cannot_be_used_is_a_client_error(manager: httpx.AsyncClient, body: bytes) -> None:
    app = await register(manager)

    answer = await manager.patch(
        f"/apps/{app['client_id']}", content=body, headers={"content-type": "application/json"}
    )

    assert answer.status_code == 400


@pytest.mark.parametrize("client_id", ["app_nowhere", "a%00b", "%FF", "%F0%9F%90%9F"])
async def test_in_07_an_impossible_client_id_is_not_found(manager: httpx.AsyncClient, client_id: str) -> None:
    assert (await manager.get(f"/apps/{client_id}")).status_code in {400, 404}


def _every_route(client_id: str) -> list[tuple[str, str, dict[str, Any] | None]]:
    path = f"/apps/{client_id}"
    return [
        ("GET", path, None),
        ("PATCH", path, {"name": "Stolen"}),
        ("POST", f"{path}/deactivate", None),
        ("POST", f"{path}/reactivate", None),
        ("GET", f"{path}/secrets", None),
        ("POST", f"{path}/secrets", None),
        ("DELETE", f"{path}/secrets/sec_1", None),
        ("POST", f"{path}/test-redirect-uri", {"redirect_uri": CALLBACK}),
        ("DELETE", path, None),
    ]


async def test_tn_01_an_app_of_another_organisation_answers_as_one_that_is_not_there(
    manager: httpx.AsyncClient, stranger: httpx.AsyncClient
) -> None:
    app = await register(manager)
    before = (await manager.get(f"/apps/{app['client_id']}")).json()

    for (method, path, body), (_, nowhere, _) in zip(
        _every_route(app["client_id"]), _every_route("app_nowhere"), strict=True
    ):
        foreign = await stranger.request(method, path, json=body)
        absent = await stranger.request(method, nowhere, json=body)
        assert (foreign.status_code, absent.status_code) == (404, 404)
        assert foreign.json()["detail"] == absent.json()["detail"]

    assert (await stranger.get("/apps")).json()["data"] == []
    assert (await stranger.get("/apps", params={"organisation": ACME})).status_code == 404
    assert (await stranger.post("/apps", json={**NEW, "organisation": ACME})).status_code == 404
    assert (await manager.get(f"/apps/{app['client_id']}")).json() == before


async def test_a_colleague_without_the_permission_is_told_which_is_missing(
    manager: httpx.AsyncClient, colleague: httpx.AsyncClient
) -> None:
    app = await register(manager)
    before = (await manager.get(f"/apps/{app['client_id']}")).json()

    for method, path, body in [*_every_route(app["client_id"]), ("GET", "/apps", None), ("POST", "/apps", NEW)]:
        answer = await colleague.request(method, path, json=body)
        assert answer.status_code == 403
        assert "oauth_app.manage" in answer.text

    assert (await manager.get(f"/apps/{app['client_id']}")).json() == before


async def test_an_operator_names_the_organisation_and_sees_all(
    manager: httpx.AsyncClient, by_operator: httpx.AsyncClient
) -> None:
    own = await register(manager)

    assert fields_of(await by_operator.post("/apps", json=NEW)) == ["organisation"]
    other = await register(by_operator, organisation=OTHER)

    listed = (await by_operator.get("/apps")).json()["data"]
    assert {app["client_id"] for app in listed} == {own["client_id"], other["client_id"]}
    assert other["created_by"] is None
    only = (await by_operator.get("/apps", params={"organisation": OTHER})).json()["data"]
    assert [app["client_id"] for app in only] == [other["client_id"]]


async def test_the_list_is_paged_and_complete(manager: httpx.AsyncClient) -> None:
    registered = {(await register(manager, name=f"App {number}"))["client_id"] for number in range(5)}
    seen: list[str] = []
    after: dict[str, str] = {}
    while True:
        page = (await manager.get("/apps", params={"limit": 2, **after})).json()
        seen += [app["client_id"] for app in page["data"]]
        if page["next"] is None:
            break
        after = {"after": page["next"]}

    assert len(seen) == 5
    assert set(seen) == registered
    assert (await manager.get("/apps", params={"limit": 0})).status_code == 400
    assert (await manager.get("/apps", params={"limit": 201})).status_code == 400


async def test_an_app_lives_is_stopped_and_ends(manager: httpx.AsyncClient) -> None:
    path = f"/apps/{(await register(manager))['client_id']}"

    assert (await manager.post(f"{path}/deactivate")).json()["status"] == "deactivated"
    assert (await manager.post(f"{path}/deactivate")).status_code == 409
    assert (await manager.post(f"{path}/reactivate")).json()["status"] == "active"
    assert (await manager.delete(path)).status_code == 204
    assert (await manager.get(path)).status_code == 404
    assert (await manager.delete(path)).status_code == 404


async def test_a_secret_is_rotated_without_a_pause(manager: httpx.AsyncClient, deeds: Deeds) -> None:
    path = f"/apps/{(await register(manager))['client_id']}/secrets"
    (first,) = (await manager.get(path)).json()["data"]

    added = await manager.post(path)
    assert added.status_code == 201
    assert added.json()["client_secret"].endswith(added.json()["hint"])
    assert (await manager.post(path)).status_code == 409
    later = (deeds.clock.now() + timedelta(days=7)).isoformat()
    assert (await manager.delete(f"{path}/{first['id']}", params={"expires_at": later})).status_code == 204
    assert (await manager.get(path)).json()["data"][0]["expires_at"] is not None
    assert fields_of(await manager.delete(f"{path}/{first['id']}", params={"expires_at": "2001-01-01T00:00:00Z"})) == [
        "expires_at"
    ]
    assert (await manager.delete(f"{path}/{first['id']}")).status_code == 204

    assert [secret["id"] for secret in (await manager.get(path)).json()["data"]] == [added.json()["id"]]


async def test_a_redirect_uri_is_tried_without_being_recorded(manager: httpx.AsyncClient) -> None:
    path = f"/apps/{(await register(manager))['client_id']}"

    hit = await manager.post(f"{path}/test-redirect-uri", json={"redirect_uri": CALLBACK})
    miss = await manager.post(f"{path}/test-redirect-uri", json={"redirect_uri": f"{CALLBACK}/"})

    assert hit.json()["matches"] is True
    assert (miss.json()["matches"], miss.json()["registered"]) == (False, CALLBACK)
    assert "ends in a slash" in miss.json()["explanation"]
    assert (await manager.get(path)).json()["redirect_refusals"] == []


DOCUMENTS = (
    "https://client.test/assistant.json",
    "https://client.test/of/one?v=1&x=%20",
    f"https://client.test/{'a' * 900}",
)


async def known_by_documents(deeds: Deeds) -> tuple[str, ...]:
    """Apps that nobody registered: their client IDs are the addresses of documents."""
    store = SqlRegistrationStore(deeds.database)
    for client_id in DOCUMENTS:
        claims = parse_client_document(client_id, json.dumps(a_document(client_id=client_id)))
        new = NewApp(AppId(deeds.secrets.new_id(APP)), ClientId(client_id), AppOrigin.DOCUMENT, "x", deeds.clock.now())
        app = build_app(claims, new, Scope.of(*deeds.catalog.scopes))
        event_id = EventId(deeds.secrets.new_id(EVENT))
        event = Event(event_id, app.created_at, EventKind.APP_REGISTERED, None, SYSTEM, app.id, {})
        assert await store.register(NewRegistration(app, None, None, None, event))
    return DOCUMENTS


@pytest.mark.parametrize("limit", [1, 2])
async def test_a_list_with_client_ids_that_are_addresses_is_paged_to_its_end(
    deeds: Deeds, by_operator: httpx.AsyncClient, limit: int
) -> None:
    expected = await known_by_documents(deeds)
    seen: list[str] = []
    page: dict[str, Any] = {"next": None}
    while not seen or page["next"] is not None:
        after = {} if page["next"] is None else {"after": page["next"]}
        page = (await by_operator.get("/apps", params={"limit": limit, **after})).json()
        seen += [app["client_id"] for app in page["data"]]

    assert sorted(seen) == sorted(expected)


async def test_an_app_whose_client_id_is_an_address_is_reached_like_any_other(
    deeds: Deeds, by_operator: httpx.AsyncClient
) -> None:
    for client_id in await known_by_documents(deeds):
        path = f"/apps/{quote(client_id, safe='')}"
        assert (await by_operator.get(path)).json()["client_id"] == client_id
        assert (await by_operator.get(f"{path}/secrets")).json() == {"data": [], "next": None}
        assert (await by_operator.get("/connections", params={"app": client_id})).json()["data"] == []
        assert (await by_operator.post(f"{path}/deactivate")).json()["status"] == "deactivated"
        assert (await by_operator.delete(path)).status_code == 204
        assert (await by_operator.get(path)).status_code == 404
