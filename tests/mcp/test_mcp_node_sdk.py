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

    stepped = assistant.call("list_contacts")
    again = assistant.call("list_invoices")

    assert "fault" not in stepped, stepped
    assert [consent["scope"] for consent in assistant.consents] == ["invoicing:read", "contacts:read invoicing:read"]
    assert set(again["scope"].split()) == {"contacts:read", "invoicing:read"}
    # Refused, refreshed and refused, and without its refresh token sent to the user.
    assert [path for _, path, _ in stepped["seen"]].count("/oauth/token") == 2
    assert [status for _, path, status in stepped["seen"] if path == "/mcp"].count(403) == 3


def test_mc_08_the_sdk_left_to_itself_stops_after_one_refresh_and_loses_nothing(world: McpWorld) -> None:
    with node_assistant(world, steps_up=False) as assistant:
        assistant.call("list_invoices")
        stuck = assistant.call("list_contacts")
        again = assistant.call("list_invoices")

    assert (stuck["status"], len(assistant.consents)) == (403, 1)
    assert [path for _, path, _ in stuck["seen"]].count("/oauth/token") == 1
    assert [status for _, path, status in stuck["seen"] if path == "/mcp"].count(403) == 2
    assert "fault" not in again, again


def test_c_33_what_asking_cannot_bring_sends_it_nowhere(world: McpWorld) -> None:
    known = {"client_id": world.add_client(optional=()).client_id, "issuer": world.site.issuer}
    with node_assistant(world, client=known) as assistant:
        assistant.call("list_invoices")
        told = assistant.call("list_contacts")

    assert (told["status"], len(assistant.consents)) == (403, 1)
    assert "app_lacks_scope" in told["fault"]
    assert "/oauth/token" not in [path for _, path, _ in told["seen"]]


def test_c_33_while_the_organisation_refuses_it_keeps_its_tokens_and_goes_on_afterwards(world: McpWorld) -> None:
    with node_assistant(world) as assistant:
        assistant.call("list_invoices")
        with world.refusing_unverified():
            told = assistant.call("list_invoices")
        again = assistant.call("list_invoices")

    assert (told["status"], "org_policy" in told["fault"]) == (403, True)
    assert "fault" not in again, again
    assert len(assistant.consents) == 1


def test_started_again_with_what_it_kept_it_calls_and_asks_nobody(world: McpWorld, assistant: NodeAssistant) -> None:
    before = assistant.call("list_invoices")

    with node_assistant(world, client=before["client"], tokens=before["tokens"]) as again:
        called = again.call("list_invoices")

    assert "fault" not in called, called
    assert again.consents == []


def test_a_server_that_was_started_again_is_called_on_as_if_nothing_were(
    world: McpWorld, assistant: NodeAssistant
) -> None:
    assistant.call("list_invoices")
    world.restart()

    told = assistant.call("list_invoices")

    assert "fault" not in told, told
    assert len(assistant.consents) == 1


@pytest.mark.interop("@modelcontextprotocol/sdk", "refresh")
def test_it_refreshes_when_its_token_is_over_and_asks_nobody(world: McpWorld, assistant: NodeAssistant) -> None:
    before = assistant.call("list_invoices")
    world.let_access_tokens_expire()

    told = assistant.call("list_invoices")

    assert "fault" not in told, told
    assert told["tokens"]["access_token"] != before["tokens"]["access_token"]
    assert len(assistant.consents) == 1


@pytest.mark.parametrize("assistant", ["registers itself", "metadata document"], indirect=True)
def test_c_14_after_its_registration_was_removed_it_makes_itself_known_again(
    world: McpWorld, assistant: NodeAssistant
) -> None:
    before = assistant.call("list_invoices")
    world.remove_registration(before["client"]["client_id"])

    told = assistant.call("list_invoices")

    assert "fault" not in told, told
    assert len(assistant.consents) == 2


def test_c_32_after_it_was_disconnected_it_asks_the_user_again(world: McpWorld, assistant: NodeAssistant) -> None:
    assistant.call("list_invoices")
    world.disconnect_all()

    told = assistant.call("list_invoices")

    assert "fault" not in told, told
    assert len(assistant.consents) == 2
