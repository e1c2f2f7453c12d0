"""A deployment that connects no devices shows no trace of it."""

from collections.abc import Iterator

import httpx
import pytest

from consentry.oauth.client_metadata import DEVICE_CODE
from device_world import DEVICE_GRANT
from live_server import Site, people, serve_site
from small_world import SMALL_CATALOG
from user_agent import UserAgent, post


@pytest.fixture(scope="module")
def quiet(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder, settings = tmp_path_factory.mktemp("quiet"), {"CONSENTRY_DEVICE_AUTHORIZATION": "false"}
    with serve_site(module_database_url, folder, SMALL_CATALOG, settings=settings) as served:
        yield people(served)


@pytest.mark.parametrize("module_database_url", ["sqlite"], indirect=True)
def test_neither_endpoint_nor_page_nor_grant_is_there(quiet: Site) -> None:
    app = quiet.add_app(public=True, metadata=DEVICE_GRANT)
    metadata = httpx.get(f"{quiet.issuer}/.well-known/oauth-authorization-server").json()

    assert "device_authorization_endpoint" not in metadata
    assert DEVICE_CODE not in metadata["grant_types_supported"]
    assert post(quiet, "/oauth/device_authorization", app, {}).status_code == 404
    answer = post(quiet, "/oauth/token", app, {"grant_type": DEVICE_CODE, "device_code": "x"})
    assert (answer.status_code, answer.json()["error"]) == (400, "unsupported_grant_type")
    with UserAgent(quiet) as agent:
        agent.sign_in(quiet.ana)
        assert agent.get("/device").status_code == 404
