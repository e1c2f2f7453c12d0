"""The token endpoint and client authentication over real HTTP. RFC 6749 §2.3, §3.2, §5, §6."""

import base64
from collections.abc import Iterator

import httpx
import pytest

from live_server import RegisteredClient, Site
from user_agent import VERIFIER, UserAgent, connect, exchange, is_active, refresh

FORM = "application/x-www-form-urlencoded"


@pytest.fixture(scope="module")
def app(site: Site) -> RegisteredClient:
    return site.add_app()


@pytest.fixture(scope="module")
def public_app(site: Site) -> RegisteredClient:
    return site.add_app(public=True)


@pytest.fixture
def code(site: Site, app: RegisteredClient) -> Iterator[str]:
    """A fresh code of the app."""
    with UserAgent(site) as agent:
        agent.sign_in(site.ana)
        yield agent.approve(app)["code"]


@pytest.fixture
def public_code(site: Site, public_app: RegisteredClient) -> Iterator[str]:
    """A fresh code of the public app."""
    with UserAgent(site) as agent:
        agent.sign_in(site.ana)
        yield agent.approve(public_app)["code"]


def fields(app: RegisteredClient, code: str) -> dict[str, str]:
    return {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": app.redirect_uri,
        "code_verifier": VERIFIER,
    }


def send(site: Site, **request: object) -> httpx.Response:
    return httpx.post(f"{site.issuer}/oauth/token", **request)  # type: ignore[arg-type] # as httpx.post itself


def assert_refused(answer: httpx.Response, status: int, error: str) -> None:
    assert answer.status_code == status, answer.text
    assert answer.json()["error"] == error
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-type"] == "application/json"
    assert ("www-authenticate" in answer.headers) is (status == 401)


def assert_still_good(site: Site, app: RegisteredClient, code: str) -> None:
    """A refused request must not have used up the code (PK-11)."""
    assert exchange(site, app, code).status_code == 200


@pytest.mark.shows("RFC 6749 §3.2 post", "OAuth 2.1 §3.1 no-get-credentials")
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "HEAD"])
def test_tk_01_only_post_gives_tokens(site: Site, app: RegisteredClient, code: str, method: str) -> None:
    answer = httpx.request(method, f"{site.issuer}/oauth/token", params={**fields(app, code), **app.post})

    assert answer.status_code == 405
    assert "POST" in answer.headers["allow"]
    assert "access_token" not in answer.text
    assert_still_good(site, app, code)


@pytest.mark.shows("RFC 6749 §5.2 invalid-client")
def test_tk_02_a_wrong_secret_and_an_unknown_app_get_the_same_answer(
    site: Site, app: RegisteredClient, code: str
) -> None:
    other = site.add_app()
    wrong_secret = send(site, data=fields(app, code), auth=(app.client_id, other.secret))
    unknown_app = send(site, data=fields(app, code), auth=("app_0000000000000000000000", other.secret))

    assert_refused(wrong_secret, 401, "invalid_client")
    assert wrong_secret.json() == unknown_app.json()
    assert wrong_secret.headers["www-authenticate"].startswith("Basic ")
    assert_still_good(site, app, code)


@pytest.mark.shows("RFC 6749 §2.3 one-method", "OAuth 2.1 §2.4.1 one-method")
def test_tk_03_two_methods_at_once_are_refused(site: Site, app: RegisteredClient, code: str) -> None:
    answer = send(site, data={**fields(app, code), **app.post}, auth=app.basic)

    assert_refused(answer, 400, "invalid_request")
    assert_still_good(site, app, code)


@pytest.mark.shows("RFC 6749 §3.2.1 authenticated", "RFC 6749 §4.1.3 authenticated")
@pytest.mark.parametrize("extra", [{}, {"client_secret": ""}])
def test_tk_04_a_confidential_app_must_show_its_secret(
    site: Site, app: RegisteredClient, code: str, extra: dict[str, str]
) -> None:
    answer = send(site, data={**fields(app, code), "client_id": app.client_id, **extra})

    assert_refused(answer, 401, "invalid_client")
    assert_still_good(site, app, code)


@pytest.mark.shows("RFC 6749 §5.2 invalid-client")
def test_tk_04_no_client_at_all(site: Site, app: RegisteredClient, code: str) -> None:
    assert_refused(send(site, data=fields(app, code)), 401, "invalid_client")
    assert_still_good(site, app, code)


def test_tk_05_a_public_app_with_a_secret_is_not_taken_for_a_confidential_one(
    site: Site, app: RegisteredClient, public_app: RegisteredClient, public_code: str
) -> None:
    answer = send(site, data=fields(public_app, public_code), auth=(public_app.client_id, app.secret or ""))

    assert_refused(answer, 401, "invalid_client")
    assert_still_good(site, public_app, public_code)


@pytest.mark.shows("RFC 6749 §2.3.1 not-in-address")
def test_tk_06_a_secret_in_the_address_is_refused(site: Site, app: RegisteredClient, code: str) -> None:
    answer = httpx.post(f"{site.issuer}/oauth/token", params=app.post, data=fields(app, code))

    assert_refused(answer, 400, "invalid_request")
    assert_still_good(site, app, code)


@pytest.mark.shows("RFC 6749 §5.2 status", "OAuth 2.1 §7.2 no-password", "RFC 9700 §2.4 no-password-grant")
@pytest.mark.parametrize("grant", ["password", "implicit", "urn:ietf:params:oauth:grant-type:jwt-bearer", "x"])
def test_pk_14_no_other_grant_is_supported(site: Site, app: RegisteredClient, grant: str) -> None:
    form = {"grant_type": grant, "username": "a", "password": "b"}

    assert_refused(send(site, data=form, auth=app.basic), 400, "unsupported_grant_type")


@pytest.mark.parametrize("grant", ["client_credentials", "urn:ietf:params:oauth:grant-type:device_code"])
def test_tk_12_an_app_has_only_the_grants_that_it_is_registered_for(
    site: Site, app: RegisteredClient, grant: str
) -> None:
    answer = send(site, data={"grant_type": grant, "device_code": "x"}, auth=app.basic)

    assert_refused(answer, 400, "unauthorized_client")


@pytest.mark.parametrize("media_type", ["application/json", "multipart/form-data; boundary=x", "text/plain", ""])
def test_tk_11_the_body_must_be_a_form(site: Site, media_type: str) -> None:
    answer = send(site, content=b'{"grant_type":"authorization_code"}', headers={"Content-Type": media_type})

    assert_refused(answer, 415, "invalid_request")


@pytest.mark.shows("RFC 6749 §3.2 not-twice")
@pytest.mark.parametrize("name", ["grant_type", "code", "redirect_uri", "code_verifier", "client_id", "client_secret"])
def test_in_01_a_parameter_sent_twice_is_refused(site: Site, app: RegisteredClient, code: str, name: str) -> None:
    form = {**fields(app, code), **app.post}
    body = "&".join(str(httpx.QueryParams([pair])) for pair in [*form.items(), (name, form[name])])

    answer = send(site, content=body, headers={"Content-Type": FORM})

    assert_refused(answer, 400, "invalid_request")
    assert_still_good(site, app, code)


@pytest.mark.shows("RFC 6749 §3.2 empty-is-absent")
@pytest.mark.parametrize("name", ["grant_type", "code"])
def test_in_02_an_empty_parameter_is_a_missing_one(site: Site, app: RegisteredClient, code: str, name: str) -> None:
    assert_refused(send(site, data={**fields(app, code), name: ""}, auth=app.basic), 400, "invalid_request")


@pytest.mark.shows("RFC 7636 §4.6 compared")
def test_pk_03_the_verifier_cannot_be_left_out(site: Site, app: RegisteredClient, code: str) -> None:
    answer = exchange(site, app, code, code_verifier="")

    assert answer.status_code == 400
    assert answer.json()["error"] in {"invalid_grant", "invalid_request"}


@pytest.mark.shows("RFC 6749 §3.1 unknown-ignored", "RFC 6749 §3.2 empty-is-absent")
def test_in_03_an_unknown_parameter_is_ignored(site: Site, app: RegisteredClient, code: str) -> None:
    assert exchange(site, app, code, foo="bar").status_code == 200


@pytest.mark.parametrize("credentials", ["", "x", "Basic", "Basic !", "Basic YQ==", "Bearer x", "Basic " + "A" * 9000])
def test_a_header_that_cannot_be_read_is_no_authentication(
    site: Site, app: RegisteredClient, code: str, credentials: str
) -> None:
    answer = send(site, data=fields(app, code), headers={"Authorization": credentials})

    assert_refused(answer, 401, "invalid_client")


@pytest.mark.shows("RFC 6749 §2.3.1 basic")
def test_the_characters_of_basic_credentials_are_form_encoded(site: Site, app: RegisteredClient, code: str) -> None:
    encoded = base64.b64encode(f"{app.client_id.replace('_', '%5F')}:{app.secret}".encode()).decode()

    answer = send(site, data=fields(app, code), headers={"Authorization": f"Basic {encoded}"})

    assert answer.status_code == 200


@pytest.mark.shows(
    "RFC 6749 §4.1.4 answer", "RFC 6749 §5.1 members", "RFC 6749 §5.1 no-store", "OAuth 2.1 §3.2 no-store"
)
def test_the_token_answer_has_what_the_rfc_asks_for(site: Site, app: RegisteredClient, code: str) -> None:
    answer = exchange(site, app, code)

    body = answer.json()
    assert set(body) == {"access_token", "token_type", "expires_in", "refresh_token", "scope"}
    assert body["token_type"] == "Bearer"
    assert body["expires_in"] == 3600
    assert body["scope"] == "contacts:read invoicing:read"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["pragma"] == "no-cache"


@pytest.mark.shows("RFC 6749 §4.1.2 replay-ends-tokens", "OpenID Connect Core §3.1.3.2 validated")
def test_pk_07_a_code_used_twice_ends_what_the_first_use_gave(site: Site, app: RegisteredClient, code: str) -> None:
    first = exchange(site, app, code).json()

    second = exchange(site, app, code)

    assert_refused(second, 400, "invalid_grant")
    assert not is_active(site, first["access_token"])
    assert refresh(site, app, first["refresh_token"]).status_code == 400


@pytest.mark.shows("RFC 6749 §10.5 codes")
@pytest.mark.shows("RFC 6749 §4.1.2 bound", "RFC 6749 §4.1.3 public-named")
def test_pk_09_a_code_is_good_for_its_own_app_only(site: Site, app: RegisteredClient, code: str) -> None:
    other = site.add_app()

    assert_refused(exchange(site, other, code), 400, "invalid_grant")
    assert_still_good(site, app, code)


@pytest.mark.shows("RFC 6749 §6 no-more-scope", "RFC 6749 §6 authenticated")
@pytest.mark.parametrize("public", [False, True])
def test_a_refresh_gives_a_new_token_and_no_wider_scope(site: Site, *, public: bool) -> None:
    app = site.add_app(public=public)
    tokens = connect(site, app, site.ana, scope="invoicing:read")

    wider = refresh(site, app, tokens["refresh_token"], scope="invoicing:read contacts:read")
    fresh = refresh(site, app, tokens["refresh_token"])

    assert_refused(wider, 400, "invalid_scope")
    assert fresh.status_code == 200
    assert is_active(site, fresh.json()["access_token"])
    assert fresh.json()["scope"] == "invoicing:read"


@pytest.mark.shows("RFC 6749 §2.3.1 guessing")
def test_tk_13_guessing_secrets_is_slowed_and_other_apps_go_on(site: Site) -> None:
    attacked, other = site.add_app(), site.add_app()
    form = {"grant_type": "refresh_token", "refresh_token": "x"}
    with httpx.Client() as guesser:
        answers = [
            guesser.post(f"{site.issuer}/oauth/token", data=form, auth=(attacked.client_id, f"guess {number}"))
            for number in range(60)
        ]

    assert {one.status_code for one in answers[:10]} == {401}
    slowed = [one for one in answers if one.status_code == 429]
    assert len(slowed) >= 30
    assert int(slowed[-1].headers["retry-after"]) >= 1
    assert connect(site, other, site.ana)["access_token"]


@pytest.mark.parametrize("token", ["x", "cst_rt_x", "cst_at_" + "0" * 71, "é", "\x7f"])
def test_a_refresh_token_that_is_none(site: Site, app: RegisteredClient, token: str) -> None:
    assert_refused(refresh(site, app, token), 400, "invalid_grant")


def test_rt_07_an_access_token_refreshes_nothing(site: Site, app: RegisteredClient) -> None:
    tokens = connect(site, app, site.ana)

    assert_refused(refresh(site, app, tokens["access_token"]), 400, "invalid_grant")
    assert not is_active(site, tokens["refresh_token"])
