"""The pages of the flow over real HTTP: sessions, forms, headers, mixed-up transactions. RFC 9700 §4."""

from collections.abc import Iterator

import httpx
import pytest

from live_server import RegisteredClient, Site
from user_agent import UserAgent, authorize_url, connect, exchange, form_to, introspect, query_of


@pytest.fixture(scope="module")
def app(site: Site) -> RegisteredClient:
    return site.add_app()


@pytest.fixture
def agent(site: Site) -> Iterator[UserAgent]:
    """The browser of somebody new, signed in."""
    with UserAgent(site) as agent:
        agent.sign_in(site.add_person())
        yield agent


def connections(agent: UserAgent) -> int:
    return agent.get("/settings/connections").text.count('name="action" value="disconnect"')


@pytest.mark.shows("RFC 6749 §10.12 csrf", "OpenID Connect Core §3.1.2.3 csrf")
@pytest.mark.parametrize(
    ("fields", "headers"),
    [
        ({"csrf": ""}, {}),
        ({"csrf": "0" * 64}, {}),
        ({}, {"Origin": "https://evil.test"}),
        ({}, {"Sec-Fetch-Site": "cross-site"}),
        ({}, {"Sec-Fetch-Site": "same-site"}),
    ],
)
def test_cs_01_a_forged_approval_connects_nothing(
    agent: UserAgent, app: RegisteredClient, fields: dict[str, str], headers: dict[str, str]
) -> None:
    page = agent.open_consent(authorize_url(agent.site.issuer, app))
    form = form_to(page.text, "/consent")

    answer = agent.http.post("/consent", data={**dict(form.filled(**fields)), "decision": "approve"}, headers=headers)

    assert answer.status_code == 403
    assert "location" not in answer.headers
    assert connections(agent) == 0


def test_cs_01_the_token_of_another_session_is_worth_nothing(agent: UserAgent, app: RegisteredClient) -> None:
    with UserAgent(agent.site) as attacker:
        attacker.sign_in(agent.site.add_person())
        forged = form_to(attacker.open_consent(authorize_url(agent.site.issuer, app)).text, "/consent")
    page = agent.open_consent(authorize_url(agent.site.issuer, app))
    own = form_to(page.text, "/consent")

    for fields in (dict(forged.fields), {**dict(forged.fields), "csrf": dict(own.fields)["csrf"]}):
        answer = agent.http.post("/consent", data={**fields, "decision": "approve"})
        assert answer.status_code in {403, 404, 409}

    assert connections(agent) == 0


def test_cs_01_the_other_forms_ask_for_a_token_too(agent: UserAgent) -> None:
    for path in ("/sign-out", "/settings/apps/new", "/settings/connections", "/settings/api-keys/new"):
        assert agent.http.post(path, data={"name": "x", "action": "disconnect", "connection": "x"}).status_code == 403
    assert agent.get("/settings/connections").status_code == 200


@pytest.mark.shows("RFC 6749 §10.12 csrf", "OpenID Connect Core §3.1.2.3 csrf")
def test_cs_02_somebody_elses_form_signs_nobody_in(site: Site) -> None:
    with UserAgent(site) as victim:
        answer = victim.http.post(
            "/sign-in", data={"email": site.ana.email, "password": site.ana.password, "csrf": "0" * 64}
        )

        assert answer.status_code == 403
        assert "consentry" not in victim.http.cookies


def test_cs_03_signing_in_makes_a_new_session_and_ends_the_old_one(site: Site) -> None:
    with UserAgent(site) as agent, UserAgent(site) as thief:
        agent.sign_in(site.ana)
        old = agent.http.cookies["consentry"]
        thief.http.cookies.set("consentry", old)
        assert thief.http.get("/settings/connections").status_code == 200

        agent.sign_in(site.ana, "/sign-in?again=1")

        assert agent.http.cookies["consentry"] != old
        assert thief.http.get("/settings/connections").status_code == 303


def test_cs_10_new_scopes_are_asked_for_and_nothing_else(agent: UserAgent, app: RegisteredClient) -> None:
    agent.approve(app, scope="invoicing:read")

    page = agent.open_consent(authorize_url(agent.site.issuer, app))

    assert "It now also asks to" in page.text
    assert ("scope", "contacts:read") in form_to(page.text, "/consent").choices
    assert "Already approved (1)" in page.text


def test_cs_10_an_unticked_scope_is_not_given(agent: UserAgent, app: RegisteredClient) -> None:
    page = agent.open_consent(authorize_url(agent.site.issuer, app))

    code = query_of(agent.answer(page, untick=frozenset({"contacts:read"})).headers["location"])["code"]
    tokens = exchange(agent.site, app, code).json()

    assert tokens["scope"] == "invoicing:read"
    assert introspect(agent.site, app, tokens["access_token"]).json()["permissions"] == ["invoice.read"]


@pytest.mark.shows("RFC 6749 §10.2 no-silent-public", "RFC 8252 §8.6 impersonation", "RFC 8252 §8.5 no-secret")
def test_cs_09_a_public_app_is_put_to_the_user_every_time(agent: UserAgent) -> None:
    public = agent.site.add_app(public=True)
    agent.approve(public)

    assert form_to(agent.open_consent(authorize_url(agent.site.issuer, public)).text, "/consent")


def test_cs_16_each_tab_has_a_request_of_its_own(agent: UserAgent, app: RegisteredClient) -> None:
    first = agent.open_consent(authorize_url(agent.site.issuer, app, state="first", scope="invoicing:read"))
    second = agent.open_consent(authorize_url(agent.site.issuer, app, state="second"))

    later = query_of(agent.answer(second).headers["location"])
    earlier = query_of(agent.answer(first).headers["location"])

    assert (earlier["state"], later["state"]) == ("first", "second")
    assert exchange(agent.site, app, earlier["code"]).json()["scope"] == "invoicing:read"
    assert exchange(agent.site, app, later["code"]).json()["scope"] == "contacts:read invoicing:read"
    assert connections(agent) == 1


@pytest.mark.parametrize("decision", ["approve", "decline"])
def test_cs_16_a_request_is_answered_once(agent: UserAgent, app: RegisteredClient, decision: str) -> None:
    page = agent.open_consent(authorize_url(agent.site.issuer, app))
    agent.answer(page)

    again = agent.answer(page, decision)

    assert again.status_code == 409
    assert "answered already" in again.text
    assert connections(agent) == 1


def test_cs_18_hidden_fields_of_the_form_change_nothing(agent: UserAgent, app: RegisteredClient) -> None:
    wide = agent.site.add_app(required=("invoicing:read",), optional=("invoicing:write", "contacts:write"))
    page = agent.open_consent(authorize_url(agent.site.issuer, wide, scope="invoicing:read"))
    form = form_to(page.text, "/consent")
    tampered = [
        *form.fields,
        ("scope", "invoicing:write"),
        ("scope", "contacts:write"),
        ("client_id", app.client_id),
        ("redirect_uri", "https://evil.test/cb"),
        ("decision", "approve"),
    ]

    answer = agent.submit(form, tampered)

    assert answer.headers["location"].startswith(wide.redirect_uri)
    code = query_of(answer.headers["location"])["code"]
    assert exchange(agent.site, app, code).status_code == 400
    assert exchange(agent.site, wide, code).json()["scope"] == "invoicing:read"


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"request": "0" * 22}, {404, 409}),
        ({"organisation": "org_0000000000000000000000"}, {404}),
        ({"decision": "x"}, {400}),
    ],
)
def test_cs_18_a_field_that_is_not_ours_is_refused(
    agent: UserAgent, app: RegisteredClient, change: dict[str, str], status: set[int]
) -> None:
    form = form_to(agent.open_consent(authorize_url(agent.site.issuer, app)).text, "/consent")

    answer = agent.submit(form, form.filled(**{"decision": "approve", **change}))

    assert answer.status_code in status
    assert connections(agent) == 0


def test_only_members_who_may_install_approve(site: Site, app: RegisteredClient) -> None:
    with UserAgent(site) as reader:
        page = reader.sign_in(site.add_person("reader"), authorize_url(site.issuer, app))
        form = form_to(page.text, "/consent")
        assert form.buttons == [("decision", "decline")]
        assert "does not include connecting apps" in page.text

        forced = reader.submit(form, [*form.fields, ("decision", "approve")])

        assert forced.status_code == 403
        assert connections(reader) == 0


EVERY_KIND_OF_ANSWER = [
    "/sign-in",
    "/settings/apps",
    "/settings/apps/app_none",
    "/settings/connections",
    "/settings/api-keys",
    "/settings/audit",
    "/oauth/authorize",
    "/oauth/token",
    "/nowhere",
    "/healthz",
    "/api/v1/apps",
    "/api/v1/nowhere",
]


@pytest.mark.shows("RFC 6749 §10.13 framing", "RFC 9700 §4.16 clickjacking", "RFC 9700 §4.2.4 referrer")
@pytest.mark.parametrize("path", EVERY_KIND_OF_ANSWER)
def test_cs_04_cs_17_op_06_every_answer_has_the_headers_of_safety(agent: UserAgent, path: str) -> None:
    headers = agent.http.get(path).headers

    assert headers["x-frame-options"] == "DENY"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert "server" not in headers
    assert "x-powered-by" not in headers


@pytest.mark.parametrize("path", [path for path in EVERY_KIND_OF_ANSWER if path != "/healthz"])
def test_op_01_nothing_of_a_person_is_cached(agent: UserAgent, path: str) -> None:
    assert agent.http.get(path).headers["cache-control"] == "no-store"


@pytest.mark.shows("RFC 6749 §5.1 no-store", "RFC 7662 §4 no-store")
def test_op_01_tokens_and_answers_about_them_are_not_cached(site: Site, app: RegisteredClient) -> None:
    tokens = connect(site, app, site.ana)

    assert introspect(site, site.resource, tokens["access_token"]).headers["cache-control"] == "no-store"
    assert introspect(site, site.resource, "x").headers["cache-control"] == "no-store"


def test_op_04_a_fault_of_ours_shows_nothing_of_the_inside(
    site: Site, agent: UserAgent, app: RegisteredClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database refuses to be read, as a broken disk would make it."""

    async def broken(*_: object) -> None:
        raise RuntimeError("secret detail of the disk")

    for way in ("read", "read_by_key"):
        monkeypatch.setattr(type(site.deeds.database), way, broken)
    page = agent.http.get("/settings/apps")
    token = httpx.post(f"{site.issuer}/oauth/token", data={"grant_type": "refresh_token", **app.post})
    api = httpx.get(f"{site.issuer}/api/v1/apps", headers={"Authorization": "Bearer cst_op_x"})
    ready = httpx.get(f"{site.issuer}/readyz")

    assert page.status_code == 500
    assert page.headers["x-request-id"] in page.text
    assert token.status_code == 500
    assert token.json()["error"] == "server_error"
    assert token.headers["cache-control"] == "no-store"
    assert ready.status_code == 503
    for answer in (page, token, api, ready):
        assert "secret detail" not in answer.text
        assert "Traceback" not in answer.text
        assert "RuntimeError" not in answer.text
        assert answer.headers["x-request-id"]


def test_in_13_other_origins_get_no_answers_with_cookies(agent: UserAgent) -> None:
    headers = {"Origin": "https://evil.test"}
    for path in ("/oauth/authorize", "/settings/apps", "/api/v1/apps", "/consent", "/oauth/introspect", "/sign-in"):
        assert "access-control-allow-origin" not in agent.http.get(path, headers=headers).headers
        preflight = agent.http.options(path, headers={**headers, "Access-Control-Request-Method": "POST"})
        assert "access-control-allow-origin" not in preflight.headers
    token = agent.http.options("/oauth/token", headers={**headers, "Access-Control-Request-Method": "POST"})
    assert token.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in token.headers
