"""JavaScript libraries get the answer by form post, for one API, narrow what they have, and act by themselves."""

import pytest
from node_program import converse

from live_server import OPERATOR, Site
from user_agent import UserAgent, form_to, introspect

pytestmark = pytest.mark.clients

CALLBACK = "http://127.0.0.1/callback"
API = "https://api.interop.test"


@pytest.mark.interop(
    "openid-client",
    "client credentials",
    "response_mode=form_post",
    "resource indicators",
    "narrower scope at a refresh",
    "issuer in the answer (RFC 9207)",
)
@pytest.mark.interop(
    "oauth4webapi",
    "client credentials",
    "response_mode=form_post",
    "resource indicators",
    "narrower scope at a refresh",
    "issuer in the answer (RFC 9207)",
)
@pytest.mark.shows("RFC 9207 §2", "RFC 8707 §2.1", "RFC 6749 §6", "RFC 6749 §4.4.2 authenticated")
@pytest.mark.parametrize("library", ["oauth4webapi", "openid-client"])
def test_a_javascript_client_is_answered_by_a_form_narrows_its_token_and_acts_by_itself(
    site: Site, library: str
) -> None:
    identifier = f"{API}/{library}"
    api = site.add_resource(library, identifier)
    app = site.add_app(redirect_uris=(CALLBACK,))
    site.run(site.deeds.services.members.allow(OPERATOR, app.client_id))
    given = {
        "issuer": site.issuer,
        **app.post,
        "redirect_uri": CALLBACK,
        "scope": "invoicing:read contacts:read",
        "narrower": "contacts:read",
        "resource": identifier,
    }
    with UserAgent(site) as agent:

        def approve(said: dict[str, str]) -> dict[str, str]:
            page = agent.answer(agent.sign_in(site.ana, said["authorize"]))
            return dict(form_to(page.text, CALLBACK).fields)

        done = converse(f"{library}-grants", given, approve)

    told = {name: introspect(site, api, done[name]["access_token"]).json() for name in done}
    assert {one["aud"] for one in told.values()} == {identifier}
    assert told["token"]["permissions"] == told["again"]["permissions"] == ["client.read", "invoice.read"]
    assert told["narrower"]["permissions"] == told["own"]["permissions"] == ["client.read"]
    assert (told["token"]["sub"] == site.ana.id) != (told["own"]["sub"] == site.ana.id)
    elsewhere = introspect(site, site.resource, done["token"]["access_token"]).json()
    assert elsewhere == {"active": False}
