"""JavaScript libraries sign instead of sending a secret, and bind their tokens to a key, with nonces and without."""

from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from node_program import converse

from client_keys import a_key, key_set
from live_server import Site, people, serve_site
from small_world import SMALL_CATALOG
from user_agent import UserAgent

pytestmark = pytest.mark.clients

LOOPBACK = "http://127.0.0.1/callback"


@pytest.fixture(params=[False, True], ids=["without nonces", "with nonces"])
def bound_site(request: pytest.FixtureRequest, database_url: str, tmp_path: Path) -> Iterator[Site]:
    settings = {"CONSENTRY_DPOP_NONCES": str(request.param).lower()}
    with serve_site(database_url, tmp_path, SMALL_CATALOG, settings=settings) as served:
        yield people(served)


@pytest.mark.interop("oauth4webapi", "pushed authorization requests", "private_key_jwt", "DPoP", "DPoP nonces")
@pytest.mark.interop("openid-client", "pushed authorization requests", "private_key_jwt", "DPoP", "DPoP nonces")
@pytest.mark.shows(
    "RFC 7523 §3 signature",
    "RFC 9449 §5 bound",
    "RFC 9449 §8 nonce-error",
    "RFC 9449 §7.2 no-bearer",
    "RFC 9449 §6.2 introspection",
)
@pytest.mark.parametrize("library", ["oauth4webapi", "openid-client"])
def test_a_javascript_client_signs_binds_and_calls(bound_site: Site, library: str) -> None:
    site, key = bound_site, a_key("ES256")
    metadata = {"token_endpoint_auth_method": "private_key_jwt", "jwks": key_set(key)}
    client = site.add_app(redirect_uris=(LOOPBACK,), metadata=metadata)
    given = {
        "issuer": site.issuer,
        "client_id": client.client_id,
        "jwk": {**key.key.as_dict(private=True), "kid": key.kid},
        "redirect_uri": LOOPBACK,
        "scope": "invoicing:read contacts:read",
        "api": f"{site.issuer}/api/v1/me/access",
    }
    with UserAgent(site) as agent:
        done = converse(f"{library}-dpop", given, _approving(site, agent))

    assert [kind.lower() for kind in done["types"]] == ["dpop", "dpop"]
    assert (done["status"], done["bare"]) == (200, 401)
    assert (done["told"]["active"], done["told"]["token_type"]) == (True, "DPoP")
    assert len(done["told"]["cnf"]["jkt"]) == 43
    if library == "oauth4webapi":
        # The other one sends its request again by itself, and does not tell.
        assert (done["nonces"] > 0) == site.deeds.settings.dpop_nonces


def _approving(site: Site, agent: UserAgent) -> Callable[[dict[str, str]], str]:
    def approve(said: dict[str, str]) -> str:
        assert urlsplit(said["authorize"]).path == "/oauth/authorize"
        page = agent.sign_in(site.ana, said["authorize"])
        location: str = agent.answer(page).headers["location"]
        return location

    return approve
