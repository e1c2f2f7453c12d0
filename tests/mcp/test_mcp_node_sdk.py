"""The official JavaScript SDK connects with no set-up, calls, steps up, and comes back after it was cut off."""

import json
from collections.abc import Iterator

import pytest
from mcp_world import McpWorld
from node_client import REDIRECT, NodeAssistant, node_assistant

# The library meets HTTP only; test_mcp_clients.py goes these ways on each engine.
pytestmark = [pytest.mark.clients, pytest.mark.parametrize("module_database_url", ["sqlite"], indirect=True)]
DOCUMENT = "https://script.test/oauth/client.json"


@pytest.fixture(params=["registered beforehand", "registers itself", "metadata document"])
def assistant(world: McpWorld, request: pytest.FixtureRequest) -> Iterator[NodeAssistant]:
    """A client that the server knows in each of the ways in which it can."""
    known, metadata_url = None, None
    if request.param == "registered beforehand":
        known = {"client_id": world.add_client().client_id, "issuer": world.site.issuer}
    elif request.param == "metadata document":
        metadata_url = DOCUMENT
        document = {"client_id": DOCUMENT, "client_name": "Assistant in JavaScript", "redirect_uris": [REDIRECT]}
        world.web.documents[DOCUMENT] = json.dumps({**document, "token_endpoint_auth_method": "none"}).encode()
    with node_assistant(world, client=known, metadata_url=metadata_url) as made:
        yield made


@pytest.mark.shows("RFC 9728 §5.1", "RFC 9728 §3.1", "RFC 8707 §2.1")
@pytest.mark.interop("@modelcontextprotocol/sdk", "discovery", "authorization code with PKCE", "dynamic registration")
def test_it_finds_its_way_from_a_challenge_to_a_call(world: McpWorld, assistant: NodeAssistant) -> None:
    told = assistant.call("list_invoices", status="sent")

    assert "fault" not in told, told
    assert [one["status"] for one in told["result"]["structuredContent"]["result"]] == ["sent"] * 3
    [consent] = assistant.consents
    assert (consent["scope"], consent["resource"]) == ("invoicing:read", world.url)


@pytest.mark.shows("RFC 6750 §3.1 insufficient-scope")
def test_mc_08_a_tool_that_needs_more_asks_the_user_and_nothing_that_it_had_is_lost(assistant: NodeAssistant) -> None:
    assistant.call("list_invoices")

    # The SDK would refresh first, which widens nothing: an application drops its refresh token before a step up.
    stepped = assistant.call("list_contacts", forget_refresh=True)
    again = assistant.call("list_invoices")

    assert "fault" not in stepped, stepped
    assert [consent["scope"] for consent in assistant.consents] == ["invoicing:read", "contacts:read invoicing:read"]
    assert set(again["scope"].split()) == {"contacts:read", "invoicing:read"}


def test_c_32_after_it_was_disconnected_it_asks_the_user_again(world: McpWorld, assistant: NodeAssistant) -> None:
    assistant.call("list_invoices")
    world.disconnect_all()

    told = assistant.call("list_invoices")

    assert "fault" not in told, told
    assert len(assistant.consents) == 2
