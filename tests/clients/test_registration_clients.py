"""Client libraries that we did not write register themselves (RFC 7591), and connect at once."""

from collections.abc import Iterator

import pytest
from node_program import converse

from live_server import Site, people, serve_site
from small_world import SMALL_CATALOG
from user_agent import UserAgent

pytestmark = pytest.mark.clients

CALLBACK = "http://127.0.0.1/callback"
SCOPE = "invoicing:read contacts:read"


@pytest.fixture(scope="module")
def open_site(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server where every program may register."""
    settings = {"CONSENTRY_DYNAMIC_REGISTRATION": "open"}
    with serve_site(module_database_url, tmp_path_factory.mktemp("site"), SMALL_CATALOG, settings=settings) as served:
        yield people(served)


@pytest.mark.interop("openid-client", "dynamic registration")
@pytest.mark.shows("RFC 7591 §3.2.1 client-id", "RFC 7591 §3.2.1 all-metadata")
@pytest.mark.parametrize("method", ["none", "client_secret_basic", "client_secret_post", None])
def test_openid_client_registers_and_connects(open_site: Site, method: str | None) -> None:
    given = {"issuer": open_site.issuer, "redirect_uri": CALLBACK, "method": method, "scope": SCOPE}
    with UserAgent(open_site) as agent:

        def approve(said: dict[str, str]) -> str:
            page = agent.sign_in(open_site.ana, said["authorize"])
            location: str = agent.answer(page).headers["location"]
            return location

        done = converse("openid-client-registration", given, approve)

    # A library that names no method, but sends its secret in the body, gets through: what is absent restricts nothing.
    assert method is None or done["client"]["token_endpoint_auth_method"] == method
    assert done["tokens"]["access_token"]


@pytest.mark.interop("oauth4webapi", "dynamic registration")
@pytest.mark.shows("RFC 7591 §3.2.1 created", "RFC 7591 §3.2.1 secret-expiry")
def test_oauth4webapi_registers(open_site: Site) -> None:
    given = {"issuer": open_site.issuer, "redirect_uri": CALLBACK, "method": "client_secret_basic", "scope": SCOPE}

    done = converse("oauth4webapi-registration", given, str)

    assert done["client_id"]
    assert done["client_secret_expires_at"] == 0
