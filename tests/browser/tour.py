"""A walk past every page in every state that matters, with the sample people and a few weeks' worth of things done."""

from collections.abc import Generator, Iterator
from dataclasses import dataclass, field

from playwright.sync_api import Browser, BrowserContext, Page
from sample_world import SampleWorld, person, secret_on, sign_in

from consentry.demo.people import WEB_APP, SamplePerson
from consentry.model.organisation import UnverifiedApps
from device_world import DEVICE_GRANT
from live_server import OPERATOR, RegisteredClient
from user_agent import CHALLENGE, authorize_url, connect, post

PAPERLARK = "https://paperlark.example/oauth/callback"
WRONG_PASSWORDS = 12


@dataclass(frozen=True, slots=True)
class Stop:
    """A page to look at: a name of its own, and the template that it shows."""

    name: str
    template: str
    page: Page


@dataclass(slots=True)
class _Guide:
    world: SampleWorld
    browser: Browser
    pages: dict[str, Page] = field(default_factory=dict)
    contexts: list[BrowserContext] = field(default_factory=list)

    def stranger(self) -> Page:
        context = self.browser.new_context(
            locale="en-GB", timezone_id="Europe/London", viewport={"width": 1280, "height": 800}
        )
        context.set_default_timeout(10_000)
        self.contexts.append(context)
        return context.new_page()

    def page_of(self, who: SamplePerson) -> Page:
        if who.email not in self.pages:
            page = self.stranger()
            page.goto(f"{self.world.url}/sign-in")
            sign_in(page, who)
            self.pages[who.email] = page
        return self.pages[who.email]

    def open(self, who: SamplePerson, path: str) -> Page:
        page = self.page_of(who)
        page.goto(self.world.url + path)
        return page


ANA, BEN, CARLA, DILIP, EWA, FELIX, HANA = (
    person(name) for name in ("Ana", "Ben", "Carla", "Dilip", "Ewa", "Felix", "Hana")
)


def tour(world: SampleWorld, browser: Browser) -> Iterator[Stop]:
    """Walk past every page. A world is walked once: the walk leaves its traces."""
    for stop in _walk(_Guide(world, browser)):
        stop.page.wait_for_load_state()
        stop.page.locator("h1").wait_for()
        yield stop


def _walk(guide: _Guide) -> Iterator[Stop]:
    try:
        yield from _before_anything(guide)
        app = yield from _registering(guide)
        yield from _signing_in(guide, app)
        yield from _consenting(guide, app)
        yield from _leaving(guide, app)
        yield from _devices(guide)
        yield from _connections(guide, app)
        yield from _keys(guide)
        yield from _access(guide)
        yield from _an_app(guide, app)
        yield from _the_rest(guide)
    finally:
        for context in guide.contexts:
            context.close()


def _before_anything(guide: _Guide) -> Iterator[Stop]:
    yield Stop("apps-empty", "apps", guide.open(BEN, "/settings/apps"))
    yield Stop("connections-empty", "connections", guide.open(BEN, "/settings/connections"))
    yield Stop("all-connections-empty", "all_connections", guide.open(BEN, "/settings/connections/all"))
    yield Stop("api-keys-empty", "api_keys", guide.open(BEN, "/settings/api-keys"))


def _register(page: Page, name: str, uris: str, kind: str, scopes: dict[str, str]) -> None:
    page.get_by_role("textbox", name="Name", exact=True).fill(name)
    page.get_by_label("Redirect URIs").fill(uris)
    for scope, choice in scopes.items():
        radio = page.locator(f'input[name="scope.{scope}"][value="{choice}"]')
        page.locator(f'label[for="{radio.get_attribute("id")}"]').click()
    page.get_by_label(kind).check()
    page.get_by_role("button", name="Register app").click()


def _client_id(page: Page) -> str:
    return next(word for word in page.locator("main").inner_text().split() if word.startswith("app_"))


def _registering(guide: _Guide) -> Generator[Stop, None, RegisteredClient]:
    page = guide.open(BEN, "/settings/apps/new")
    yield Stop("register-app", "app_new", page)
    _register(page, "", "http://paperlark.example/cb\njavascript:alert(1)", "Confidential", {})
    yield Stop("register-app-errors", "app_new", page)
    guide.open(BEN, "/settings/apps/new")
    scopes = dict.fromkeys(WEB_APP.required_scopes, "required") | dict.fromkeys(WEB_APP.optional_scopes, "optional")
    _register(page, "Paperlark", PAPERLARK, "Confidential", scopes)
    yield Stop("app-registered", "app_registered", page)
    app = RegisteredClient(_client_id(page), secret_on(page), PAPERLARK)
    guide.open(BEN, "/settings/apps/new")
    _register(page, "Ledgerline", "http://127.0.0.1/callback", "Public", {"invoicing:read": "required"})
    yield Stop("app-registered-public", "app_registered", page)
    yield Stop("apps", "apps", guide.open(BEN, "/settings/apps"))
    return app


def _ask(guide: _Guide, app: RegisteredClient, **changes: str) -> str:
    scope = " ".join(WEB_APP.scopes)
    return authorize_url(guide.world.url, app, **{"scope": scope, "code_challenge": CHALLENGE, **changes})


def _signing_in(guide: _Guide, app: RegisteredClient) -> Iterator[Stop]:
    page = guide.stranger()
    page.goto(_ask(guide, app))
    yield Stop("sign-in", "sign_in", page)
    for tried in range(WRONG_PASSWORDS):
        if page.get_by_label("Password").count() == 0:
            break
        page.get_by_label("E-mail address").fill("nobody@harbour.example")
        page.get_by_label("Password").fill("wrong")
        page.get_by_role("button", name="Sign in").click()
        if tried == 0:
            yield Stop("sign-in-error", "sign_in", page)
    yield Stop("sign-in-throttled", "sign_in_throttled", page)


def _consenting(guide: _Guide, app: RegisteredClient) -> Iterator[Stop]:
    def ask(who: SamplePerson, **changes: str) -> Page:
        page = guide.page_of(who)
        page.goto(_ask(guide, app, **changes))
        return page

    yield Stop("choose-organisation", "choose_organisation", ask(DILIP))
    yield Stop("consent", "consent", ask(CARLA))
    yield Stop("consent-in-part", "consent", ask(FELIX))
    yield Stop("consent-refused", "consent", ask(HANA))
    page = guide.stranger()
    page.goto(_ask(guide, app, redirect_uri=f"{PAPERLARK}/"))
    yield Stop("authorize-problem", "authorize_problem", page)


def _leaving(guide: _Guide, app: RegisteredClient) -> Iterator[Stop]:
    page = guide.page_of(CARLA)
    # As if the script had not arrived: with it the page is gone at once.
    page.route("**/form_post.*.js", lambda route: route.abort())
    page.goto(_ask(guide, app, response_mode="form_post"))
    page.get_by_role("button", name="Decline").click()
    yield Stop("form-post", "form_post", page)
    page.goto(f"{guide.world.url}/oauth/logout")
    yield Stop("sign-out", "sign_out", page)
    page.goto(f"{guide.world.url}/oauth/logout?id_token_hint=x")
    yield Stop("sign-out-faulty", "sign_out", page)
    page = guide.stranger()
    page.goto(f"{guide.world.url}/oauth/logout?id_token_hint=x")
    yield Stop("signed-out", "signed_out", page)


def _devices(guide: _Guide) -> Iterator[Stop]:
    site = guide.world.site
    organisation = guide.world.organisations[WEB_APP.organisation]
    app = site.add_app(name="Screen", public=True, organisation=organisation, metadata=DEVICE_GRANT)
    told = post(site, "/oauth/device_authorization", app, {}).json()
    page = guide.open(CARLA, "/device")
    yield Stop("device-code", "device_code", page)
    page.get_by_label("Code").fill("BBBB-BBBB")
    page.get_by_role("button", name="Continue").click()
    yield Stop("device-code-wrong", "device_code", page)
    page.get_by_label("Code").fill(told["user_code"])
    page.get_by_role("button", name="Continue").click()
    yield Stop("device-confirm", "device_confirm", page)
    page.get_by_role("button", name="Yes, it shows this code").click()
    yield Stop("device-consent", "consent", page)
    page.get_by_role("button", name="Approve").click()
    yield Stop("device-connected", "device_done", page)
    page.goto(post(site, "/oauth/device_authorization", app, {}).json()["verification_uri_complete"])
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="No, stop").click()
    yield Stop("device-stopped", "device_done", page)


def _connections(guide: _Guide, app: RegisteredClient) -> Iterator[Stop]:
    site = guide.world.site
    for who, scope in ((CARLA, "contacts:read invoicing:read"), (ANA, " ".join(WEB_APP.scopes))):
        tokens = connect(site, app, who, scope=scope)
        site.run(site.deeds.check_bearer.check(tokens["access_token"], address="203.0.113.7"))
    site.run(site.deeds.usage.flush())
    page = guide.page_of(CARLA)
    page.goto(_ask(guide, app, scope=" ".join(WEB_APP.scopes)))
    yield Stop("consent-difference", "consent", page)
    yield Stop("connections", "connections", guide.open(ANA, "/settings/connections"))
    page = guide.page_of(ANA)
    page.get_by_role("link", name="Paperlark").first.click()
    yield Stop("connection", "connection", page)
    yield Stop("all-connections", "all_connections", guide.open(EWA, "/settings/connections/all"))
    refuse = site.deeds.people.organisations.set_unverified_apps
    northmoor = guide.world.organisations[EWA.memberships[0].organisation]
    site.run(refuse(OPERATOR, northmoor, UnverifiedApps.REFUSED))
    yield Stop("all-connections-refusing", "all_connections", guide.open(EWA, "/settings/connections/all"))
    guide.page_of(EWA).get_by_role("button", name="Allow these apps").click()
    yield Stop("all-connections-allowing", "all_connections", guide.page_of(EWA))
    guide.world.set_role(CARLA, "expense_submitter")
    yield Stop("connections-paused", "connections", guide.open(CARLA, "/settings/connections"))
    guide.world.set_role(CARLA, "bookkeeper")
    page = guide.open(CARLA, "/settings/connections")
    page.get_by_role("button", name="Disconnect Paperlark").click()
    yield Stop("connection-ended", "connection", page)


def _keys(guide: _Guide) -> Iterator[Stop]:
    page = guide.open(BEN, "/settings/api-keys/new")
    yield Stop("create-api-key", "api_key_new", page)
    page.get_by_label("Allowed addresses").fill("203.0.113.7\n300.1.1.1")
    page.get_by_role("button", name="Create API key").last.click()
    yield Stop("create-api-key-errors", "api_key_new", page)
    for name in ("Nightly export", "Warehouse till"):
        guide.open(BEN, "/settings/api-keys/new")
        page.get_by_role("textbox", name="Name", exact=True).fill(name)
        page.locator('input[name="permission"]:not([disabled])').first.check()
        page.get_by_role("button", name="Create API key").last.click()
    yield Stop("api-key-shown", "api_key_shown", page)
    yield Stop("api-keys", "api_keys", guide.open(BEN, "/settings/api-keys"))
    page.get_by_role("link", name="Warehouse till").click()
    yield Stop("api-key", "api_key", page)
    page.get_by_role("button", name="Revoke this key").click()
    guide.open(BEN, "/settings/api-keys")
    page.get_by_role("link", name="Warehouse till").click()
    yield Stop("api-key-revoked", "api_key", page)


def _access(guide: _Guide) -> Iterator[Stop]:
    page = guide.open(BEN, "/settings/access")
    yield Stop("access", "access", page)
    page.get_by_label("or a connection").select_option(index=1)
    page.get_by_role("button", name="Explain").click()
    yield Stop("access-explained", "access", page)
    page.get_by_label("ID, access token or API key").fill("con_nobody")
    page.get_by_role("button", name="Explain").click()
    yield Stop("access-errors", "access", page)
    page.get_by_role("link", name="Who can").click()
    page.get_by_label("Permission").select_option("invoice.read")
    page.get_by_role("button", name="Show").click()
    yield Stop("access-who-can", "access_who_can", page)
    page.get_by_role("link", name="What if").click()
    page.get_by_label("the permission").select_option("invoice.read")
    page.get_by_label("The role").select_option("owner")
    page.get_by_role("button", name="Show what would change").first.click()
    yield Stop("access-what-if", "access_what_if", page)


def _an_app(guide: _Guide, app: RegisteredClient) -> Iterator[Stop]:
    page = guide.open(BEN, f"/settings/apps/{app.client_id}")
    yield Stop("app", "app", page)
    page.get_by_label("The URI that the app sends").fill(f"{PAPERLARK}/")
    page.get_by_role("button", name="Test").click()
    yield Stop("app-uri-tested", "app", page)
    page.get_by_label("To confirm, type its name").fill("Paperlarks")
    page.get_by_role("button", name="Delete this app").click()
    yield Stop("app-errors", "app", page)
    page.get_by_role("button", name="Add a second secret").click()
    yield Stop("app-secret", "app_secret", page)
    guide.open(BEN, f"/settings/apps/{app.client_id}")
    page.get_by_role("button", name="Deactivate", exact=True).click()
    yield Stop("app-deactivated", "app", page)
    stranger = guide.stranger()
    stranger.goto(_ask(guide, app))
    yield Stop("authorize-deactivated", "authorize_problem", stranger)


def _the_rest(guide: _Guide) -> Iterator[Stop]:
    yield Stop("audit", "audit", guide.open(BEN, "/settings/audit"))
    yield Stop("forbidden", "problem", guide.open(CARLA, "/settings/apps/new"))
    yield Stop("not-found", "problem", guide.open(CARLA, "/settings/apps-of-old"))
    yield Stop("choose-organisation-settings", "choose_organisation", guide.open(DILIP, "/settings/organisation"))
    page = guide.stranger()
    page.goto(f"{guide.world.url}/api/v1/docs")
    yield Stop("api-reference", "api_reference", page)
    page.goto(f"{guide.world.url}/docs/errors#expired")
    yield Stop("error-reference", "error_reference", page)
    page.goto(f"{guide.world.url}/docs/scopes")
    yield Stop("scope-reference", "scope_reference", page)
