"""oauth4webapi has the answer about a token signed, and checks it."""

import pytest
from node_program import converse

from live_server import Site
from user_agent import connect

pytestmark = pytest.mark.clients


def nothing(said: dict[str, object]) -> object:
    raise AssertionError(f"nothing is asked: {said}")


@pytest.mark.interop("oauth4webapi", "signed introspection (RFC 9701)")
@pytest.mark.shows("RFC 9701 §5 aud", "RFC 9701 §5 signed")
def test_oauth4webapi_checks_a_signed_answer(site: Site) -> None:
    app = site.add_app()
    token = connect(site, app, site.ana)["access_token"]

    told = converse(
        "oauth4webapi-signed-introspection",
        {"issuer": site.issuer, "client_id": app.client_id, "client_secret": app.secret, "token": token},
        nothing,
    )

    assert told["active"] is True
    assert told["client_id"] == app.client_id
