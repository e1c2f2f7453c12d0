"""Authlib goes the whole way, as a confidential and as a public app."""

from collections.abc import Callable

import httpx
import pytest
from authlib.common.security import generate_token
from authlib.integrations.httpx_client import OAuth2Client

from live_server import RegisteredClient, Site
from user_agent import introspect, is_active

pytestmark = pytest.mark.clients


@pytest.mark.interop("Authlib", "authorization code with PKCE", "refresh", "revocation")
@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
def test_authlib_connects_calls_refreshes_and_revokes(
    site: Site,
    client: RegisteredClient,
    person_approves: Callable[[str], str],
    method: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")
    metadata = httpx.get(f"{site.issuer}/.well-known/oauth-authorization-server").json()
    with OAuth2Client(
        client.client_id,
        client.secret,
        token_endpoint_auth_method=method if client.secret else "none",
        code_challenge_method="S256",
        redirect_uri=client.redirect_uri,
        scope="invoicing:read contacts:read",
        token_endpoint=metadata["token_endpoint"],
        revocation_endpoint_auth_method=method if client.secret else "none",
    ) as session:
        verifier = generate_token(48)
        url, state = session.create_authorization_url(metadata["authorization_endpoint"], code_verifier=verifier)

        token = session.fetch_token(authorization_response=person_approves(url), state=state, code_verifier=verifier)

        assert introspect(site, site.resource, token["access_token"]).json()["permissions"] == [
            "client.read",
            "invoice.read",
        ]
        refreshed = session.refresh_token(metadata["token_endpoint"], refresh_token=token["refresh_token"])
        assert refreshed["access_token"] != token["access_token"]
        assert is_active(site, refreshed["access_token"])
        answer = session.revoke_token(
            metadata["revocation_endpoint"], token=refreshed.get("refresh_token"), token_type_hint="refresh_token"
        )
        assert answer.status_code == 200
        assert not is_active(site, refreshed["access_token"])
