"""What Chromium makes of `form-action` when a form ends in a redirect to an app (CS-05)."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from playwright.sync_api import ConsoleMessage, Page
from starlette.responses import Response

from consentry.web.browser_safety import allow_form_target

pytestmark = pytest.mark.browser

Answers = dict[str, tuple[int, dict[str, str], str]]


@contextmanager
def site(answers: Answers) -> Iterator[int]:
    """Serve fixed answers on a free loopback port; yield the port."""

    class Site(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, headers, body = answers.get(self.path.partition("?")[0], (404, {}, ""))
            self.send_response(status)
            for name, value in {"Content-Type": "text/html", "Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body.encode())

        do_POST = do_GET  # noqa: N815 - the name that http.server calls

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Site) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


def approve(page: Page, *, allowed: str, callback: str) -> list[str]:
    """Send a consent form that is answered by a redirect to `callback`; return what the console said."""
    response = Response()
    allow_form_target(response, allowed)
    policy = {"Content-Security-Policy": response.headers["content-security-policy"]}
    answers: Answers = {
        "/page": (200, policy, '<form method="post" action="/consent"><button>Approve</button></form>'),
        "/consent": (303, {"Location": callback}, ""),
    }
    said: list[str] = []
    with site(answers) as port:

        def note(message: ConsoleMessage) -> None:
            said.append(message.text)

        page.on("console", note)
        page.goto(f"http://localhost:{port}/page")
        page.click("button")
        for _ in range(50):
            if any("form-action" in text for text in said) or page.query_selector("h1"):
                break
            page.wait_for_timeout(100)
    return said


@pytest.mark.shows("RFC 9700 §4.16")
def test_cs_05_a_form_reaches_the_callback_of_the_registered_app(page: Page) -> None:
    with site({"/callback": (303, {"Location": "/done"}, ""), "/done": (200, {}, "<h1>Connected</h1>")}) as app:
        callback = f"http://127.0.0.1:{app}/callback"

        said = approve(page, allowed=callback, callback=f"{callback}?code=1")

        assert page.url == f"http://127.0.0.1:{app}/done"
        assert not any("form-action" in text for text in said)


def test_cs_05_chromium_refuses_a_callback_that_was_not_let_through(page: Page) -> None:
    """Were this to fail, the header would be without effect, and the test above would show nothing."""
    with site({"/callback": (200, {}, "<h1>Connected</h1>")}) as app:
        said = approve(page, allowed="https://app.example/cb", callback=f"http://127.0.0.1:{app}/callback")

        assert any("form-action" in text for text in said)
        assert not page.url.startswith(f"http://127.0.0.1:{app}")


def test_cs_05_chromium_holds_form_action_against_the_redirects_of_the_app_too(page: Page) -> None:
    """Why `https:` is let through beside the callback: apps redirect on to other hosts of theirs."""
    with (
        site({"/": (200, {}, "<h1>Welcome</h1>")}) as other,
        site({"/callback": (303, {"Location": f"http://127.0.0.1:{other}/"}, "")}) as app,
    ):
        callback = f"http://127.0.0.1:{app}/callback"

        said = approve(page, allowed=callback, callback=callback)

        assert any("form-action" in text for text in said)
