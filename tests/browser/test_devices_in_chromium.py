"""A person connects a device in a real browser, with JavaScript and without, on a wide and on a narrow screen."""

import json

import pytest
from playwright.sync_api import Browser, Page, expect
from sample_world import SampleWorld, person, sign_in

from consentry.demo.people import WEB_APP
from consentry.model.app import AppOrigin
from consentry.model.event import SYSTEM, Event, EventKind
from consentry.model.ids import APP, EVENT, AppId, ClientId, EventId
from consentry.model.self_registered import NewApp, build_app
from consentry.oauth.client_claims import parse_claims, parse_members
from consentry.oauth.client_metadata import DEVICE_CODE
from consentry.oauth.scope import Scope
from consentry.ports.registrations import NewRegistration
from consentry.storage.registrations import SqlRegistrationStore
from device_world import DEVICE_GRANT
from live_server import RegisteredClient
from user_agent import post

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("module_database_url", ["sqlite"], indirect=True)]


@pytest.mark.shows("RFC 8628 §3.3 compare", "RFC 8628 §5.4 phishing")
@pytest.mark.parametrize(("javascript", "width"), [(True, 1280), (False, 1280), (False, 320)])
def test_a_person_connects_a_device(world: SampleWorld, browser: Browser, *, javascript: bool, width: int) -> None:
    site, carla = world.site, person("Carla")
    organisation = world.organisations[WEB_APP.organisation]
    app = site.add_app(name="Paperlark TV", public=True, organisation=organisation, metadata=DEVICE_GRANT)
    told = post(site, "/oauth/device_authorization", app, {}).json()
    with browser.new_context(
        locale="en-GB", java_script_enabled=javascript, viewport={"width": width, "height": 800}
    ) as context:
        context.set_default_timeout(10_000)
        page = context.new_page()
        page.goto(told["verification_uri"])
        sign_in(page, carla)
        field = page.get_by_label("Code")
        expect(field).to_be_focused()
        field.press_sequentially(told["user_code"].replace("-", "").lower())
        page.keyboard.press("Enter")

        expect(page.get_by_role("heading", level=1)).to_have_text(f"Does your device show {told['user_code']}?")
        expect(page.get_by_text("Did somebody send you this code?")).to_be_visible()
        page.get_by_role("button", name="Yes, it shows this code").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("Paperlark TV asks for access")
        page.get_by_role("button", name="Approve").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Your device is connected")

    form = {"grant_type": DEVICE_CODE, "device_code": told["device_code"]}
    assert post(site, "/oauth/token", app, form).json()["scope"] == "invoicing:read"


def add_stranger(world: SampleWorld, client_id: str | None, host: str | None) -> RegisteredClient:
    """Write an app that registered itself, or that a document describes, as the server would."""
    deeds = world.site.deeds
    members = {"client_name": "Quillbooks Support", "token_endpoint_auth_method": "none", **DEVICE_GRANT}
    app_id = AppId(deeds.secrets.new_id(APP))
    new = NewApp(
        app_id,
        None if client_id is None else ClientId(client_id),
        AppOrigin.DYNAMIC if host is None else AppOrigin.DOCUMENT,
        host,
        deeds.clock.now(),
    )
    app = build_app(parse_claims(parse_members(json.dumps(members).encode())), new, Scope.of("invoicing:read"))
    event = Event(EventId(deeds.secrets.new_id(EVENT)), new.at, EventKind.APP_REGISTERED, None, SYSTEM, app.id, {})
    registration = NewRegistration(app, None, None, None, event)
    assert world.site.run(SqlRegistrationStore(deeds.database).register(registration))
    return RegisteredClient(app.client_id, None, "")


@pytest.mark.shows("RFC 8628 §5.4 phishing")
@pytest.mark.parametrize(
    ("host", "said"),
    [
        pytest.param("", "Registered by Harbour Books Ltd", id="registered"),
        pytest.param(None, "Registered itself on", id="registered itself"),
        pytest.param("assistant.example", "Vouched for by assistant.example", id="vouched for"),
    ],
)
def test_dv_03_a_person_who_was_sent_the_code_of_a_stranger_is_told_who_asks_on_every_page(
    world: SampleWorld, page: Page, host: str | None, said: str
) -> None:
    site = world.site
    if host == "":
        organisation = world.organisations[WEB_APP.organisation]
        app = site.add_app(name="Quillbooks Support", public=True, organisation=organisation, metadata=DEVICE_GRANT)
    else:
        app = add_stranger(world, None if host is None else f"https://{host}/client.json", host)
    unchecked = "Nobody has checked who is behind this app." if host == "" else "No person registered this app"
    told = post(site, "/oauth/device_authorization", app, {}).json()
    page.goto(told["verification_uri_complete"])
    sign_in(page, person("Carla"))

    expect(page.get_by_label("Code")).to_have_value(told["user_code"])
    expect(page.get_by_text("Nobody from Quillbooks will ever ask you to enter a code.")).to_be_visible()
    page.get_by_role("button", name="Continue").click()
    warning = page.get_by_text("Did somebody send you this code?")
    expect(warning).to_be_visible()
    # Before the button, and in the first screenful: nobody has to scroll to be warned.
    assert warning.bounding_box()["y"] < page.get_by_role("button", name="Yes, it shows this code").bounding_box()["y"]  # type: ignore[index] # visible
    for shown in (said, "Unverified", unchecked, "127.0.0.1"):
        expect(page.locator("main")).to_contain_text(shown)
    page.get_by_role("button", name="Yes, it shows this code").click()
    for shown in (said, "Unverified", unchecked, "Approve only if the device is in front of you"):
        expect(page.locator("main")).to_contain_text(shown)
    page.get_by_role("button", name="Decline").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Nothing was connected")
    form = {"grant_type": DEVICE_CODE, "device_code": told["device_code"]}
    assert post(site, "/oauth/token", app, form).json()["error"] == "access_denied"
