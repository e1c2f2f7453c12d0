"""requests-oauthlib goes the whole way, as a confidential and as a public app."""

from collections.abc import Callable

import httpx
import pytest
from requests.auth import HTTPBasicAuth
from requests_oauthlib import OAuth2Session

from live_server import RegisteredClient, Site
from user_agent import introspect, is_active

pytestmark = pytest.mark.clients


@pytest.mark.interop("requests-oauthlib", "authorization code with PKCE", "refresh", "revocation")
def test_requests_oauthlib_connects_calls_refreshes_and_revokes(
    site: Site, client: RegisteredClient, person_approves: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    metadata = httpx.get(f"{site.issuer}/.well-known/oauth-authorization-server").json()
    auth = HTTPBasicAuth(client.client_id, client.secret) if client.secret else None
    with OAuth2Session(
        client.client_id,
        redirect_uri=client.redirect_uri,
        scope=["contacts:read", "invoicing:read"],
        pkce="S256",
    ) as session:
        url, _ = session.authorization_url(metadata["authorization_endpoint"])

        token = session.fetch_token(
            metadata["token_endpoint"],
            authorization_response=person_approves(url),
            auth=auth,
            include_client_id=client.secret is None,
        )

        assert introspect(site, site.resource, token["access_token"]).json()["permissions"] == [
            "client.read",
            "invoice.read",
        ]
        refreshed = session.refresh_token(metadata["token_endpoint"], auth=auth, client_id=client.client_id)
        assert refreshed["access_token"] != token["access_token"]
        assert is_active(site, refreshed["access_token"])
        answer = session.post(
            metadata["revocation_endpoint"],
            data={"token": refreshed["refresh_token"], **({} if auth else {"client_id": client.client_id})},
            auth=auth,
            withhold_token=True,
        )
        assert answer.status_code == 200
        assert not is_active(site, refreshed["access_token"])
