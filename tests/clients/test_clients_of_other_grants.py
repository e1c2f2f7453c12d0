"""Python client libraries that we did not write: client credentials, and a client that signs."""

import httpx
import pytest
from authlib.integrations.httpx_client import OAuth2Client
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from joserfc.jwk import KeySet, RSAKey
from oauthlib.oauth2 import BackendApplicationClient
from requests.auth import HTTPBasicAuth
from requests_oauthlib import OAuth2Session

from live_server import OPERATOR, RegisteredClient, Site
from user_agent import introspect

pytestmark = pytest.mark.clients


def let_act(site: Site, app: RegisteredClient) -> RegisteredClient:
    site.run(site.deeds.services.members.allow(OPERATOR, app.client_id))
    return app


@pytest.mark.interop("requests-oauthlib", "client credentials")
@pytest.mark.shows("RFC 6749 §4.4.2 authenticated")
def test_requests_oauthlib_acts_by_itself(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    app = let_act(site, site.add_app())

    with OAuth2Session(client=BackendApplicationClient(client_id=app.client_id)) as session:
        token = session.fetch_token(
            f"{site.issuer}/oauth/token", auth=HTTPBasicAuth(app.client_id, app.secret), scope=["contacts:read"]
        )

    assert token["scope"] == ["contacts:read"]
    assert introspect(site, site.resource, token["access_token"]).json()["permissions"] == ["client.read"]


@pytest.mark.shows("RFC 9700 §2.5 asymmetric")
@pytest.mark.interop("Authlib", "client credentials", "private_key_jwt")
@pytest.mark.shows("RFC 7523 §2.2 parameters", "RFC 7523 §3 signature")
def test_authlib_signs_and_acts_by_itself(site: Site) -> None:
    key = RSAKey.generate_key(2048, {"alg": "RS256", "use": "sig", "kid": "one"})
    endpoint = f"{site.issuer}/oauth/token"
    metadata = {
        "token_endpoint_auth_method": "private_key_jwt",
        "token_endpoint_auth_signing_alg": "RS256",
        "jwks": KeySet([key]).as_dict(private=False),
    }
    app = let_act(site, site.add_app(metadata=metadata))
    with OAuth2Client(
        app.client_id, key.as_dict(private=True), token_endpoint_auth_method="private_key_jwt", scope="contacts:read"
    ) as session:
        session.register_client_auth_method(PrivateKeyJWT(endpoint, alg="RS256"))

        token = session.fetch_token(endpoint, grant_type="client_credentials")

    assert introspect(site, site.resource, token["access_token"]).json()["client_id"] == app.client_id
    assert httpx.post(endpoint, data={**app.post, "grant_type": "client_credentials"}).status_code == 401
