"""JavaScript libraries on a device ask for codes, and get tokens once a person has typed one."""

from collections.abc import Mapping
from typing import Any

import pytest
from node_program import converse

from device_world import DEVICE_GRANT
from live_server import RegisteredClient, Site
from user_agent import UserAgent, form_to, introspect

pytestmark = pytest.mark.clients


def person_types(site: Site, said: Mapping[str, Any]) -> str:
    """Open the address with the code in it, compare, and approve."""
    with UserAgent(site) as agent:
        page = agent.sign_in(site.ana, said["device"]["verification_uri_complete"])
        for action, decision in (("/device", None), ("/device/confirm", "continue"), ("/device/consent", "approve")):
            form = form_to(page.text, action)
            page = agent.submit(form, form.fields + ([("decision", decision)] if decision else []))
    assert "Your device is connected" in page.text
    return "ok"


def connects(site: Site, library: str, *, public: bool) -> Mapping[str, Any]:
    app: RegisteredClient = site.add_app(public=public, metadata=DEVICE_GRANT)
    given = {"issuer": site.issuer, **app.post, "scope": "invoicing:read"}
    done: Mapping[str, Any] = converse(library, given, lambda said: person_types(site, said))
    assert introspect(site, site.resource, done["token"]["access_token"]).json()["client_id"] == app.client_id
    return done


@pytest.mark.interop("oauth4webapi", "device authorization")
@pytest.mark.shows("RFC 8628 §3.2 members", "RFC 8628 §3.4 request", "RFC 8628 §3.5 slow-down")
@pytest.mark.parametrize("public", [True, False])
def test_oauth4webapi_connects_a_device(site: Site, *, public: bool) -> None:
    done = connects(site, "oauth4webapi-device", public=public)

    assert done["errors"] == ["authorization_pending", "slow_down"]


@pytest.mark.interop("openid-client", "device authorization")
@pytest.mark.shows("RFC 8628 §3.2 members", "RFC 8628 §3.4 request", "RFC 8628 §4 metadata")
def test_openid_client_connects_a_device(site: Site) -> None:
    assert connects(site, "openid-client-device", public=True)["token"]["refresh_token"]
