"""The posted answer in a real browser, with and without JavaScript: it arrives at the app. CS-05, Form Post §2."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs

import pytest
from playwright.sync_api import Page, expect
from sample_world import SampleWorld, person, sign_in

from live_server import RegisteredClient
from user_agent import authorize_url

pytestmark = [pytest.mark.browser, pytest.mark.shows("Form Post §2 post")]


@contextmanager
def an_app() -> Iterator[tuple[str, list[dict[str, list[str]]]]]:
    """Serve an app's callback, which takes posted forms and sends the browser on; yield its address and what came."""
    came: list[dict[str, list[str]]] = []

    class App(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            came.append(parse_qs(self.rfile.read(int(self.headers["content-length"])).decode()))
            self.send_response(303)
            self.send_header("Location", "/done")
            self.end_headers()

        def do_GET(self) -> None:
            body = b"<!doctype html><title>App</title><h1>Connected</h1>"
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), App) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/callback", came
        server.shutdown()


def open_request(page: Page, world: SampleWorld, callback: str) -> RegisteredClient:
    organisation = next(iter(world.organisations.values()))
    app = world.site.add_app(redirect_uris=(callback,), organisation=organisation)
    page.goto(authorize_url(world.url, app, scope="invoicing:read", response_mode="form_post"))
    sign_in(page, person("Ana"))
    page.click("#approve")
    return app


def test_cs_05_with_javascript_the_answer_arrives_by_itself(page: Page, world: SampleWorld) -> None:
    with an_app() as (callback, came):
        open_request(page, world, callback)

        expect(page.get_by_role("heading", name="Connected")).to_be_visible()
        assert came[0].keys() == {"code", "state", "iss"}


def test_cs_05_without_javascript_a_button_sends_it(plain_page: Page, world: SampleWorld) -> None:
    with an_app() as (callback, came):
        open_request(plain_page, world, callback)
        plain_page.click("#continue")

        expect(plain_page.get_by_role("heading", name="Connected")).to_be_visible()
        assert came[0].keys() == {"code", "state", "iss"}
