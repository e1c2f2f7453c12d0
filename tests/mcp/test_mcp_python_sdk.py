"""The official Python SDK connects with no set-up, calls, steps up, refreshes, and comes back after it was cut off."""

import asyncio
import json

import pytest
from mcp_world import McpWorld
from python_client import Assistant

# The library meets HTTP only; test_mcp_clients.py goes these ways on each engine.
pytestmark = [pytest.mark.clients, pytest.mark.parametrize("module_database_url", ["sqlite"], indirect=True)]
DOCUMENT = "https://assistant.test/oauth/client.json"


@pytest.fixture(params=["registered beforehand", "registers itself", "metadata document"])
def assistant(world: McpWorld, request: pytest.FixtureRequest) -> Assistant:
    """A client that the server knows in each of the ways in which it can."""
    made = Assistant(world, world.site.ana)
    if request.param == "registered beforehand":
        made.preregistered(world.add_client())
    elif request.param == "metadata document":
        made.metadata_url = DOCUMENT
        document = {
            "client_id": DOCUMENT,
            "client_name": made.name,
            "redirect_uris": [made.redirect_uri],
            "grant_types": ["authorization_code", "refresh_token"],
            "token_endpoint_auth_method": "none",
        }
        world.web.documents[DOCUMENT] = json.dumps(document).encode()
    return made


@pytest.mark.shows("RFC 9728 §5.1", "RFC 9728 §3.1", "RFC 8707 §2.1", "RFC 9207 §2")
@pytest.mark.interop("mcp (Python)", "discovery", "authorization code with PKCE", "dynamic registration")
async def test_it_finds_its_way_from_a_challenge_to_a_call(world: McpWorld, assistant: Assistant) -> None:
    found = await assistant.call("list_invoices", status="sent")

    assert [invoice["status"] for invoice in found["result"]] == ["sent"] * 3
    [consent] = assistant.consents
    assert (consent["resource"], consent["code_challenge_method"]) == (world.url, "S256")
    assert consent["scope"].split()[0] == "invoicing:read"
    first = [(path, status) for _, path, status in assistant.seen[:3]]
    assert first == [
        ("/mcp", 401),
        ("/.well-known/oauth-protected-resource/mcp", 200),
        ("/.well-known/oauth-authorization-server", 200),
    ]


@pytest.mark.shows("RFC 6750 §3.1 insufficient-scope")
async def test_mc_08_a_tool_that_needs_more_sends_it_to_the_user_once_and_then_works(assistant: Assistant) -> None:
    async with assistant.connected() as client:
        contacts = await client.call_tool("list_contacts", {})
        contact = contacts.structured_content["result"][0]["id"]  # type: ignore[index] # a list, by the tool's schema
        drafted = await client.call_tool(
            "draft_invoice", {"contact_id": contact, "description": "Two days", "amount": 96_000}
        )
        again = await client.call_tool("list_invoices", {"status": "draft"})

    asked = [set(consent["scope"].split()) - {"offline_access"} for consent in assistant.consents]
    assert asked == [
        {"invoicing:read"},
        {"invoicing:read", "contacts:read"},
        {"invoicing:read", "contacts:read", "invoicing:write"},
    ]
    assert not drafted.is_error
    assert not again.is_error
    assert assistant.tokens is not None
    assert asked[2] <= set((assistant.tokens.scope or "").split())


@pytest.mark.interop("mcp (Python)", "refresh")
async def test_it_refreshes_when_its_token_is_over_and_asks_nobody(assistant: Assistant) -> None:
    async with assistant.connected() as client:
        before = assistant.tokens
        assert before is not None
        assert before.refresh_token is not None
        # The SDK refreshes by its own clock: it is told that the hour is over.
        assistant.expire()
        answer = await client.call_tool("list_invoices", {})

    assert not answer.is_error
    assert assistant.tokens is not None
    assert assistant.tokens.access_token != before.access_token
    assert len(assistant.consents) == 1


async def test_c_32_after_it_was_disconnected_it_asks_the_user_again(world: McpWorld, assistant: Assistant) -> None:
    await assistant.call("list_invoices")
    world.disconnect_all()

    await assistant.call("list_invoices")

    assert len(assistant.consents) == 2
    assert ("POST", "/mcp", 401) in assistant.seen


async def test_started_again_with_what_it_kept_it_calls_and_asks_nobody(assistant: Assistant) -> None:
    await assistant.call("list_invoices")

    found = await assistant.restarted().call("list_invoices", status="sent")

    assert [invoice["status"] for invoice in found["result"]] == ["sent"] * 3
    assert len(assistant.consents) == 1


async def test_mc_08_started_again_it_steps_up_without_losing_what_it_had(assistant: Assistant) -> None:
    await assistant.call("list_invoices")
    again = assistant.restarted()

    await again.call("list_contacts")

    assert again.tokens is not None
    assert {"contacts:read", "invoicing:read"} <= set((again.tokens.scope or "").split())
    assert len(again.consents) == 2


async def test_a_server_that_was_started_again_is_called_on_as_if_nothing_were(
    world: McpWorld, assistant: Assistant
) -> None:
    async with assistant.connected() as client:
        await client.call_tool("list_invoices", {})
        await asyncio.to_thread(world.restart)
        called = await client.call_tool("list_invoices", {})
        assistant.expire()
        refreshed = await client.call_tool("list_invoices", {})

    assert (called.is_error, refreshed.is_error) == (False, False)
    assert len(assistant.consents) == 1


@pytest.mark.parametrize("away", [False, True], ids=["mid-session", "while-it-was-away"])
async def test_a_token_that_is_over_sooner_than_it_thinks_costs_one_answer_at_most(
    world: McpWorld,
    assistant: Assistant,
    away: bool,  # noqa: FBT001 - a column of the table
) -> None:
    async with assistant.connected() as client:
        await client.call_tool("list_invoices", {})
        world.let_access_tokens_expire()
        if not away:
            await client.call_tool("list_invoices", {})
    used = assistant.restarted() if away else assistant

    found = await used.call("list_invoices", status="sent")

    assert len(found["result"]) == 3
    # This SDK does not refresh when it is told 401: it asks the user, once.
    assert len(used.consents) == 2
    assert [status for _, path, status in used.seen if path == "/mcp"].count(401) <= 2


@pytest.mark.parametrize("assistant", ["registers itself", "metadata document"], indirect=True)
async def test_c_14_after_its_registration_was_removed_it_makes_itself_known_again(
    world: McpWorld, assistant: Assistant
) -> None:
    await assistant.call("list_invoices")
    assert assistant.client is not None
    world.remove_registration(str(assistant.client.client_id))
    again = assistant.restarted()
    if assistant.metadata_url is None:
        # This SDK goes on with a client ID that is unknown; the page that its user sees says to add the server anew.
        again.client = None

    found = await again.call("list_invoices", status="sent")

    assert len(found["result"]) == 3
    assert len(again.consents) == 2
