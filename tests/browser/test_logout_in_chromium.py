"""Signing out at an app's request in a real browser: cookies of another site, with and without JavaScript."""

from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from playwright.sync_api import Page, expect
from sample_world import SampleWorld, person, sign_in

from live_server import OPERATOR

pytestmark = pytest.mark.browser


@contextmanager
def an_app(pages: dict[str, str]) -> Iterator[str]:
    """Serve an app's pages under a name that is another site than Consentry's; yield its address."""

    class App(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = f"<!doctype html><title>App</title>{pages[self.path.partition('?')[0]]}".encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), App) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://localhost:{server.server_port}"
        server.shutdown()


def sign_out_by_form(page: Page, world: SampleWorld, *, same_session: bool) -> None:
    """Press the button of the app's page, which posts its request from another site."""
    pages = {"/bye": "<h1>Signed out of the app</h1>"}
    with an_app(pages) as own:
        organisation = next(iter(world.organisations.values()))
        app = world.site.add_app(
            required=("invoicing:read",),
            organisation=organisation,
            metadata={"post_logout_redirect_uris": [f"{own}/bye"]},
        )
        page.goto(f"{world.url}/sign-in")
        sign_in(page, person("Ana"))
        expect(page).to_have_url(f"{world.url}/settings/connections")
        (cookie,) = [one["value"] for one in page.context.cookies(world.url) if one["name"] == "consentry"]
        live = world.site.run(world.site.deeds.sign_in.find_session(cookie))
        assert live is not None
        sid = live.session.id if same_session else "another"
        claims = {"iss": world.url, "sub": live.user.id, "aud": app.client_id, "sid": sid}
        hint = world.site.run(world.site.deeds.signing_keys.sign(claims, typ="JWT"))
        fields = {"id_token_hint": hint, "post_logout_redirect_uri": f"{own}/bye", "state": "s"}
        inputs = "".join(
            f'<input type="hidden" name="{name}" value="{escape(value)}">' for name, value in fields.items()
        )
        pages["/"] = f'<form method="post" action="{world.url}/oauth/logout">{inputs}<button>Sign out</button></form>'
        other_tab = page.context.new_page()
        other_tab.goto(f"{world.url}/settings/connections")

        page.goto(f"{own}/")
        page.get_by_role("button", name="Sign out").click()
        if not same_session:
            expect(page.get_by_role("heading", name="Do you want to sign out?")).to_be_visible()
            page.click("#sign-out")

        expect(page.get_by_role("heading", name="Signed out of the app")).to_be_visible()
        assert page.url == f"{own}/bye?state=s"
        other_tab.reload()
        expect(other_tab.get_by_role("heading", name="Sign in")).to_be_visible()
        world.site.run(world.site.deeds.app_registry.deactivate(OPERATOR, app.client_id))


@pytest.mark.shows("RP-Initiated Logout §2 get-post")
@pytest.mark.parametrize("same_session", [True, False])
def test_a_form_of_another_site_signs_out_here(page: Page, world: SampleWorld, *, same_session: bool) -> None:
    sign_out_by_form(page, world, same_session=same_session)


@pytest.mark.shows("RP-Initiated Logout §2 get-post")
def test_cs_05_the_same_without_javascript(plain_page: Page, world: SampleWorld) -> None:
    sign_out_by_form(plain_page, world, same_session=False)


@pytest.mark.shows("RP-Initiated Logout §2 ask")
def test_who_is_asked_may_stay(page: Page, world: SampleWorld) -> None:
    page.goto(f"{world.url}/sign-in")
    sign_in(page, person("Ana"))
    expect(page).to_have_url(f"{world.url}/settings/connections")

    page.goto(f"{world.url}/oauth/logout")
    page.get_by_role("link", name="Stay signed in").click()

    expect(page.get_by_text("Ana Whitcombe")).to_be_visible()
