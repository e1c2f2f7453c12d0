"""A person connects a device in a real browser, with JavaScript and without, on a wide and on a narrow screen."""

import pytest
from playwright.sync_api import Browser, expect
from sample_world import SampleWorld, person, sign_in

from consentry.demo.people import WEB_APP
from consentry.oauth.client_metadata import DEVICE_CODE
from device_world import DEVICE_GRANT
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
