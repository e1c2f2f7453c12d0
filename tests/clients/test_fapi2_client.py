"""openid-client goes the whole way as FAPI 2.0 wants it, as a client of examples/conformance."""

import json

import pytest
from node_program import converse

from conformance_server import ConformanceServer
from openid_suite import Browser

pytestmark = [pytest.mark.clients, pytest.mark.parametrize("lend_database", ["sqlite"], indirect=True)]


@pytest.mark.interop(
    "openid-client", "pushed authorization requests", "private_key_jwt", "DPoP", "OpenID Connect login", "UserInfo"
)
@pytest.mark.shows("RFC 9126 §4 used", "RFC 9449 §5 token-type", "RFC 9449 §7.2 no-bearer", "RFC 7523 §3 signature")
def test_openid_client_pushes_signs_and_binds(conformance_server: ConformanceServer) -> None:
    told = json.loads((conformance_server.folder / "fapi2.json").read_text("utf-8"))
    client = told["client"]
    given = {
        "issuer": conformance_server.issuer,
        "client_id": client["client_id"],
        "jwk": client["jwks"]["keys"][0],
        "redirect_uri": conformance_server.clients[0].redirect_uri.replace("/a/consentry/", "/a/consentry-fapi2/"),
        "scope": client["scope"],
    }
    with Browser(conformance_server) as browser:

        def approve(said: dict[str, str]) -> str:
            walk = browser.go(said["authorize"])
            assert walk.location is not None, walk.end and walk.end.text
            return walk.location

        done = converse(
            "openid-client-fapi2",
            given,
            approve,
            environ={"NODE_EXTRA_CA_CERTS": str(conformance_server.folder / "tls.pem")},
        )

    assert sorted(done["sent"]) == ["client_id", "request_uri"]
    assert done["type"].lower() == "dpop"
    assert done["told"]["email"] == conformance_server.person["email"]
    assert done["bare"] == 401
