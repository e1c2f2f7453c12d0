"""Signing out at an app's request, over real HTTP. OpenID Connect RP-Initiated Logout 1.0."""

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from joserfc import jws
from joserfc.jwk import ECKey

from live_server import OPERATOR, RegisteredClient, Site
from user_agent import Form, UserAgent, form_to, query_of

AFTER = "https://client.test/signed-out"
STATE = '"<é>&=\u200b+ %'
CONFIRM = "/oauth/logout/confirm"


@pytest.fixture(scope="module")
def app(site: Site) -> RegisteredClient:
    return add_app(site)


def add_app(site: Site) -> RegisteredClient:
    addresses = [AFTER, "https://client.test/kept?a=1", "http://127.0.0.1/signed-out"]
    return site.add_app(metadata={"post_logout_redirect_uris": addresses})


@pytest.fixture
def ana(site: Site) -> Iterator[UserAgent]:
    with UserAgent(site) as agent:
        agent.sign_in(site.ana)
        yield agent


def claims_of(agent: UserAgent, app: RegisteredClient) -> dict[str, Any]:
    """The claims of an ID token that the app got under the browser's session, a day ago."""
    live = agent.site.run(agent.site.deeds.sign_in.find_session(agent.http.cookies["consentry"]))
    assert live is not None
    now = int(agent.site.deeds.clock.now().timestamp())
    return {
        "iss": agent.site.issuer,
        "sub": live.user.id,
        "aud": app.client_id,
        "iat": now - 86_400,
        "exp": now - 82_800,
        "sid": live.session.id,
    }


def sign(site: Site, claims: dict[str, Any], typ: str = "JWT") -> str:
    return site.run(site.deeds.signing_keys.sign(claims, typ=typ))


def hint_of(agent: UserAgent, app: RegisteredClient, **changes: Any) -> str:
    return sign(agent.site, {**claims_of(agent, app), **changes})


def logout_url(site: Site, **parameters: str | None) -> str:
    given = {name: value for name, value in parameters.items() if value is not None}
    return f"{site.issuer}/oauth/logout?{urlencode(given)}"


def is_signed_in(agent: UserAgent) -> bool:
    return agent.http.get("/settings/connections").status_code == 200


def confirm_form(answer: httpx.Response) -> Form:
    return form_to(answer.text, CONFIRM)


def confirm(agent: UserAgent, page: httpx.Response) -> httpx.Response:
    form = confirm_form(page)
    return agent.submit(form, form.fields)


@pytest.mark.shows(
    "RP-Initiated Logout §2 get-post",
    "RP-Initiated Logout §2 hint",
    "RP-Initiated Logout §2 session-ends",
    "RP-Initiated Logout §3 registered",
    "RP-Initiated Logout §3 state",
    "RP-Initiated Logout §3 after",
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_app_signs_its_own_session_out_and_gets_the_person_back(
    site: Site, ana: UserAgent, app: RegisteredClient, method: str
) -> None:
    """An expired ID token is as good as another: it is a hint."""
    asked = {"id_token_hint": hint_of(ana, app), "post_logout_redirect_uri": AFTER, "state": STATE}
    other_tab = httpx.Client(base_url=site.issuer, cookies=dict(ana.http.cookies))
    if method == "GET":
        answer = ana.get(logout_url(site, **asked))
    else:
        # From the app's own page: the browser sends no cookie of ours along with the form, and does when redirected.
        posted = httpx.post(f"{site.issuer}/oauth/logout", data=asked)
        assert posted.status_code == 303
        answer = ana.get(posted.headers["location"])

    assert answer.status_code == 303
    assert answer.headers["location"].startswith(f"{AFTER}?")
    assert query_of(answer.headers["location"]) == {"state": STATE}
    assert other_tab.get("/settings/connections").status_code == 303
    other_tab.close()


@pytest.mark.shows("RP-Initiated Logout §3 registered")
@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("https://client.test/kept?a=1", "https://client.test/kept?a=1&state=s"),
        ("http://127.0.0.1:49152/signed-out", "http://127.0.0.1:49152/signed-out?state=s"),
    ],
)
def test_registered_addresses_keep_their_query_and_loopback_its_free_port(
    site: Site, ana: UserAgent, app: RegisteredClient, uri: str, expected: str
) -> None:
    answer = ana.get(
        logout_url(
            site, id_token_hint=hint_of(ana, app), post_logout_redirect_uri=uri, state="s", client_id=app.client_id
        )
    )

    assert answer.headers["location"] == expected


@pytest.mark.shows("RP-Initiated Logout §2 session-ends")
def test_without_an_address_the_person_is_told(site: Site, ana: UserAgent, app: RegisteredClient) -> None:
    answer = ana.get(logout_url(site, id_token_hint=hint_of(ana, app), state="s"))

    assert answer.status_code == 200
    assert "You are signed out" in answer.text
    assert not is_signed_in(ana)


@pytest.mark.shows("RP-Initiated Logout §2 ask", "RP-Initiated Logout §6 csrf")
def test_without_a_hint_the_person_is_asked_and_stays_here(site: Site, ana: UserAgent) -> None:
    page = ana.get(logout_url(site, logout_hint="ana@acme.test", ui_locales="fr en"))
    assert "Do you want to sign out?" in page.text
    assert is_signed_in(ana)

    answer = confirm(ana, page)

    assert (answer.status_code, "You are signed out" in answer.text) == (200, True)
    assert not is_signed_in(ana)


@pytest.mark.shows("RP-Initiated Logout §2 other-session")
@pytest.mark.shows("RP-Initiated Logout §2 ask")
@pytest.mark.parametrize("changes", [{"sid": "another"}, {"sid": None}, {"sid": 7}])
def test_a_hint_of_another_session_asks_and_then_leads_back(
    site: Site, ana: UserAgent, app: RegisteredClient, changes: dict[str, Any]
) -> None:
    hint = hint_of(ana, app, **changes)

    page = ana.get(logout_url(site, id_token_hint=hint, post_logout_redirect_uri=AFTER, state=STATE))
    assert "Ledgerly" in page.text
    assert "form-action 'self' https:" in page.headers["content-security-policy"]
    assert is_signed_in(ana)
    answer = confirm(ana, page)

    assert answer.status_code == 303
    assert query_of(answer.headers["location"]) == {"state": STATE}
    assert not is_signed_in(ana)


Faulty = Callable[[UserAgent, RegisteredClient], dict[str, str]]


def _modified(agent: UserAgent, app: RegisteredClient) -> dict[str, str]:
    head, payload, signature = hint_of(agent, app).split(".")
    return {"id_token_hint": ".".join((head, payload, ("A" if signature[0] != "A" else "B") + signature[1:]))}


def _foreign(agent: UserAgent, app: RegisteredClient) -> dict[str, str]:
    key = ECKey.generate_key("P-256")
    header = {"alg": "ES256", "typ": "JWT", "jwk": key.as_dict(private=False)}
    return {"id_token_hint": jws.serialize_compact(header, str(claims_of(agent, app)).encode(), key)}


FAULTY: list[tuple[str, Faulty]] = [
    ("no hint", lambda _agent, _app: {}),
    ("no hint but a client", lambda _agent, app: {"client_id": app.client_id}),
    ("no token", lambda _agent, _app: {"id_token_hint": "x"}),
    ("modified", _modified),
    ("signed by another", _foreign),
    ("not signed", lambda agent, app: {"id_token_hint": hint_of(agent, app).rpartition(".")[0] + "."}),
    ("another issuer", lambda agent, app: {"id_token_hint": hint_of(agent, app, iss="https://other.test")}),
    ("no ID token", lambda agent, app: {"id_token_hint": sign(agent.site, claims_of(agent, app), "logout+jwt")}),
    ("two audiences", lambda agent, app: {"id_token_hint": hint_of(agent, app, aud=[app.client_id, "other"])}),
    ("unknown audience", lambda agent, app: {"id_token_hint": hint_of(agent, app, aud="app_unknown")}),
    ("another client", lambda agent, app: {"id_token_hint": hint_of(agent, app), "client_id": "app_other"}),
    ("no such client", lambda agent, app: {"id_token_hint": hint_of(agent, app), "client_id": "é"}),
    ("too long", lambda agent, app: {"id_token_hint": hint_of(agent, app), "state": "s" * 9000}),
]


@pytest.mark.shows(
    "RP-Initiated Logout §2 hint",
    "RP-Initiated Logout §2 same-client",
    "RP-Initiated Logout §3 no-open-redirector",
    "RP-Initiated Logout §4 errors",
)
@pytest.mark.parametrize(("faulty"), [pytest.param(faulty, id=name) for name, faulty in FAULTY])
def test_cs_14_a_faulty_request_is_shown_and_leads_nowhere_not_even_after_the_answer(
    site: Site, ana: UserAgent, app: RegisteredClient, faulty: Faulty
) -> None:
    page = ana.get(logout_url(site, **{"post_logout_redirect_uri": AFTER, "state": "s", **faulty(ana, app)}))

    assert page.status_code == 400
    assert AFTER not in page.text
    assert is_signed_in(ana)
    answer = confirm(ana, page)
    assert "You are signed out" in answer.text
    assert "location" not in answer.headers
    assert not is_signed_in(ana)


@pytest.mark.shows("RP-Initiated Logout §3 registered", "RP-Initiated Logout §4 errors")
@pytest.mark.parametrize(
    "uri",
    [
        "https://evil.test/",
        f"{AFTER}/",
        f"{AFTER}?x=1",
        f"{AFTER}#x",
        "https://client.test/SIGNED-OUT",
        "https://client.test@evil.test/signed-out",
        "//client.test/signed-out",
        "javascript:alert(1)",
        "https://127.0.0.1:4444/signed-out",
    ],
)
@pytest.mark.parametrize("signed_in", [True, False])
def test_cs_14_nobody_is_sent_to_an_address_that_is_not_registered(
    site: Site, ana: UserAgent, app: RegisteredClient, uri: str, *, signed_in: bool
) -> None:
    hint = hint_of(ana, app)
    if not signed_in:
        ana.http.cookies.clear()

    page = ana.get(logout_url(site, id_token_hint=hint, post_logout_redirect_uri=uri))

    assert page.status_code == 400
    assert uri not in page.text
    assert "location" not in page.headers


@pytest.mark.shows("RP-Initiated Logout §2 hint")
def test_parameters_sent_twice_are_refused(site: Site, ana: UserAgent, app: RegisteredClient) -> None:
    url = logout_url(site, id_token_hint=hint_of(ana, app), post_logout_redirect_uri=AFTER)

    page = ana.get(f"{url}&post_logout_redirect_uri=https%3A%2F%2Fevil.test%2F")

    assert page.status_code == 400
    assert is_signed_in(ana)


def test_who_is_not_signed_in_is_sent_back_at_once(site: Site, ana: UserAgent, app: RegisteredClient) -> None:
    asked = {"id_token_hint": hint_of(ana, app), "post_logout_redirect_uri": AFTER}
    ana.get(logout_url(site, **asked))

    assert ana.get(logout_url(site, **asked)).headers["location"] == AFTER
    assert ana.get(logout_url(site)).status_code == 200


@pytest.mark.shows("RP-Initiated Logout §6 csrf")
@pytest.mark.parametrize(
    ("csrf", "headers"),
    [
        ("", {}),
        ("wrong", {}),
        (None, {"Origin": "https://evil.test"}),
        (None, {"Sec-Fetch-Site": "cross-site"}),
    ],
)
def test_cs_01_the_answer_cannot_be_given_by_another_site(
    site: Site, ana: UserAgent, csrf: str | None, headers: dict[str, str]
) -> None:
    form = confirm_form(ana.get(logout_url(site)))
    given = dict(form.fields) if csrf is None else {"csrf": csrf}

    answer = ana.http.post(CONFIRM, data=given, headers=headers)

    assert answer.status_code == 403
    assert is_signed_in(ana)


def test_an_app_that_is_deactivated_gets_nobody_back(site: Site, ana: UserAgent) -> None:
    app = add_app(site)
    site.run(site.deeds.app_registry.deactivate(OPERATOR, app.client_id))

    page = ana.get(logout_url(site, id_token_hint=hint_of(ana, app), post_logout_redirect_uri=AFTER))

    assert page.status_code == 400
    assert AFTER not in page.text


def test_two_tabs_may_both_confirm(site: Site, ana: UserAgent, app: RegisteredClient) -> None:
    hint = hint_of(ana, app, sid="another")
    url = logout_url(site, id_token_hint=hint, post_logout_redirect_uri=AFTER)
    first, second = ana.get(url), ana.get(url)

    confirm(ana, first)
    answer = confirm(ana, second)

    assert answer.headers["location"] == AFTER
