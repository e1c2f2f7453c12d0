"""A JavaScript library pushes its authorization request, and acts by itself."""

from collections.abc import Callable

import pytest
from node_program import converse

from live_server import OPERATOR, Site
from user_agent import introspect

pytestmark = pytest.mark.clients
LOOPBACK = "http://127.0.0.1/callback"


@pytest.mark.interop("oauth4webapi", "pushed authorization requests", "client credentials")
def test_oauth4webapi_pushes_and_acts_by_itself(site: Site, person_approves: Callable[[str], str]) -> None:
    app = site.add_app(redirect_uris=(LOOPBACK,), metadata={"require_pushed_authorization_requests": True})
    site.run(site.deeds.services.members.allow(OPERATOR, app.client_id))
    given = {"issuer": site.issuer, **app.post, "redirect_uri": LOOPBACK, "scope": "contacts:read"}

    done = converse("oauth4webapi-pushed", given, lambda said: person_approves(said["authorize"]))

    people = [introspect(site, site.resource, done[name]["access_token"]).json()["sub"] for name in ("token", "own")]
    assert people == [site.ana.id, f"usr_{app.client_id.removeprefix('app_')}"]
    assert "refresh_token" not in done["own"]
