"""oauth4webapi and openid-client go the whole way, as a confidential and as a public app.

Each runs in Node and talks to the test in lines of JSON; the test plays the person and the product's API.
"""

from collections.abc import Callable
from typing import Any

import pytest
from node_program import converse

from live_server import RegisteredClient, Site
from user_agent import introspect, is_active

pytestmark = pytest.mark.clients


@pytest.mark.interop(
    "oauth4webapi", "discovery", "authorization code with PKCE", "refresh", "introspection", "revocation"
)
@pytest.mark.interop(
    "openid-client", "discovery", "authorization code with PKCE", "refresh", "introspection", "revocation"
)
@pytest.mark.parametrize("library", ["oauth4webapi", "openid-client"])
def test_a_javascript_client_connects_calls_refreshes_and_revokes(
    site: Site, client: RegisteredClient, person_approves: Callable[[str], str], library: str
) -> None:
    given = {
        "issuer": site.issuer,
        "client_id": client.client_id,
        "client_secret": client.secret,
        "redirect_uri": client.redirect_uri,
        "scope": "invoicing:read contacts:read",
    }
    tokens: list[dict[str, Any]] = []

    def answer(said: dict[str, Any]) -> object:
        if "authorize" in said:
            return person_approves(said["authorize"])
        tokens.append(said["token"])
        found = introspect(site, site.resource, said["token"]["access_token"]).json()
        assert found["permissions"] == ["client.read", "invoice.read"]
        return "ok"

    converse(library, given, answer)

    assert tokens[0]["access_token"] != tokens[1]["access_token"]
    assert not any(is_active(site, token["access_token"]) for token in tokens)
