"""Authlib pushes its request, asks about its tokens, narrows them, names an API, and connects a device."""

from collections.abc import Callable

import httpx
import pytest
from authlib.common.security import generate_token
from authlib.integrations.httpx_client import OAuth2Client
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from joserfc.jwk import KeySet, RSAKey
from test_device_clients import person_types

from consentry.oauth.client_metadata import DEVICE_CODE
from device_world import DEVICE_GRANT
from live_server import RegisteredClient, Site
from user_agent import introspect

pytestmark = pytest.mark.clients

CALLBACK = "http://127.0.0.1/callback"
API = "https://api.authlib.test"


def add_signing_app(site: Site) -> tuple[RegisteredClient, RSAKey]:
    key = RSAKey.generate_key(2048, {"alg": "RS256", "use": "sig", "kid": "one"})
    metadata = {
        "token_endpoint_auth_method": "private_key_jwt",
        "token_endpoint_auth_signing_alg": "RS256",
        "jwks": KeySet([key]).as_dict(private=False),
        "require_pushed_authorization_requests": True,
    }
    return site.add_app(redirect_uris=(CALLBACK,), metadata=metadata), key


@pytest.mark.interop(
    "Authlib",
    "pushed authorization requests",
    "private_key_jwt",
    "introspection",
    "resource indicators",
    "narrower scope at a refresh",
)
@pytest.mark.shows("RFC 9126 §2.2", "RFC 8707 §2.1", "RFC 6749 §6", "RFC 7523 §2.2 parameters")
def test_authlib_pushes_what_it_asks_for_and_narrows_it(
    site: Site, person_approves: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")
    api = site.add_resource("Authlib", API)
    app, key = add_signing_app(site)
    metadata = httpx.get(f"{site.issuer}/.well-known/oauth-authorization-server").json()
    endpoint, verifier = metadata["token_endpoint"], generate_token(48)
    with OAuth2Client(
        app.client_id,
        key.as_dict(private=True),
        token_endpoint_auth_method="private_key_jwt",
        code_challenge_method="S256",
        redirect_uri=CALLBACK,
    ) as session:
        session.register_client_auth_method(PrivateKeyJWT(endpoint, alg="RS256"))
        asked, state = session.create_authorization_url(
            metadata["authorization_endpoint"],
            code_verifier=verifier,
            scope="invoicing:read contacts:read",
            resource=API,
        )
        # The library makes the request and proves who asks; that it is pushed is the application's doing.
        pushed = session.post(
            metadata["pushed_authorization_request_endpoint"],
            data=dict(httpx.URL(asked).params),
            auth=session.client_auth("private_key_jwt"),
        ).json()
        pointing = httpx.URL(
            metadata["authorization_endpoint"],
            params={"client_id": app.client_id, "request_uri": pushed["request_uri"]},
        )
        back = person_approves(str(pointing))
        token = session.fetch_token(endpoint, authorization_response=back, state=state, code_verifier=verifier)
        wide = session.introspect_token(
            metadata["introspection_endpoint"], token=token["access_token"], auth=session.client_auth("private_key_jwt")
        ).json()
        narrower = session.refresh_token(endpoint, refresh_token=token["refresh_token"], scope="contacts:read")

    assert (wide["active"], wide["aud"]) == (True, API)
    assert set(wide["scope"].split()) == {"contacts:read", "invoicing:read"}
    assert introspect(site, api, narrower["access_token"]).json()["permissions"] == ["client.read"]


@pytest.mark.interop("Authlib", "device authorization")
@pytest.mark.shows("RFC 8628 §3.2 members", "RFC 8628 §3.4 request")
def test_authlib_connects_a_device(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")
    app = site.add_app(public=True, metadata=DEVICE_GRANT)
    metadata = httpx.get(f"{site.issuer}/.well-known/oauth-authorization-server").json()
    with OAuth2Client(app.client_id, token_endpoint_auth_method="none") as session:
        codes = session.post(
            metadata["device_authorization_endpoint"],
            data={"scope": "invoicing:read"},
            auth=session.client_auth("none"),
        ).json()
        person_types(site, {"device": codes})

        token = session.fetch_token(
            metadata["token_endpoint"], grant_type=DEVICE_CODE, device_code=codes["device_code"]
        )

    assert introspect(site, site.resource, token["access_token"]).json()["client_id"] == app.client_id
