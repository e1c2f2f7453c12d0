"""What people do, in a real browser, from registering an app to its last refused call."""

import pytest
from playwright.sync_api import Browser, Page, expect
from sample_world import SampleWorld, person, secret_on, sign_in

pytestmark = pytest.mark.browser

ANA, BEN, CARLA, DILIP, EWA, FELIX, HANA = (
    person(name) for name in ("Ana", "Ben", "Carla", "Dilip", "Ewa", "Felix", "Hana")
)


def register_through_the_form(page: Page, world: SampleWorld, callback: str, name: str = "Paperlark") -> None:
    page.goto(f"{world.url}/settings/apps/new")
    sign_in(page, BEN)
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Redirect URIs").fill(callback)
    for scope, choice in (
        ("contacts:read", "required"),
        ("invoicing:read", "required"),
        ("invoicing:write", "optional"),
        ("reports:read", "optional"),
    ):
        page.locator(f'label[for="{_radio(page, scope, choice)}"]').click()
    page.get_by_label("Confidential").check()
    page.get_by_role("button", name="Register app").click()


def _radio(page: Page, scope: str, choice: str) -> str:
    radio = page.locator(f'input[name="scope.{scope}"][value="{choice}"]')
    return radio.get_attribute("id") or ""


def client_id_on(page: Page) -> str:
    return next(word for word in page.locator("main").inner_text().split() if word.startswith("app_"))


def whole_journey(page: Page, browser: Browser, world: SampleWorld, *, javascript: bool) -> None:
    place = world.place_for_app()
    name = "Paperlark" if javascript else "Paperlark without scripts"
    register_through_the_form(page, world, f"{place[1]}/callback", name)
    app = world.start_web_app(place, client_id_on(page), secret_on(page))

    user = browser.new_context(locale="en-GB", java_script_enabled=javascript)
    user.set_default_timeout(10_000)
    with user:
        theirs = user.new_page()
        theirs.goto(app)
        theirs.get_by_role("link", name="Connect").click()
        sign_in(theirs, CARLA)
        expect(theirs.get_by_role("heading", level=1)).to_have_text(f"{name} asks for access to Northmoor Traders")
        theirs.get_by_role("button", name="Approve").click()

        expect(theirs.get_by_role("heading", name="Your accounts are connected")).to_be_visible()
        expect(theirs.get_by_role("heading", name="Invoices")).to_be_visible()
        assert theirs.get_by_role("row").count() > 5

        world.set_role(CARLA, "expense_submitter")
        theirs.get_by_role("button", name="Call the API again").click()
        expect(theirs.get_by_text("HTTP 403").first).to_be_visible()
        expect(theirs.get_by_role("heading", name="Invoices")).to_have_count(0)

        world.set_role(CARLA, "bookkeeper")
        theirs.get_by_role("button", name="Call the API again").click()
        expect(theirs.get_by_role("heading", name="Invoices")).to_be_visible()

        settings = user.new_page()
        settings.goto(f"{world.url}/settings/connections")
        settings.get_by_role("button", name=f"Disconnect {name}").click()
        expect(settings.get_by_text("Nothing that it was given works any more")).to_be_visible()

        theirs.bring_to_front()
        theirs.get_by_role("button", name="Call the API again").click()
        expect(theirs.get_by_text("HTTP 401").first).to_be_visible()


def test_from_registering_to_the_last_refused_call(page: Page, browser: Browser, world: SampleWorld) -> None:
    whole_journey(page, browser, world, javascript=True)


def test_the_same_without_javascript(plain_page: Page, browser: Browser, world: SampleWorld) -> None:
    whole_journey(plain_page, browser, world, javascript=False)


def test_consent_with_the_keyboard_alone(page: Page, world: SampleWorld) -> None:
    page.goto(world.add_web_app("Keyboardly"))
    page.get_by_role("link", name="Connect").focus()
    page.keyboard.press("Enter")
    page.wait_for_url(f"{world.url}/sign-in**")
    expect(page.get_by_label("E-mail address")).to_be_focused()
    page.keyboard.type(CARLA.email)
    page.keyboard.press("Tab")
    page.keyboard.type(CARLA.password)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{world.url}/consent**")

    visited = tab_until(page, "Approve")

    assert visited.index("Decline") < len(visited)
    assert "Skip to the content" in visited
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Your accounts are connected")).to_be_visible()


def tab_until(page: Page, name: str) -> list[str]:
    """Press Tab until the control of this name has the focus; return the names of all that had it."""
    visited: list[str] = []
    for _ in range(60):
        page.keyboard.press("Tab")
        visited.append(page.evaluate("(document.activeElement.innerText || document.activeElement.value || '').trim()"))
        assert page.evaluate("document.activeElement.matches(':focus-visible')"), "the focus cannot be seen"
        if visited[-1] == name:
            return visited
    raise AssertionError(f"{name} is not reached: {visited}")


@pytest.mark.shows("RFC 6749 §4.1.2.1 denied")
def test_declining_connects_nothing_and_tells_the_app(page: Page, world: SampleWorld) -> None:
    page.goto(world.add_web_app("Declinely"))
    page.get_by_role("link", name="Connect").click()
    sign_in(page, CARLA)
    page.get_by_role("button", name="Decline").click()

    expect(page.get_by_text("You declined, so nothing was connected.")).to_be_visible()
    expect(page.get_by_text("access_denied")).to_be_visible()
    page.goto(f"{world.url}/settings/connections")
    expect(page.get_by_text("Declinely")).to_have_count(0)


def test_an_unticked_scope_is_not_given_and_an_unheld_one_says_why(page: Page, world: SampleWorld) -> None:
    page.goto(world.add_web_app("Tickly"))
    page.get_by_role("link", name="Connect").click()
    sign_in(page, FELIX)
    expect(page.get_by_text("In part")).to_be_visible()
    greyed = page.locator("li.unavailable").first
    expect(greyed).to_contain_text("Not included")
    expect(greyed).to_contain_text("Your role Expense submitter does not include")
    expect(greyed.get_by_role("checkbox")).to_have_count(0)

    page.get_by_role("link", name="Not you? Switch account").click()
    sign_in(page, CARLA)
    expect(page.get_by_text("Carla Mendes").last).to_be_visible()
    page.get_by_role("checkbox").first.uncheck()
    unticked = page.get_by_role("checkbox").first.get_attribute("value") or ""
    page.get_by_role("button", name="Approve").click()

    expect(page.get_by_role("heading", name="Your accounts are connected")).to_be_visible()
    assert unticked
    approved = page.get_by_text("You approved:")
    expect(approved).to_contain_text("invoicing:read")
    expect(approved).not_to_contain_text(unticked)


def test_who_may_not_connect_apps_is_told_why(page: Page, world: SampleWorld) -> None:
    page.goto(world.add_web_app("Refusedly"))
    page.get_by_role("link", name="Connect").click()
    sign_in(page, HANA)

    expect(page.get_by_role("alert")).to_contain_text("does not include connecting apps")
    page.get_by_role("button", name="Decline").click()
    expect(page.get_by_text("You declined, so nothing was connected.")).to_be_visible()


def test_who_belongs_to_two_organisations_chooses_one(page: Page, world: SampleWorld) -> None:
    page.goto(world.add_web_app("Pickly"))
    page.get_by_role("link", name="Connect").click()
    sign_in(page, DILIP)
    expect(page.get_by_role("heading", name="Choose an organisation")).to_be_visible()
    page.get_by_role("link", name="Harbour Books Ltd").click()
    page.get_by_role("link", name="Choose another").click()
    page.get_by_role("link", name="Northmoor Traders").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Pickly asks for access to Northmoor Traders")
    page.get_by_role("button", name="Approve").click()

    expect(page.get_by_role("heading", name="Your accounts are connected")).to_be_visible()
    page.goto(f"{world.url}/settings/connections")
    expect(page.get_by_role("article").filter(has_text="Pickly")).to_contain_text("Northmoor Traders")


def test_cs_05_the_form_ends_at_the_app_on_another_port(page: Page, world: SampleWorld) -> None:
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    app = world.add_web_app("Elsewherely")
    page.goto(app)
    page.get_by_role("link", name="Connect").click()
    sign_in(page, CARLA)
    page.get_by_role("button", name="Approve").click()

    page.wait_for_url(f"{app}/")
    assert not [text for text in said if "Content Security Policy" in text]


def test_cs_16_two_tabs_and_the_back_button(page: Page, world: SampleWorld) -> None:
    app = world.add_web_app("Tably")
    page.goto(app)
    page.get_by_role("link", name="Connect").click()
    sign_in(page, CARLA)
    other = page.context.new_page()
    other.goto(page.url)

    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_role("heading", name="Your accounts are connected")).to_be_visible()

    other.get_by_role("button", name="Approve").click()
    expect(other.get_by_text("answered already")).to_be_visible()

    page.go_back()
    expect(page.get_by_text("answered already")).to_be_visible()


def test_a_member_without_the_permission_is_told_which_one_it_is(page: Page, world: SampleWorld) -> None:
    page.goto(f"{world.url}/settings/apps/new")
    sign_in(page, CARLA)

    expect(page.get_by_text("oauth_app.manage")).to_be_visible()


def test_signing_out_ends_the_session_for_the_back_button_too(page: Page, world: SampleWorld) -> None:
    page.goto(f"{world.url}/settings/connections")
    sign_in(page, CARLA)
    expect(page.get_by_role("heading", name="My connections")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()

    page.go_back()

    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
