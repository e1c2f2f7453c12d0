"""How an app says whether, when and as whom the user shall sign in. OpenID Connect Core 1.0 §3.1.2.1, §3.1.2.6."""

import json
from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest

from consentry.storage.database import Operation, Statement
from id_token_reader import read_id_token
from live_server import RegisteredClient, Site
from user_agent import UserAgent, authorize_url, connect, exchange, form_to, query_of

pytestmark = pytest.mark.usefixtures("approved")


@pytest.fixture(scope="module")
def app(site: Site) -> RegisteredClient:
    return site.add_app(required=("openid",), optional=("profile", "email", "invoicing:read"))


@pytest.fixture(scope="module")
def approved(site: Site, app: RegisteredClient) -> str:
    """Ana has connected the app; its ID token of her."""
    return connect(site, app, site.ana, scope="openid profile")["id_token"]


@pytest.fixture
def browser(site: Site) -> Iterator[UserAgent]:
    """A browser in which Ana is signed in."""
    with UserAgent(site) as agent:
        agent.sign_in(site.ana)
        yield agent


@pytest.fixture
def empty(site: Site) -> Iterator[UserAgent]:
    """A browser in which nobody is signed in."""
    with UserAgent(site) as agent:
        yield agent


def ask(agent: UserAgent, app: RegisteredClient, **changes: str | None) -> httpx.Response:
    return agent.get(authorize_url(agent.site.issuer, app, **{"scope": "openid", **changes}))


def error_of(answer: httpx.Response) -> str | None:
    assert answer.is_redirect, answer.text
    return query_of(answer.headers["location"]).get("error")


def is_sign_in(answer: httpx.Response) -> bool:
    return answer.status_code == 200 and answer.request.url.path == "/sign-in"


def auth_time(site: Site, app: RegisteredClient, answer: httpx.Response) -> int:
    tokens = exchange(site, app, query_of(answer.headers["location"])["code"]).json()
    at: int = read_id_token(site, tokens["id_token"])[1]["auth_time"]
    return at


def sign_in_here(agent: UserAgent, page: httpx.Response, site: Site, email: str | None = None) -> httpx.Response:
    form = form_to(page.text, "/sign-in")
    return agent.submit(form, form.filled(email=email or site.ana.email, password=site.ana.password))


@pytest.mark.shows("OpenID Connect Core §3.1.2.1 prompt-none", "OpenID Connect Core §3.1.2.6 login-required")
def test_prompt_none_without_a_session_is_login_required(app: RegisteredClient, empty: UserAgent) -> None:
    """OpenID Connect Core §3.1.2.6."""
    assert error_of(ask(empty, app, prompt="none")) == "login_required"


def test_prompt_none_with_a_session_and_an_approval_is_answered_at_once(
    app: RegisteredClient, browser: UserAgent
) -> None:
    assert error_of(ask(browser, app, prompt="none")) is None


@pytest.mark.shows("OpenID Connect Core §3.1.2.6 consent-required")
def test_prompt_none_without_an_approval_is_consent_required(app: RegisteredClient, browser: UserAgent) -> None:
    assert error_of(ask(browser, app, prompt="none", scope="openid email")) == "consent_required"


@pytest.mark.shows("OpenID Connect Core §3.1.2.1 prompt-none-alone")
def test_prompt_none_beside_another_is_an_error(app: RegisteredClient, browser: UserAgent) -> None:
    """OpenID Connect Core §3.1.2.1."""
    assert error_of(ask(browser, app, prompt="none login")) == "invalid_request"


@pytest.mark.shows("OIDC Core §3.1.2.6 account-selection")
@pytest.mark.shows("OpenID Connect Core §3.1.2.1 prompt-login")
@pytest.mark.parametrize("prompt", ["login", "select_account", "login consent"])
def test_prompt_login_has_the_user_sign_in_once_more(
    site: Site, app: RegisteredClient, browser: UserAgent, prompt: str
) -> None:
    """OpenID Connect Core §3.1.2.1: also where the user has signed in a moment ago."""
    before = auth_time(site, app, ask(browser, app))

    page = ask(browser, app, prompt=prompt)
    assert is_sign_in(page)
    answer = sign_in_here(browser, page, site)
    if not answer.is_redirect:
        answer = browser.answer(answer)

    assert auth_time(site, app, answer) >= before


def test_prompt_login_asks_only_once_of_one_who_was_not_signed_in(
    site: Site, app: RegisteredClient, empty: UserAgent
) -> None:
    page = ask(empty, app, prompt="login")
    assert is_sign_in(page)

    assert error_of(sign_in_here(empty, page, site)) is None


@pytest.mark.shows("OpenID Connect Core §3.1.2.1 prompt-consent")
def test_prompt_consent_puts_everything_to_the_user_again(app: RegisteredClient, browser: UserAgent) -> None:
    page = ask(browser, app, prompt="consent", scope="openid profile")

    assert page.request.url.path == "/consent"
    assert "About you" in page.text
    assert error_of(browser.answer(page)) is None


@pytest.mark.shows("OpenID Connect Core §3.1.2.1 max-age", "OpenID Connect Core §15.1 max-age")
def test_a_sign_in_that_is_older_than_max_age_is_done_again(
    site: Site, app: RegisteredClient, browser: UserAgent
) -> None:
    """OpenID Connect Core §3.1.2.1."""
    age_session(site, timedelta(seconds=100))

    assert error_of(ask(browser, app, max_age="10000")) is None
    assert error_of(ask(browser, app, max_age="50", prompt="none")) == "login_required"
    page = ask(browser, app, max_age="50")
    assert is_sign_in(page)
    assert error_of(sign_in_here(browser, page, site)) is None


def test_the_default_max_age_of_the_app_holds_where_the_request_has_none(
    site: Site, app: RegisteredClient, browser: UserAgent
) -> None:
    """OpenID Connect Dynamic Client Registration §2, default_max_age."""
    set_metadata(site, app, default_max_age=50)
    age_session(site, timedelta(seconds=100))

    try:
        assert error_of(ask(browser, app, max_age="10000")) is None
        page = ask(browser, app)
        assert is_sign_in(page)
        assert error_of(sign_in_here(browser, page, site)) is None
    finally:
        set_metadata(site, app)


@pytest.mark.shows("OpenID Connect Core §3.1.2.1 id-token-hint")
def test_a_hint_of_the_user_who_is_signed_in_is_answered(
    app: RegisteredClient, browser: UserAgent, approved: str
) -> None:
    assert error_of(ask(browser, app, prompt="none", id_token_hint=approved)) is None


def test_a_hint_of_another_user_is_login_required(
    site: Site, app: RegisteredClient, browser: UserAgent, approved: str
) -> None:
    """OpenID Connect Core §3.1.2.1."""
    bea = site.add_person()
    with UserAgent(site) as other:
        other.sign_in(bea)
        assert error_of(ask(other, app, prompt="none", id_token_hint=approved)) == "login_required"
        page = ask(other, app, id_token_hint=approved)
        assert is_sign_in(page)
        # Who still is not Ana after that is sent back, and not round in circles.
        assert error_of(sign_in_here(other, page, site, bea.email)) == "login_required"
        page = ask(other, app, id_token_hint=approved)
        assert error_of(sign_in_here(other, page, site)) is None
    assert error_of(ask(browser, app, id_token_hint=approved)) is None


@pytest.mark.shows("OpenID Connect Core §3.1.2.1 id-token-hint-audience")
def test_a_hint_that_was_issued_to_another_app_is_one_all_the_same(
    site: Site, browser: UserAgent, approved: str
) -> None:
    """OpenID Connect Core §3.1.2.1: the server need not be in its audience, nor the app."""
    other = site.add_app(required=("openid",), optional=())
    connect(site, other, site.ana, scope="openid")

    assert error_of(ask(browser, other, prompt="none", id_token_hint=approved)) is None


@pytest.mark.parametrize("hint", ["x", "e30.e30.e30", "eyJhbGciOiJub25lIn0.e30.", "a" * 9000])
def test_jw_01_a_hint_that_was_not_signed_here_proves_nothing(
    app: RegisteredClient, browser: UserAgent, hint: str
) -> None:
    assert error_of(ask(browser, app, prompt="none", id_token_hint=hint)) == "login_required"
    assert error_of(ask(browser, app, id_token_hint=hint)) is None


@pytest.mark.shows("OpenID Connect Core §3.1.2.2 sub-claim")
def test_a_sub_that_is_asked_for_must_be_that_of_the_user(
    site: Site, app: RegisteredClient, browser: UserAgent
) -> None:
    """OpenID Connect Core §3.1.2.2."""

    def claims(subject: str) -> str:
        return json.dumps({"id_token": {"sub": {"value": subject}}})

    assert error_of(ask(browser, app, prompt="none", claims=claims(site.ana.id))) is None
    assert error_of(ask(browser, app, prompt="none", claims=claims("usr_other"))) == "login_required"


@pytest.mark.shows("OIDC Core §5.5.1.1 essential-acr")
@pytest.mark.shows("OpenID Connect Core §3.1.2.1 acr-values", "OpenID Connect Core §15.1 acr-values")
def test_an_essential_acr_that_cannot_be_had_fails_and_a_wish_does_not(
    app: RegisteredClient, browser: UserAgent
) -> None:
    """OpenID Connect Core §5.5.1.1."""

    def claims(**acr: object) -> str:
        return json.dumps({"id_token": {"acr": acr}})

    assert error_of(ask(browser, app, acr_values="gold silver")) is None
    assert error_of(ask(browser, app, claims=claims(values=["gold"]))) is None
    assert error_of(ask(browser, app, claims=claims(essential=True))) is None
    ours = ["gold", "urn:consentry:acr:password"]
    assert error_of(ask(browser, app, claims=claims(essential=True, values=ours))) is None
    refused = error_of(ask(browser, app, claims=claims(essential=True, values=["gold"])))
    assert refused == "unmet_authentication_requirements"


@pytest.mark.shows("OpenID Connect Core §15.1 display", "OpenID Connect Core §15.1 locales")
def test_wishes_that_change_nothing_are_no_errors(app: RegisteredClient, browser: UserAgent) -> None:
    """OpenID Connect Core §15.1."""
    wishes = {"display": "touch", "ui_locales": "se fr-CA", "claims_locales": "se", "extra": "foobar"}

    assert error_of(ask(browser, app, **wishes)) is None


def test_the_login_hint_is_put_into_the_form(site: Site, app: RegisteredClient, empty: UserAgent) -> None:
    page = ask(empty, app, login_hint=site.ana.email)

    form = form_to(page.text, "/sign-in")
    assert dict(form.fields)["email"] == site.ana.email


@pytest.mark.parametrize("hint", ['"><script>', "no address", "x" * 1000])
def test_a_login_hint_that_is_no_address_is_left_out(app: RegisteredClient, empty: UserAgent, hint: str) -> None:
    page = ask(empty, app, login_hint=hint)

    assert dict(form_to(page.text, "/sign-in").fields)["email"] == ""


@pytest.mark.shows(
    "OpenID Connect Core §3.1.2.6 request-not-supported",
    "OpenID Connect Core §3.1.2.6 request-uri-not-supported",
    "OpenID Connect Core §6.1 request-object",
)
@pytest.mark.parametrize("name", ["request", "request_uri", "registration"])
def test_what_is_not_supported_is_named_by_its_own_error(app: RegisteredClient, browser: UserAgent, name: str) -> None:
    """OpenID Connect Core §3.1.2.6."""
    assert error_of(ask(browser, app, **{name: "https://client.test/request.jwt"})) == f"{name}_not_supported"


def age_session(site: Site, span: timedelta) -> None:
    """Let all sessions be that much older."""

    def older() -> Operation[None]:
        micros = int(span.total_seconds() * 1_000_000)
        yield Statement("UPDATE sessions SET authenticated_at = authenticated_at - $1", (micros,))

    site.run(site.deeds.database.write(older))


def set_metadata(site: Site, app: RegisteredClient, **members: object) -> None:
    """Give the app this metadata."""

    def given() -> Operation[None]:
        yield Statement("UPDATE apps SET metadata = $2 WHERE client_id = $1", (app.client_id, json.dumps(members)))

    site.run(site.deeds.database.write(given))
