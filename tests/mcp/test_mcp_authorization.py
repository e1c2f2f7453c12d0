"""What the server does with the requests that MCP clients really send: rows C-20 to C-26."""

import httpx
import pytest
from mcp_world import McpWorld

from live_server import RegisteredClient
from user_agent import STATE, UserAgent, authorize_url, connect, exchange, form_to, query_of

LOOPBACK = "http://localhost/callback"


def call(world: McpWorld, bearer: str, tool: str = "list_invoices") -> httpx.Response:
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": tool, "arguments": {}}}
    headers = {"Authorization": f"Bearer {bearer}", "Accept": "application/json, text/event-stream"}
    return httpx.post(world.url, json=message, headers=headers)


def register(world: McpWorld, **changes: object) -> RegisteredClient:
    """Let a program register itself."""
    body = {
        "client_name": "Assistant",
        "redirect_uris": [LOOPBACK],
        "token_endpoint_auth_method": "none",
        "grant_types": ["authorization_code", "refresh_token"],
        **changes,
    }
    told = httpx.post(f"{world.site.issuer}/oauth/register", json=body)
    assert told.status_code == 201, told.text
    return RegisteredClient(told.json()["client_id"], None, told.json()["redirect_uris"][0])


@pytest.mark.shows("RFC 8252 §7.3")
@pytest.mark.parametrize(
    ("registered", "sent"),
    [
        ("http://localhost/callback", "http://localhost:3118/callback"),
        ("http://127.0.0.1/callback", "http://127.0.0.1:52711/callback"),
        ("http://[::1]:1/callback", "http://[::1]:52711/callback"),
    ],
)
def test_c_20_a_program_on_the_users_computer_may_listen_at_any_port(
    world: McpWorld, registered: str, sent: str
) -> None:
    client = world.add_client(redirect_uris=(registered,))

    tokens = world.connect(RegisteredClient(client.client_id, None, sent), scope="invoicing:read")

    assert call(world, tokens["access_token"]).status_code == 200


@pytest.mark.parametrize("sent", ["http://localhost/other", "http://127.0.0.1/callback", "https://localhost/callback"])
def test_c_20_nothing_else_may_differ_and_nobody_is_sent_anywhere(world: McpWorld, sent: str) -> None:
    client = world.add_client(redirect_uris=(LOOPBACK,))

    told = httpx.get(authorize_url(world.site.issuer, RegisteredClient(client.client_id, None, sent)))

    assert told.status_code == 400
    assert told.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize(
    "changes", [{"code_challenge_method": "plain"}, {"code_challenge": None, "code_challenge_method": None}]
)
def test_c_21_without_s256_there_is_no_code(
    world: McpWorld, client: RegisteredClient, changes: dict[str, str | None]
) -> None:
    with UserAgent(world.site) as agent:
        told = agent.sign_in(
            world.site.ana, authorize_url(world.site.issuer, client, scope="invoicing:read", **changes)
        )

    assert query_of(told.headers["location"])["error"] == "invalid_request"


def test_c_22_the_resource_is_taken_at_every_step_and_fixed(world: McpWorld, client: RegisteredClient) -> None:
    asked = {"scope": "invoicing:read", "resource": world.url}
    with UserAgent(world.site) as agent:
        agent.sign_in(world.site.ana)
        code = agent.approve(client, **asked)["code"]
        good = exchange(world.site, client, code, resource=world.url).json()
        code = agent.approve(client, **asked)["code"]
        other = exchange(world.site, client, code, resource="https://api.books.test").json()

    assert call(world, good["access_token"]).status_code == 200
    assert other["error"] == "invalid_target"


def test_c_22_a_token_for_another_api_is_refused(world: McpWorld, client: RegisteredClient) -> None:
    tokens = world.connect(client, scope="invoicing:read", resource="https://api.books.test/")

    told = call(world, tokens["access_token"])

    assert (told.status_code, told.json()["reason"]) == (401, "wrong_audience")


def test_c_22_each_api_of_a_host_has_tokens_of_its_own(world: McpWorld, client: RegisteredClient) -> None:
    beside = f"{world.origin}/other/mcp"
    world.site.add_resource("Another one there", beside)

    here = world.connect(client, scope="invoicing:read")
    there = world.connect(client, scope="invoicing:read", resource=beside)

    assert call(world, here["access_token"]).status_code == 200
    assert call(world, there["access_token"]).json()["reason"] == "wrong_audience"


def test_c_22_a_client_that_names_no_resource_is_served(world: McpWorld, client: RegisteredClient) -> None:
    tokens = connect(world.site, client, world.site.ana, scope="invoicing:read")

    assert call(world, tokens["access_token"]).status_code == 200


def test_c_22_an_api_that_nobody_registered_is_an_invalid_target(world: McpWorld, client: RegisteredClient) -> None:
    with UserAgent(world.site) as agent:
        url = authorize_url(world.site.issuer, client, scope="invoicing:read", resource="https://elsewhere.test/mcp")
        told = agent.sign_in(world.site.ana, url)

    assert query_of(told.headers["location"])["error"] == "invalid_target"


@pytest.mark.parametrize(
    ("asked", "granted"),
    [
        ("invoicing:read claudeai offline_access", {"invoicing:read"}),
        ("invoicing:read banking:write payments:write", {"invoicing:read"}),
        ("invoicing:read contacts:read", {"invoicing:read", "contacts:read"}),
    ],
)
def test_c_23_what_a_program_may_not_have_is_left_out_and_it_is_told_what_it_got(
    world: McpWorld, asked: str, granted: set[str]
) -> None:
    tokens = world.connect(register(world), scope=asked)

    assert set(tokens["scope"].split()) - {"offline_access"} == granted


def test_c_23_a_program_that_asks_for_everything_in_the_metadata_gets_what_it_may_have(world: McpWorld) -> None:
    metadata = httpx.get(f"{world.site.issuer}/.well-known/oauth-authorization-server").json()

    tokens = world.connect(register(world), scope=" ".join(metadata["scopes_supported"]))

    assert "invoicing:read" in tokens["scope"].split()
    assert "payments:write" not in tokens["scope"].split()


def test_c_23_offline_access_that_nobody_declared_is_ignored(world: McpWorld, client: RegisteredClient) -> None:
    tokens = world.connect(client, scope="invoicing:read offline_access")

    assert (tokens["scope"], "refresh_token" in tokens) == ("invoicing:read", True)


@pytest.mark.shows("RFC 9207 §2")
def test_c_24_success_and_error_name_the_issuer_and_give_the_state_back(
    world: McpWorld, client: RegisteredClient
) -> None:
    with UserAgent(world.site) as agent:
        page = agent.sign_in(world.site.ana, authorize_url(world.site.issuer, client, prompt="consent"))
        refused = query_of(agent.answer(page, "decline").headers["location"])
        page = agent.open_consent(authorize_url(world.site.issuer, client, prompt="consent"))
        approved = query_of(agent.answer(page).headers["location"])

    assert approved.keys() == {"code", "state", "iss"}
    assert refused.keys() == {"error", "error_description", "state", "iss"}
    assert {approved["state"], refused["state"]} == {STATE}
    assert {approved["iss"], refused["iss"]} == {world.site.issuer}


@pytest.mark.parametrize("state", ["a b+c%20&d=e", '{"n":"é"}', "x" * 500], ids=["signs", "json", "long"])
def test_c_24_the_state_comes_back_to_the_letter(world: McpWorld, client: RegisteredClient, state: str) -> None:
    with UserAgent(world.site) as agent:
        page = agent.sign_in(world.site.ana, authorize_url(world.site.issuer, client, state=state, prompt="consent"))
        told = query_of(agent.answer(page).headers["location"])

    assert told["state"] == state


def test_c_25_what_the_user_unticks_is_not_granted_and_asked_for_anew_alone(world: McpWorld) -> None:
    client = world.add_client()
    asked = {"scope": "invoicing:read contacts:read", "resource": world.url}
    with UserAgent(world.site) as agent:
        agent.sign_in(world.site.ana)
        page = agent.open_consent(authorize_url(world.site.issuer, client, **asked))
        answer = agent.answer(page, untick=frozenset({"contacts:read"}))
        first = exchange(world.site, client, query_of(answer.headers["location"])["code"]).json()
        denied = call(world, first["access_token"], "list_contacts")

        asked["scope"] += " invoicing:write"
        page = agent.open_consent(authorize_url(world.site.issuer, client, **asked))
        shown = {value for name, value in form_to(page.text, "/consent").choices if name == "scope"}
        answer = agent.answer(page)
        second = exchange(world.site, client, query_of(answer.headers["location"])["code"]).json()

    assert first["scope"] == "invoicing:read"
    assert denied.status_code == 403
    assert "invoicing:write" in shown
    assert "invoicing:read" not in shown
    assert {"invoicing:read", "invoicing:write"} <= set(second["scope"].split())


def test_c_26_a_program_that_anybody_could_be_is_never_let_in_silently(world: McpWorld) -> None:
    client = register(world, client_name="Assistant of C-26")
    asked = {"scope": "invoicing:read", "resource": world.url}
    world.connect(client, **asked)

    with UserAgent(world.site) as agent:
        page = agent.sign_in(world.site.ana, authorize_url(world.site.issuer, client, **asked))

    assert not page.is_redirect
    assert "/consent" in str(page.url)


def test_c_33_who_may_not_connect_it_reads_why_and_what_to_do_and_the_app_is_told_no(world: McpWorld) -> None:
    client = register(world, client_name="Assistant of C-33")
    url = authorize_url(world.site.issuer, client, scope="invoicing:read", resource=world.url)

    with world.refusing_unverified(), UserAgent(world.site) as agent:
        page = agent.sign_in(world.site.ana, url)
        form = form_to(page.text, "/consent")
        forged = agent.submit(form, [*form.fields, ("decision", "approve")])
        told = query_of(agent.answer(agent.open_consent(url), "decline").headers["location"])
        silent = query_of(agent.get(f"{url}&prompt=none").headers["location"])

    assert "You cannot approve this" in page.text
    assert "Acme Books does not let its members connect apps that registered themselves" in page.text
    assert "Ask an administrator of the organisation" in page.text
    assert 'value="approve"' not in page.text
    assert (forged.status_code, "location" in forged.headers) == (409, False)
    assert (told["error"], silent["error"]) == ("access_denied", "consent_required")
