"""The authorization endpoint over real HTTP: redirect URIs, PKCE, state, issuer. RFC 6749 §4.1, RFC 9700 §2.1, §4."""

from collections.abc import Iterator

import httpx
import pytest

from live_server import CALLBACK, RegisteredClient, Site
from user_agent import STATE, UserAgent, authorize_url, connect, exchange, form_to, query_of


@pytest.fixture(scope="module")
def app(site: Site) -> RegisteredClient:
    return site.add_app(redirect_uris=("https://client.test/cb", "http://127.0.0.1/native"))


@pytest.fixture(scope="module")
def ana(site: Site, app: RegisteredClient) -> Iterator[UserAgent]:
    """Ana's browser, signed in; she has connected the app once, so that a good request is answered at once."""
    with UserAgent(site) as agent:
        agent.sign_in(site.ana)
        agent.approve(app)
        yield agent


def redirected(agent: UserAgent, app: RegisteredClient, **changes: str | None) -> dict[str, str]:
    """Return what came back to the app's own address."""
    answer = agent.get(authorize_url(agent.site.issuer, app, **changes))
    assert answer.status_code in {302, 303}, answer.text
    assert answer.headers["location"].startswith(f"{app.redirect_uri}?")
    return query_of(answer.headers["location"])


def assert_page_400(answer: httpx.Response, *, hostile: str | None = None) -> None:
    assert answer.status_code == 400
    assert "location" not in answer.headers
    assert answer.headers["content-type"].startswith("text/html")
    if hostile is not None:
        assert f'href="{hostile}' not in answer.text
        assert f'action="{hostile}' not in answer.text


REFUSED_URIS = [
    ("ru_01", "https://evil.test/cb"),
    ("ru_02", "https://client.test/cb/x"),
    ("ru_02", "https://client.test/cbx"),
    ("ru_02", "https://client.test/cb/"),
    ("ru_03", "https://client.test/cb?x=1"),
    ("ru_03", "https://client.test/cb?"),
    ("ru_04", "https://client.test/cb/../x"),
    ("ru_04", "https://client.test/cb/%2e%2e/x"),
    ("ru_04", "https://client.test/cb/..;/x"),
    ("ru_05", "https://client.test@evil.test/cb"),
    ("ru_05", "https://client.test@a@evil.test/cb"),
    ("ru_05", "https://client.test:pass@evil.test/cb"),
    ("ru_05", "https://evil.test\\@client.test/cb"),
    ("ru_06", "https://client.test/cb#f"),
    ("ru_06", "https://client.test/cb#"),
    ("ru_07", "javascript:alert(1)"),
    ("ru_07", "data:text/html,x"),
    ("ru_14", "http://client.test/cb"),
    ("case", "https://CLIENT.test/cb"),
    ("case", "https://client.test/CB"),
    ("port", "https://client.test:443/cb"),
    ("space", " https://client.test/cb"),
    ("relative", "/cb"),
    ("relative", "//client.test/cb"),
]


@pytest.mark.shows("RFC 6749 §3.1 get")
@pytest.mark.shows(
    "RFC 6749 §3.1.2.3 compared",
    "RFC 6749 §3.1.2.4 never-followed",
    "RFC 6749 §4.1.2.1 shown-not-sent",
    "RFC 6749 §10.15 open-redirector",
    "RFC 9700 §2.1 no-open-redirector",
    "OpenID Connect Core §3.1.2.2 redirect-uri",
)
@pytest.mark.parametrize(("row", "uri"), REFUSED_URIS)
def test_ru_01_to_07_an_address_that_is_not_registered_is_shown_and_never_followed(
    ana: UserAgent, app: RegisteredClient, row: str, uri: str
) -> None:
    answer = ana.get(authorize_url(ana.site.issuer, app, redirect_uri=uri))

    assert_page_400(answer, hostile=uri)
    assert "redirect_uri_mismatch" in answer.text, row


def test_ru_01_strangers_are_not_told_the_registered_addresses(site: Site, app: RegisteredClient) -> None:
    answer = httpx.get(authorize_url(site.issuer, app, redirect_uri="https://evil.test/cb"))

    assert_page_400(answer)
    assert "client.test" not in answer.text
    assert "127.0.0.1/native" not in answer.text


@pytest.mark.shows("RFC 6749 §4.1.2.1 shown-not-sent")
@pytest.mark.parametrize("fault", [{"response_type": "token"}, {"scope": "bogus"}, {"code_challenge": None}])
def test_ru_08_the_address_is_checked_before_anything_else(
    ana: UserAgent, app: RegisteredClient, fault: dict[str, str | None]
) -> None:
    answer = ana.get(authorize_url(ana.site.issuer, app, redirect_uri="https://evil.test/cb", **fault))

    assert_page_400(answer)


@pytest.mark.shows("RFC 6749 §10.15 open-redirector")
def test_ru_09_a_silent_request_is_not_sent_to_an_unregistered_address(site: Site, app: RegisteredClient) -> None:
    answer = httpx.get(authorize_url(site.issuer, app, redirect_uri="https://evil.test/cb", prompt="none"))

    assert_page_400(answer)


@pytest.mark.shows("RFC 6749 §3.1 person-first", "RFC 9700 §4.11.2 sign-in-first")
@pytest.mark.parametrize("fault", [{"scope": "bogus"}, {"response_type": "token"}, {"code_challenge": None}])
def test_ru_10_a_faulty_request_leads_to_the_sign_in_page_first(
    site: Site, app: RegisteredClient, fault: dict[str, str | None]
) -> None:
    with UserAgent(site) as stranger:
        page = stranger.get(authorize_url(site.issuer, app, **fault))

        assert page.status_code == 200
        assert form_to(page.text, "/sign-in")

        answer = stranger.submit(
            form_to(page.text, "/sign-in"),
            form_to(page.text, "/sign-in").filled(email=site.ana.email, password=site.ana.password),
        )
        assert "error" in query_of(answer.headers["location"])


@pytest.mark.shows("RFC 9700 §4.11.2 sign-in-first", "OpenID Connect Core §3.1.2.6 login-required")
def test_ru_10_only_a_silent_request_is_sent_back_without_a_sign_in(site: Site, app: RegisteredClient) -> None:
    answer = httpx.get(authorize_url(site.issuer, app, prompt="none"))

    assert answer.status_code == 303
    assert query_of(answer.headers["location"])["error"] == "login_required"


@pytest.mark.shows("RFC 6749 §3.1.2.3 several")
def test_ru_11_a_missing_address_is_refused_where_several_are_registered(ana: UserAgent, app: RegisteredClient) -> None:
    answer = ana.get(authorize_url(ana.site.issuer, app, redirect_uri=None))

    assert_page_400(answer)
    assert "redirect_uri_missing" in answer.text


def test_ru_11_a_missing_address_is_the_one_that_is_registered(site: Site) -> None:
    app = site.add_app()
    with UserAgent(site) as agent:
        agent.sign_in(site.ana)

        answer = agent.approve(app, redirect_uri=None)

        assert exchange(site, app, answer["code"]).status_code == 200


@pytest.mark.shows("RFC 6749 §4.1.3 redirect-uri")
def test_ru_12_the_address_at_the_token_endpoint_must_be_the_one_of_the_request(
    ana: UserAgent, app: RegisteredClient
) -> None:
    code = redirected(ana, app)["code"]

    answer = exchange(ana.site, app, code, redirect_uri="http://127.0.0.1/native")

    assert answer.status_code == 400
    assert answer.json()["error"] == "invalid_grant"


@pytest.mark.shows("RFC 8252 §7.3 any-port")
@pytest.mark.parametrize("port", [":49152", ":1", ""])
def test_ru_13_on_loopback_any_port_may_be_used(ana: UserAgent, app: RegisteredClient, port: str) -> None:
    answer = ana.get(authorize_url(ana.site.issuer, app, redirect_uri=f"http://127.0.0.1{port}/native"))

    assert answer.headers["location"].startswith(f"http://127.0.0.1{port}/native?code=")


@pytest.mark.shows("RFC 8252 §7.3 nothing-else")
@pytest.mark.parametrize("uri", ["http://localhost:49152/native", "https://127.0.0.1:1/native", "http://127.0.0.1:1/x"])
def test_ru_13_nothing_but_the_port_may_differ(ana: UserAgent, app: RegisteredClient, uri: str) -> None:
    assert_page_400(ana.get(authorize_url(ana.site.issuer, app, redirect_uri=uri)))


UNREGISTRABLE = [
    ("ru_06", "https://client.test/cb#f"),
    ("ru_07", "javascript:alert(1)"),
    ("ru_07", "data:text/html,x"),
    ("ru_07", "vbscript:x"),
    ("ru_07", "blob:https://client.test/x"),
    ("ru_07", "file:///etc/passwd"),
    ("ru_14", "http://client.test/cb"),
    ("ru_14", "http://localhost.evil.test/cb"),
    ("wildcard", "https://*.client.test/cb"),
    ("userinfo", "https://a@client.test/cb"),
]


@pytest.mark.shows(
    "RFC 6749 §3.1.2 absolute-without-fragment", "RFC 9700 §4.1.3 no-wildcards", "RFC 9700 §2.6 end-to-end-tls"
)
@pytest.mark.parametrize(("row", "uri"), UNREGISTRABLE)
def test_ru_06_07_14_such_an_address_cannot_be_registered(ana: UserAgent, row: str, uri: str) -> None:
    page = ana.get("/settings/apps/new")
    form = form_to(page.text, "/settings/apps/new")
    before = ana.get("/settings/apps").text.count("<tr")

    answer = ana.submit(
        form,
        form.filled(name=f"Odd {row}", redirect_uris=uri, type="confidential", **{"scope.invoicing:read": "required"}),
    )

    assert answer.status_code == 400
    assert 'id="redirect_uris-error' in answer.text or "Line 1" in answer.text
    assert ana.get("/settings/apps").text.count("<tr") == before


@pytest.mark.shows("RFC 9700 §4.12 no-307", "OAuth 2.1 §7.12 no-307")
def test_ru_15_no_redirect_sends_a_form_on(site: Site, app: RegisteredClient) -> None:
    with UserAgent(site) as agent:
        page = agent.get(authorize_url(site.issuer, app, prompt="consent"))
        form = form_to(page.text, "/sign-in")
        signed_in = agent.http.post(
            form.action, data=dict(form.filled(email=site.ana.email, password=site.ana.password))
        )
        assert signed_in.status_code == 303

        screen = agent.get(signed_in.headers["location"])
        consent = form_to(screen.text, "/consent")
        approved = agent.http.post(consent.action, data={**dict(consent.fields), "decision": "approve"})
        assert approved.status_code == 303
        assert approved.headers["location"].startswith(f"{CALLBACK}?code=")


@pytest.mark.shows(
    "RFC 7636 §4.4.1 required", "RFC 9700 §2.1.1 pkce-public", "OAuth 2.1 §4.1.1 challenge", "RFC 8252 §6 pkce"
)
@pytest.mark.parametrize("public", [False, True])
def test_pk_01_a_request_without_a_challenge_is_refused_for_every_app(site: Site, *, public: bool) -> None:
    app = site.add_app(public=public)
    with UserAgent(site) as agent:
        agent.sign_in(site.ana)

        answer = redirected(agent, app, code_challenge=None, code_challenge_method=None)

    assert answer["error"] == "invalid_request"
    assert answer["state"] == STATE
    assert answer["iss"] == site.issuer


@pytest.mark.shows("RFC 7636 §4.3 default-is-plain", "RFC 7636 §4.4.1 method", "RFC 7636 §7.2 no-downgrade")
@pytest.mark.parametrize("method", ["plain", None, "s256", "S512"])
def test_pk_02_no_method_but_s256_is_taken(ana: UserAgent, app: RegisteredClient, method: str | None) -> None:
    assert redirected(ana, app, code_challenge_method=method)["error"] == "invalid_request"


@pytest.mark.shows("RFC 9700 §2.1 mix-up")
@pytest.mark.shows("RFC 9207 §2 every-answer", "RFC 9207 §2.3 same")
@pytest.mark.parametrize("changes", [{}, {"scope": "bogus"}, {"prompt": "none", "max_age": "x"}])
def test_pk_13_every_answer_names_the_issuer_of_the_metadata(
    ana: UserAgent, app: RegisteredClient, changes: dict[str, str]
) -> None:
    metadata = httpx.get(f"{ana.site.issuer}/.well-known/oauth-authorization-server").json()

    assert redirected(ana, app, **changes)["iss"] == metadata["issuer"] == ana.site.issuer
    assert metadata["authorization_response_iss_parameter_supported"] is True


@pytest.mark.shows("RFC 6749 §4.1.2.1 denied", "RFC 9207 §2 every-answer")
def test_pk_13_declining_names_the_issuer_too(ana: UserAgent, app: RegisteredClient) -> None:
    page = ana.open_consent(authorize_url(ana.site.issuer, app, prompt="consent"))

    answer = query_of(ana.answer(page, "decline").headers["location"])

    assert answer["error"] == "access_denied"
    assert (answer["iss"], answer["state"]) == (ana.site.issuer, STATE)


@pytest.mark.shows("RFC 9700 §2.1.2 no-implicit")
@pytest.mark.shows(
    "RFC 6749 §3.1.1 response-type",
    "OAuth 2.1 §7.1 no-implicit",
    "OAuth 2.0 Multiple Response Type Encoding Practices §3 unknown",
)
@pytest.mark.parametrize("kind", ["token", "code id_token", "id_token", "code token", "none", "", None])
def test_pk_14_no_flow_but_the_code_flow(ana: UserAgent, app: RegisteredClient, kind: str | None) -> None:
    expected = "unsupported_response_type" if kind else "invalid_request"

    assert redirected(ana, app, response_type=kind)["error"] == expected


STATES = ["x" * 4096, "\"'><script>alert(1)</script>", "zustand-ß-状態-🙂", "a b+c%20d&e=f#g", "%"]


@pytest.mark.shows("RFC 6749 §3.1 get")
@pytest.mark.shows("RFC 6749 §4.1.2 state")
@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("scope", ["invoicing:read", "bogus"])
def test_pk_15_the_state_comes_back_as_it_was_sent(
    ana: UserAgent, app: RegisteredClient, state: str, scope: str
) -> None:
    assert redirected(ana, app, state=state, scope=scope)["state"] == state


@pytest.mark.shows("RFC 6749 §10.14 injection")
def test_pk_15_the_state_is_never_rendered(site: Site, app: RegisteredClient) -> None:
    state = "</input><script>alert(1)</script>"
    with UserAgent(site) as agent:
        sign_in_page = agent.get(authorize_url(site.issuer, app, state=state, prompt="consent"))
        screen = agent.sign_in(site.ana, authorize_url(site.issuer, app, state=state, prompt="consent"))

        assert "<script>alert" not in sign_in_page.text + screen.text
        answer = agent.answer(screen)

    assert query_of(answer.headers["location"])["state"] == state


@pytest.mark.shows("RFC 6749 §3.3 default")
def test_without_a_scope_everything_declared_is_asked_for(site: Site) -> None:
    app = site.add_app()

    tokens = connect(site, app, site.ana, scope=None)

    assert tokens["scope"] == "contacts:read invoicing:read"
