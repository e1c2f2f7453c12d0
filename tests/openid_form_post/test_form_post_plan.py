"""The form-post plan of the OpenID Foundation's suite: the basic plan's flow, its answers posted by the browser."""

import re
from collections.abc import Iterator

import pytest

from conformance_server import ConformanceServer
from openid_suite import Browser, Suite, Walk
from user_agent import forms_of

pytestmark = pytest.mark.parametrize("lend_database", ["sqlite"], indirect=True)


@pytest.fixture(scope="module")
def suite(conformance_server: ConformanceServer) -> Suite:
    return Suite(conformance_server)


@pytest.fixture
def browser(conformance_server: ConformanceServer) -> Iterator[Browser]:
    with Browser(conformance_server) as opened:
        yield opened


def posted(walk: Walk, redirect_uri: str) -> dict[str, str]:
    """What the browser would post to the client, of the page at the end."""
    assert walk.answer == {}
    assert walk.end is not None
    [form] = [one for one in forms_of(walk.end.text) if one.action == redirect_uri]
    assert form.method == "post"
    return dict(form.fields)


@pytest.mark.shows("Form Post §2 post", "Form Post §2 parameters")
def test_oidcc_server_with_form_post(suite: Suite, browser: Browser) -> None:
    for client in suite.server.clients:
        walk, asked = suite.authorize(browser, client, response_mode="form_post")

        answer = posted(walk, client.redirect_uri)

        assert answer.keys() == {"code", "state", "iss"}
        assert answer["state"] == asked["state"]
        tokens = suite.redeem(client, answer["code"]).json()
        assert suite.claims_of(tokens, client, asked["nonce"])["sub"]


@pytest.mark.shows("Form Post §2 parameters")
def test_oidcc_prompt_none_not_logged_in_with_form_post(suite: Suite, browser: Browser) -> None:
    client = suite.server.clients[0]

    walk, _ = suite.authorize(browser, client, response_mode="form_post", prompt="none")

    assert posted(walk, client.redirect_uri)["error"] == "login_required"


@pytest.mark.shows("Form Post §2 parameters")
def test_oidcc_response_type_missing_with_form_post(suite: Suite, browser: Browser) -> None:
    """The error comes back in the way that was asked for."""
    client = suite.server.clients[0]

    walk, asked = suite.authorize(browser, client, response_mode="form_post", response_type=None)

    answer = posted(walk, client.redirect_uri)
    assert answer["error"] in {"invalid_request", "unsupported_response_type"}
    assert answer["state"] == asked["state"]


@pytest.mark.shows("Form Post §2 post")
def test_oidcc_the_page_of_form_post_goes_on_by_itself_or_by_the_button_of_the_configuration(
    suite: Suite, browser: Browser
) -> None:
    """Every form-post module, whether or not the suite's browser runs scripts.

    The script waits for the page to be loaded: HtmlUnit otherwise calls the next page's own script twice, and the suite
    takes the second answer for a replay.
    """
    walk, _ = suite.authorize(browser, suite.server.clients[0], response_mode="form_post", prompt="none")

    assert walk.end is not None
    assert 'id="continue"' in walk.end.text
    [script] = re.findall(r'src="(/static/form_post[^"]*)"', walk.end.text)
    with suite.server.http() as http:
        assert '"load"' in http.get(script).text
