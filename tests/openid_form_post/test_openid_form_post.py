"""The answer as a posted form, over real HTTP. OAuth 2.0 Form Post Response Mode."""

import re
from collections.abc import Iterator

import httpx
import pytest

from consentry.oauth.errors import OAuthError
from consentry.oauth.parameters import Parameters
from consentry.oauth.response_mode import ResponseMode, find_response_mode, require_reach
from live_server import CALLBACK, RegisteredClient, Site
from user_agent import STATE, UserAgent, authorize_url, exchange, form_to, forms_of, query_of

HOSTILE_STATE = "\"><script>alert(1)</script>'&amp;=\u200b\u202e é"


@pytest.fixture(scope="module")
def app(site: Site) -> RegisteredClient:
    return site.add_app(redirect_uris=(CALLBACK, "https://client.test/other?kept=1"))


@pytest.fixture
def ana(site: Site) -> Iterator[UserAgent]:
    with UserAgent(site) as agent:
        agent.sign_in(site.ana)
        yield agent


def posted(answer: httpx.Response, action: str = CALLBACK) -> dict[str, str]:
    """Return what the page would post to the app: the page's one form, whatever else is on it."""
    assert answer.status_code == 200, answer.text
    assert len(forms_of(answer.text)) == 1
    form = form_to(answer.text, action)
    assert form.method == "post"
    return dict(form.fields)


@pytest.mark.shows("Form Post §2 post", "Form Post §2 parameters")
def test_the_code_is_posted_to_the_redirect_uri_and_is_good(site: Site, ana: UserAgent, app: RegisteredClient) -> None:
    page = ana.open_consent(authorize_url(site.issuer, app, response_mode="form_post"))

    fields = posted(ana.answer(page))

    assert fields.keys() == {"code", "state", "iss"}
    assert (fields["state"], fields["iss"]) == (STATE, site.issuer)
    assert exchange(site, app, fields["code"]).status_code == 200


@pytest.mark.shows("Form Post §2 parameters")
def test_consent_given_before_is_answered_by_a_form_too(site: Site, ana: UserAgent, app: RegisteredClient) -> None:
    ana.approve(app)

    fields = posted(ana.get(authorize_url(site.issuer, app, response_mode="form_post")))

    assert exchange(site, app, fields["code"]).status_code == 200


@pytest.mark.shows("Form Post §2 parameters")
@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"scope": "nothing:read"}, "invalid_scope"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"code_challenge": None}, "invalid_request"),
        ({"prompt": "none", "max_age": "0", "state": None}, "login_required"),
    ],
)
def test_errors_are_posted_as_well(
    site: Site, ana: UserAgent, app: RegisteredClient, changes: dict[str, str | None], error: str
) -> None:
    fields = posted(ana.get(authorize_url(site.issuer, app, response_mode="form_post", **changes)))

    assert fields["error"] == error
    assert fields["iss"] == site.issuer
    assert fields.get("state") == changes.get("state", STATE)
    assert "code" not in fields


@pytest.mark.shows("Form Post §2 parameters")
def test_who_declines_is_reported_by_a_form(site: Site, ana: UserAgent, app: RegisteredClient) -> None:
    page = ana.open_consent(authorize_url(site.issuer, app, response_mode="form_post", prompt="consent"))

    assert posted(ana.answer(page, "decline"))["error"] == "access_denied"


@pytest.mark.shows("Form Post §2 encoded", "Form Post §5 escape")
def test_pk_15_a_state_comes_back_character_by_character_and_breaks_out_of_nothing(
    site: Site, ana: UserAgent, app: RegisteredClient
) -> None:
    url = authorize_url(site.issuer, app, response_mode="form_post", state=HOSTILE_STATE, scope="nothing:read")

    answer = ana.get(url)

    assert posted(answer)["state"] == HOSTILE_STATE
    assert "<script>alert" not in answer.text


@pytest.mark.shows("Form Post §4 no-store")
def test_the_page_is_not_kept_and_runs_only_our_script(site: Site, ana: UserAgent, app: RegisteredClient) -> None:
    ana.approve(app)

    answer = ana.get(authorize_url(site.issuer, app, response_mode="form_post"))

    assert answer.headers["cache-control"] == "no-store"
    policy = answer.headers["content-security-policy"]
    assert "script-src 'self'" in policy
    assert "'unsafe-inline'" not in policy
    assert re.findall(r"<script[^>]*>([^<]*)</script>", answer.text) == ["", ""]
    assert "Ana Oliveira" not in answer.text


def test_the_query_of_the_redirect_uri_stays_where_it_is(site: Site, ana: UserAgent, app: RegisteredClient) -> None:
    target = "https://client.test/other?kept=1"

    answer = ana.get(
        authorize_url(site.issuer, app, response_mode="form_post", redirect_uri=target, scope="nothing:read")
    )

    assert posted(answer, target)["error"] == "invalid_scope"


@pytest.mark.shows("Multiple Response Types §2.1 modes", "Multiple Response Types §2.1 no-fragment-for-code")
@pytest.mark.parametrize("mode", ["fragment", "web_message", "form_post.jwt", "FORM_POST"])
def test_another_mode_is_refused_in_the_query(site: Site, ana: UserAgent, app: RegisteredClient, mode: str) -> None:
    answer = ana.get(authorize_url(site.issuer, app, response_mode=mode))

    assert query_of(answer.headers["location"])["error"] == "invalid_request"


@pytest.mark.shows("Multiple Response Types §2.1 no-fragment-for-code")
@pytest.mark.parametrize("mode", [None, "query", ""])
def test_the_query_is_the_default(site: Site, ana: UserAgent, app: RegisteredClient, mode: str | None) -> None:
    ana.approve(app)

    answer = ana.get(authorize_url(site.issuer, app, response_mode=mode))

    assert "code" in query_of(answer.headers["location"])


def test_a_form_is_never_posted_to_a_private_scheme() -> None:
    """Programs that register themselves may have such addresses; their error goes back in the query."""
    query, address = Parameters((("response_mode", "form_post"),)), "com.example.ledger:/cb"

    with pytest.raises(OAuthError):
        require_reach(query, address)
    assert find_response_mode(query, address) is ResponseMode.QUERY


def test_nothing_is_posted_to_an_address_that_is_not_registered(
    site: Site, ana: UserAgent, app: RegisteredClient
) -> None:
    answer = ana.get(authorize_url(site.issuer, app, response_mode="form_post", redirect_uri="https://evil.test/"))

    assert answer.status_code == 400
    assert 'action="https://evil.test/' not in answer.text


@pytest.mark.shows("Form Post §2 post")
def test_metadata_names_the_modes(site: Site) -> None:
    metadata = httpx.get(f"{site.issuer}/.well-known/oauth-authorization-server").json()

    assert metadata["response_modes_supported"] == ["query", "form_post"]
