"""The device grant as devices and browsers meet it, over HTTP. RFC 8628 §3, §4, §5.4."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest

from consentry.oauth.client_metadata import DEVICE_CODE
from device_world import DEVICE_GRANT
from live_server import RegisteredClient, Site
from user_agent import UserAgent, form_to, introspect, post

ENDPOINT = "/oauth/device_authorization"


@pytest.fixture(scope="module")
def television(site: Site) -> RegisteredClient:
    return site.add_app(name="Television", public=True, redirect_uris=("https://tv.test/",), metadata=DEVICE_GRANT)


@pytest.fixture
def agent(site: Site) -> Iterator[UserAgent]:
    with UserAgent(site) as agent:
        agent.sign_in(site.add_person())
        yield agent


def ask(site: Site, client: RegisteredClient, **form: str) -> dict[str, str]:
    answer = post(site, ENDPOINT, client, form)
    assert answer.status_code == 200, answer.text
    told: dict[str, str] = answer.json()
    return told


def poll(site: Site, client: RegisteredClient, told: dict[str, str]) -> httpx.Response:
    return post(site, "/oauth/token", client, {"grant_type": DEVICE_CODE, "device_code": told["device_code"]})


def enter(agent: UserAgent, code: str) -> httpx.Response:
    form = form_to(agent.get("/device").text, "/device")
    return agent.submit(form, form.filled(user_code=code))


def press(agent: UserAgent, page: httpx.Response, action: str, decision: str) -> httpx.Response:
    form = form_to(page.text, action)
    assert ("decision", decision) in form.buttons
    return agent.submit(form, [*form.fields, ("decision", decision)])


@pytest.mark.shows("RFC 8628 §3.2 members", "RFC 8628 §3.3 compare", "RFC 8628 §5.4 phishing")
def test_a_person_connects_a_device_step_by_step(site: Site, television: RegisteredClient, agent: UserAgent) -> None:
    told = ask(site, television, scope="invoicing:read contacts:read")
    assert urlsplit(told["verification_uri"]).path == "/device"

    compared = enter(agent, told["user_code"].lower().replace("-", " "))
    assert f'Does your device show <span class="user-code">{told["user_code"]}</span>?' in compared.text
    for said in (
        "Television",
        "Registered by",
        "Acme Books",
        "Unverified",
        "127.0.0.1",
        "will ever ask you to enter a code",
    ):
        assert said in compared.text
    consent = press(agent, compared, "/device/confirm", "continue")
    assert consent.request.url.path == "/device/consent"
    assert "Approve only if the device is in front of you" in consent.text
    assert "Sends you to" not in consent.text
    assert poll(site, television, told).json()["error"] == "authorization_pending"
    done = press(agent, consent, "/device/consent", "approve")
    assert "Your device is connected" in done.text

    answer = poll(site, television, told)
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    tokens = answer.json()
    assert tokens["scope"] == "invoicing:read"
    assert introspect(site, site.resource, tokens["access_token"]).json()["active"]
    assert "Your device is connected" in agent.get(str(done.request.url)).text


def test_an_optional_scope_is_given_only_where_the_person_ticks_it(
    site: Site, television: RegisteredClient, agent: UserAgent
) -> None:
    told = ask(site, television)
    consent = press(agent, enter(agent, told["user_code"]), "/device/confirm", "continue")
    form = form_to(consent.text, "/device/consent")
    assert ("scope", "contacts:read") in form.choices
    assert ("scope", "contacts:read") not in form.fields

    agent.submit(form, [*form.fields, ("scope", "contacts:read"), ("decision", "approve")])

    assert poll(site, television, told).json()["scope"] == "contacts:read invoicing:read"


@pytest.mark.shows("RFC 8628 §3.3.1 complete-asks-too")
def test_dv_03_the_complete_address_fills_the_field_and_does_nothing_else(
    site: Site, television: RegisteredClient
) -> None:
    told = ask(site, television)
    with UserAgent(site) as agent:
        page = agent.sign_in(site.add_person(), told["verification_uri_complete"])

        form = form_to(page.text, "/device")
        assert ("user_code", told["user_code"]) in form.fields
        assert "Television" not in page.text
        compared = agent.submit(form, form.fields)

    assert "will ever ask you to enter a code" in compared.text
    assert poll(site, television, told).json()["error"] == "authorization_pending"


@pytest.mark.shows("RFC 8628 §3.5 denied")
@pytest.mark.parametrize("at", ["/device/confirm", "/device/consent"])
def test_a_person_who_stops_is_told_to_the_device(
    site: Site, television: RegisteredClient, agent: UserAgent, at: str
) -> None:
    told = ask(site, television)
    page = enter(agent, told["user_code"])
    if at == "/device/consent":
        page = press(agent, page, "/device/confirm", "continue")

    done = press(agent, page, at, "stop" if at == "/device/confirm" else "decline")

    assert "Nothing was connected" in done.text
    assert poll(site, television, told).json()["error"] == "access_denied"
    assert press(agent, page, at, "stop" if at == "/device/confirm" else "decline").status_code == 409


def test_a_person_of_several_organisations_chooses_one(site: Site, television: RegisteredClient) -> None:
    other = site.add_organisation("Other Books")
    person = site.add_person("owner", site.home, other)
    told = ask(site, television)
    with UserAgent(site) as agent:
        agent.sign_in(person)
        picker = press(agent, enter(agent, told["user_code"]), "/device/confirm", "continue")
        assert "Which one?" in picker.text
        consent = agent.get(f"{picker.request.url}&organisation={other}")
        press(agent, consent, "/device/consent", "approve")

    token = poll(site, television, told).json()["access_token"]
    assert introspect(site, site.resource, token).json()["organisation"] == other


@pytest.mark.shows("RFC 8628 §5.1 guessing")
def test_dv_01_wrong_codes_are_told_and_soon_slowed(agent: UserAgent) -> None:
    answers = [enter(agent, "BBBB-BBBB") for _ in range(7)]

    assert [answer.status_code for answer in answers] == [400] * 6 + [429]
    assert "No device waits with this code" in answers[0].text
    assert "Too many wrong codes" in answers[-1].text
    assert int(answers[-1].headers["retry-after"]) >= 1


def test_a_code_is_entered_by_people_who_are_signed_in_and_on_our_own_form_only(
    site: Site, television: RegisteredClient, agent: UserAgent
) -> None:
    told = ask(site, television)
    with httpx.Client(base_url=site.issuer) as nobody:
        for path in ("/device", "/device/consent?request=x", "/device/done?request=x"):
            assert nobody.get(path).headers["location"].startswith("/sign-in?next=%2Fdevice")

    answer = agent.http.post("/device", data={"user_code": told["user_code"]})

    assert answer.status_code == 403
    assert poll(site, television, told).json()["error"] == "authorization_pending"


def test_another_persons_request_is_not_open(site: Site, television: RegisteredClient, agent: UserAgent) -> None:
    told = ask(site, television)
    consent = press(agent, enter(agent, told["user_code"]), "/device/confirm", "continue")
    with UserAgent(site) as stranger:
        stranger.sign_in(site.add_person())

        answer = stranger.get(str(consent.request.url))

    assert answer.status_code == 409
    assert "Television" not in answer.text


@pytest.mark.shows("RFC 8628 §3.1 post")
@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("scope=invoicing:read&scope=contacts:read", "invalid_request"),
        ("scope=&unknown=1&resource=", None),
        ("scope=unknown", "invalid_scope"),
        ("resource=https://elsewhere.test", "invalid_target"),
    ],
)
def test_the_endpoint_reads_a_form(site: Site, television: RegisteredClient, body: str, expected: str | None) -> None:
    answer = httpx.post(
        site.issuer + ENDPOINT,
        content=f"client_id={television.client_id}&{body}",
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )

    assert answer.json().get("error") == expected
    assert answer.status_code == (400 if expected else 200)
    assert answer.headers["cache-control"] == "no-store"


def test_the_endpoint_takes_nothing_but_a_posted_form_of_a_known_client(
    site: Site, television: RegisteredClient
) -> None:
    assert httpx.get(site.issuer + ENDPOINT).status_code == 405
    assert httpx.post(f"{site.issuer}{ENDPOINT}?scope=x", data=television.post).status_code == 400
    assert httpx.post(site.issuer + ENDPOINT, data={"client_id": "unknown"}).json()["error"] == "invalid_client"
    assert httpx.post(site.issuer + ENDPOINT, json={"client_id": television.client_id}).status_code == 415


@pytest.mark.shows("RFC 8628 §4 metadata")
def test_the_metadata_names_the_endpoint_and_the_grant(site: Site) -> None:
    metadata = httpx.get(f"{site.issuer}/.well-known/oauth-authorization-server").json()

    assert metadata["device_authorization_endpoint"] == site.issuer + ENDPOINT
    assert DEVICE_CODE in metadata["grant_types_supported"]
