"""What a client that knows nothing but the URL finds: rows C-01 to C-07, and C-35 to C-37."""

import json
from typing import Any

import httpx
import pytest
from mcp_world import McpWorld

ORIGIN = "https://inspector.test"
HELLO = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
WELL_KNOWN = "/.well-known/oauth-protected-resource"


def post(world: McpWorld, bearer: str | None = None, message: object = HELLO, **more: Any) -> httpx.Response:
    headers = {"Accept": "application/json, text/event-stream", **more.pop("headers", {})}
    if bearer is not None:
        headers["Authorization"] = f"Bearer {bearer}"
    return httpx.post(world.url, json=message, headers=headers, **more)


@pytest.mark.shows("RFC 9728 §5.1", "RFC 6750 §3")
@pytest.mark.parametrize(("bearer", "error"), [(None, None), ("cst_at_nonsense", "invalid_token")])
def test_c_01_a_401_names_the_metadata_and_the_scopes_to_begin_with(
    world: McpWorld, bearer: str | None, error: str | None
) -> None:
    told = post(world, bearer)

    challenge = told.headers["www-authenticate"]
    assert told.status_code == 401
    assert f'resource_metadata="{world.origin}{WELL_KNOWN}/mcp"' in challenge
    assert 'scope="invoicing:read"' in challenge
    assert (f'error="{error}"' in challenge) == (error is not None)


@pytest.mark.parametrize("method", ["GET", "DELETE", "PUT"])
def test_c_01_every_method_is_challenged(world: McpWorld, method: str) -> None:
    assert httpx.request(method, world.url).status_code == 401


@pytest.mark.shows("RFC 9728 §3.1", "RFC 9728 §3.3")
@pytest.mark.parametrize("path", [WELL_KNOWN, f"{WELL_KNOWN}/mcp"])
def test_c_02_the_metadata_stand_at_both_places_whether_or_not_a_call_came_before(world: McpWorld, path: str) -> None:
    told = httpx.get(world.origin + path)

    assert told.headers["content-type"] == "application/json"
    assert told.json() == {
        "resource": world.url,
        "authorization_servers": [world.site.issuer],
        "bearer_methods_supported": ["header"],
        "scopes_supported": ["invoicing:read"],
        "resource_name": "Tallybook",
    }


def test_c_03_the_server_calls_itself_what_the_metadata_call_it(world: McpWorld) -> None:
    [issuer] = httpx.get(world.origin + WELL_KNOWN).json()["authorization_servers"]

    assert httpx.get(f"{issuer}/.well-known/oauth-authorization-server").json()["issuer"] == issuer


def test_c_04_the_openid_configuration_is_whole_or_not_there(world: McpWorld) -> None:
    told = httpx.get(f"{world.site.issuer}/.well-known/openid-configuration")

    needed = {"issuer", "authorization_endpoint", "token_endpoint", "jwks_uri", "subject_types_supported"}
    assert told.status_code == 404 or {*needed, "id_token_signing_alg_values_supported"} <= told.json().keys()


@pytest.mark.shows("RFC 8414 §2")
def test_c_05_the_server_says_all_that_clients_look_for(world: McpWorld) -> None:
    told = httpx.get(f"{world.site.issuer}/.well-known/oauth-authorization-server").json()

    assert told["code_challenge_methods_supported"] == ["S256"]
    assert {"authorization_code", "refresh_token"} <= set(told["grant_types_supported"])
    methods = set(told["token_endpoint_auth_methods_supported"])
    assert {"none", "client_secret_basic", "client_secret_post", "private_key_jwt"} <= methods
    assert told["client_id_metadata_document_supported"] is True
    assert told["authorization_response_iss_parameter_supported"] is True
    assert "offline_access" in told["scopes_supported"]
    assert {"registration_endpoint", "revocation_endpoint", "introspection_endpoint"} <= told.keys()


@pytest.mark.parametrize("path", [WELL_KNOWN, f"{WELL_KNOWN}/mcp", "/mcp"])
def test_c_06_a_script_of_any_origin_may_ask_first(world: McpWorld, path: str) -> None:
    asked = {
        "Origin": ORIGIN,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type,mcp-protocol-version,mcp-method,mcp-name",
    }

    told = httpx.options(world.origin + path, headers=asked)

    allowed = {name.strip() for name in told.headers["access-control-allow-headers"].lower().split(",")}
    assert told.status_code == 204
    assert told.headers["access-control-allow-origin"] == "*"
    assert set(asked["Access-Control-Request-Headers"].split(",")) <= allowed
    assert "POST" in told.headers["access-control-allow-methods"]


def test_c_06_a_script_may_read_every_answer_and_its_challenge(world: McpWorld, token: str) -> None:
    call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "list_contacts"}}
    unreadable = httpx.post(world.url, content=b"{", headers={"Authorization": f"Bearer {token}"})
    answers = [post(world), post(world, token, call), post(world, token), unreadable]

    assert [told.status_code for told in answers] == [401, 403, 200, 400]
    for told in answers:
        assert told.headers.get_list("access-control-allow-origin") == ["*"]
        assert "WWW-Authenticate" in told.headers["access-control-expose-headers"]


@pytest.mark.parametrize("path", ["/oauth/token", "/oauth/revoke", "/oauth/register"])
def test_c_06_the_servers_own_endpoints_may_be_called_too(world: McpWorld, path: str) -> None:
    told = httpx.options(world.site.issuer + path, headers={"Origin": ORIGIN, "Access-Control-Request-Method": "POST"})

    assert (told.status_code, told.headers["access-control-allow-origin"]) == (204, "*")


def test_c_07_discovery_and_registration_answer_at_once(world: McpWorld) -> None:
    metadata = httpx.get(f"{world.site.issuer}/.well-known/oauth-authorization-server", timeout=10).json()
    body = {"redirect_uris": ["http://127.0.0.1/callback"], "token_endpoint_auth_method": "none"}

    # A client gives up after ten seconds; httpx does so here.
    assert httpx.get(world.origin + WELL_KNOWN, timeout=10).status_code == 200
    assert httpx.post(metadata["registration_endpoint"], json=body, timeout=10).status_code == 201


@pytest.mark.shows("RFC 6750 §2.3")
def test_c_35_a_token_in_the_address_is_refused(world: McpWorld, token: str) -> None:
    told = httpx.post(f"{world.url}?access_token={token}", json=HELLO)

    assert told.status_code == 400
    assert "address" in told.json()["error_description"]


def test_c_36_a_token_that_was_just_issued_is_good_where_it_was_meant_for(world: McpWorld, token: str) -> None:
    told = post(world, token)

    assert (told.status_code, json.loads(told.text)["result"]) == (200, {})


def test_c_37_the_url_that_people_are_given_answers_itself(world: McpWorld, token: str) -> None:
    for told in (post(world), post(world, token)):
        assert not told.is_redirect
        assert told.history == []
