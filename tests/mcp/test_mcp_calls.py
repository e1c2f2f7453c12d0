"""What a call to the MCP server needs and what it is told: rows C-30 to C-34 and C-38; the guard around messages."""

import json
from typing import Any

import httpx
import pytest
from mcp_world import McpWorld

from live_server import RegisteredClient
from user_agent import post, refresh, revoke

HEADERS = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}


def tool(name: object, number: int = 1, **arguments: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": {"name": name, "arguments": arguments}}


def send(world: McpWorld, bearer: str, message: object) -> httpx.Response:
    content = message if isinstance(message, bytes) else json.dumps(message).encode()
    return httpx.post(world.url, content=content, headers={**HEADERS, "Authorization": f"Bearer {bearer}"})


@pytest.mark.shows("RFC 6749 §5.1")
def test_c_30_the_token_answer_has_all_that_clients_read(world: McpWorld, client: RegisteredClient) -> None:
    first = world.connect(client, scope="invoicing:read")
    told = refresh(world.site, client, first["refresh_token"])

    assert told.headers["content-type"].startswith("application/json")
    assert told.headers["cache-control"] == "no-store"
    assert {"access_token", "token_type", "expires_in", "scope", "refresh_token"} <= told.json().keys()
    assert (told.json()["token_type"], told.json()["expires_in"]) == ("Bearer", 3600)


@pytest.mark.shows("RFC 9700 §4.14.2")
def test_c_31_processes_that_race_a_refresh_get_one_successor_which_works(
    world: McpWorld, client: RegisteredClient
) -> None:
    first = world.connect(client, scope="invoicing:read")

    told = [refresh(world.site, client, first["refresh_token"]).json() for _ in range(3)]

    assert len({one["refresh_token"] for one in told}) == 1
    assert send(world, told[0]["access_token"], tool("list_invoices")).status_code == 200


def test_c_31_the_grace_does_not_outlive_the_connection(world: McpWorld) -> None:
    client = world.add_client()
    first = world.connect(client, scope="invoicing:read")
    refresh(world.site, client, first["refresh_token"])
    world.disconnect_all()

    told = refresh(world.site, client, first["refresh_token"])

    assert (told.status_code, told.json()["error"]) == (400, "invalid_grant")


@pytest.mark.parametrize("how", ["disconnected", "revoked by the client"])
def test_c_32_what_was_revoked_refreshes_nothing_and_calls_nothing(world: McpWorld, how: str) -> None:
    client = world.add_client()
    tokens = world.connect(client, scope="invoicing:read")
    assert send(world, tokens["access_token"], tool("list_invoices")).status_code == 200
    if how == "disconnected":
        world.disconnect_all()
    else:
        revoke(world.site, client, tokens["refresh_token"])

    called = send(world, tokens["access_token"], tool("list_invoices"))
    refreshed = refresh(world.site, client, tokens["refresh_token"])

    assert called.status_code == 401
    assert 'error="invalid_token"' in called.headers["www-authenticate"]
    assert "resource_metadata=" in called.headers["www-authenticate"]
    assert refreshed.json()["error"] == "invalid_grant"


@pytest.mark.shows("RFC 6750 §3.1 insufficient-scope")
def test_c_33_every_scope_of_an_operation_is_named_at_once_with_those_that_are_there(
    world: McpWorld, token: str
) -> None:
    told = send(world, token, tool("draft_invoice", contact_id="c", description="d", amount=1))

    assert told.status_code == 403
    assert told.json()["error"] == "insufficient_scope"
    assert told.json()["reason"] == "scope_not_granted"
    assert told.json()["scope"] == "contacts:read invoicing:read invoicing:write"
    challenge = told.headers["www-authenticate"]
    assert 'scope="contacts:read invoicing:read invoicing:write"' in challenge
    assert f'resource_metadata="{world.origin}/.well-known/oauth-protected-resource/mcp"' in challenge


def test_c_33_what_consent_cannot_change_is_never_called_a_missing_scope(world: McpWorld) -> None:
    viewer = world.site.add_person("invoice_only")
    tokens = world.connect(world.add_client(), viewer, scope="invoicing:read")

    told = send(world, tokens["access_token"], tool("void_invoice", number="INV-1001"))

    assert (told.status_code, told.json()["error"]) == (403, "access_denied")
    assert told.json()["reason"] == "user_lacks_permission"
    assert "insufficient_scope" not in told.headers["www-authenticate"]
    assert "resource_metadata" not in told.headers["www-authenticate"]


def test_c_33_a_scope_that_the_app_may_not_ask_for_is_never_named(world: McpWorld) -> None:
    tokens = world.connect(world.add_client(optional=()), scope="invoicing:read")

    told = send(world, tokens["access_token"], tool("draft_invoice", contact_id="c", description="d", amount=1))

    assert (told.status_code, told.json()["error"]) == (403, "access_denied")
    assert told.json()["reason"] == "app_lacks_scope"
    assert "scope=" not in told.headers["www-authenticate"]
    assert "resource_metadata" not in told.headers["www-authenticate"]


def test_c_33_a_challenge_never_asks_for_offline_access(world: McpWorld) -> None:
    client = world.add_client(optional=("invoicing:write", "contacts:read", "offline_access"))
    tokens = world.connect(client, scope="invoicing:read offline_access")

    told = send(world, tokens["access_token"], tool("draft_invoice", contact_id="c", description="d", amount=1))

    assert "offline_access" in tokens["scope"].split()
    assert told.json()["scope"] == "contacts:read invoicing:read invoicing:write"


def test_c_33_a_deactivated_app_is_told_so_in_a_field_for_machines(world: McpWorld) -> None:
    client = world.add_client()
    tokens = world.connect(client, scope="invoicing:read")
    world.deactivate(client)

    told = send(world, tokens["access_token"], tool("list_invoices"))

    assert (told.status_code, told.json()["reason"]) == (401, "app_suspended")


def test_c_33_an_app_that_the_organisation_refuses_is_not_sent_to_ask_again(world: McpWorld) -> None:
    registered = httpx.post(
        f"{world.site.issuer}/oauth/register",
        json={"redirect_uris": ["http://127.0.0.1/callback"], "token_endpoint_auth_method": "none"},
    ).json()
    client = RegisteredClient(registered["client_id"], None, "http://127.0.0.1/callback")
    tokens = world.connect(client, scope="invoicing:read")

    with world.refusing_unverified():
        told = send(world, tokens["access_token"], tool("list_invoices"))
        refreshed = refresh(world.site, client, tokens["refresh_token"])
    again = send(world, tokens["access_token"], tool("list_invoices"))

    assert (told.status_code, told.json()["error"], told.json()["reason"]) == (403, "access_denied", "org_policy")
    assert "scope=" not in told.headers["www-authenticate"]
    assert "resource_metadata" not in told.headers["www-authenticate"]
    # The client keeps its refresh token, which is good again.
    assert (refreshed.status_code, refreshed.json()["error"]) == (400, "access_denied")
    assert again.status_code == 200
    assert refresh(world.site, client, tokens["refresh_token"]).status_code == 200


def test_c_34_a_scope_that_implies_another_does_what_that_one_does(world: McpWorld) -> None:
    tokens = world.connect(world.add_client(), scope="invoicing:write")

    assert send(world, tokens["access_token"], tool("list_invoices")).status_code == 200


def test_c_38_one_clients_mistakes_do_not_slow_another_from_the_same_address(world: McpWorld) -> None:
    guessing, other = world.add_client(public=False), world.add_client(public=False)
    tokens = world.connect(other, scope="invoicing:read")
    wrong = RegisteredClient(guessing.client_id, "cst_sk_wrong", guessing.redirect_uri)

    answers = [post(world.site, "/oauth/token", wrong, {"grant_type": "refresh_token"}) for _ in range(30)]
    slowed = [one for one in answers if one.status_code == 429]

    assert slowed
    # C-06: a script reads that it has to wait.
    assert {one.headers["access-control-allow-origin"] for one in slowed} == {"*"}
    assert refresh(world.site, other, tokens["refresh_token"]).status_code == 200


@pytest.mark.parametrize(
    ("message", "status", "reason"),
    [
        ([tool("list_invoices"), tool("void_invoice", 2)], 403, "scope_not_granted"),
        ([tool("list_invoices"), tool("unheard_of", 2)], 403, "tool_not_declared"),
        (tool("unheard_of"), 403, "tool_not_declared"),
        ({"jsonrpc": "2.0", "id": 1, "method": "resources/read", "params": {"uri": "a:b"}}, 403, "tool_not_declared"),
        ({"jsonrpc": "2.0", "id": 1, "method": "TOOLS/CALL", "params": {"name": "x"}}, 403, "tool_not_declared"),
        (b'{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/call","params":{"name":"void_invoice"}}', 400, None),
        (b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","name":"void_invoice"}}', 400, None),
        (json.dumps(tool("void_invoice")).encode("utf-16"), 400, None),
        (b"\xef\xbb\xbf" + json.dumps(tool("void_invoice")).encode(), 400, None),
        (tool(["void_invoice"]), 400, None),
        ([], 400, None),
        (["ping"], 400, None),
        (b"[" * 100_000, 400, None),
        (b'{"jsonrpc":"2.0","id":NaN,"method":"ping"}', 400, None),
        ({"jsonrpc": "2.0", "id": 1, "method": 7}, 400, None),
        (b"", 400, None),
        (b" " * (4 * 1024 * 1024 + 1), 413, None),
    ],
)
def test_a_message_that_could_hide_what_it_calls_calls_nothing(
    world: McpWorld, token: str, message: object, status: int, reason: str | None
) -> None:
    told = send(world, token, message)

    assert (told.status_code, told.json().get("reason")) == (status, reason)


@pytest.mark.parametrize(
    "message",
    [
        {"jsonrpc": "2.0", "id": 1, "method": "tools/list"},
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        tool("list_invoices", status="sent"),
    ],
)
def test_what_the_scope_covers_goes_on(world: McpWorld, token: str, message: object) -> None:
    assert send(world, token, message).status_code in {200, 202}


def test_the_tools_say_whether_they_change_anything(world: McpWorld, token: str) -> None:
    told = send(world, token, {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}).json()["result"]["tools"]

    hints = {one["name"]: one["annotations"] for one in told}
    assert all(one["title"] for one in told)
    assert [name for name, said in hints.items() if said["readOnlyHint"]] == ["list_invoices", "list_contacts"]
    assert [name for name, said in hints.items() if said.get("destructiveHint")] == ["void_invoice"]


def test_a_tool_touches_the_books_of_the_callers_organisation_and_no_others(world: McpWorld) -> None:
    elsewhere = world.site.add_organisation("North Books")
    tokens = world.connect(world.add_client(), world.site.add_person("owner", elsewhere), scope="invoicing:read")

    told = send(world, tokens["access_token"], tool("list_invoices"))

    assert told.json()["result"]["structuredContent"] == {"result": []}
