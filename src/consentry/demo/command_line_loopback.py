"""The command-line app's waiting room: a listener on a free loopback port that takes one answer. RFC 8252 §7.3."""

import hmac
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, urlsplit

_PATH = "/callback"
_SLOW_BROWSER_SECONDS = 5
_PAGE = """<!doctype html><html lang="en-GB"><meta charset="utf-8"><title>Ledgerline</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">
<main><h1>{headline}</h1><p>{text}</p></main></html>"""


class LoopbackListener:
    """Listens on 127.0.0.1 from the moment it is made, until it is closed.

    Answers that are not the one we wait for (another path, another `state`) get an error page and change nothing, so
    that a web page which guesses the port cannot make the tool give up.
    """

    def __init__(self, *, state: str, issuer: str) -> None:
        self._state = state
        self._issuer = issuer
        self.answer: dict[str, str] | None = None
        listener = self

        class Handler(BaseHTTPRequestHandler):
            timeout = _SLOW_BROWSER_SECONDS

            def do_GET(self) -> None:
                status, headline, text = listener.take(self.path)
                body = _PAGE.format(headline=headline, text=text).encode()
                self.send_response(status)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.send_header("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
                self.send_header("Cache-Control", "no-store")
                self.send_header("Referrer-Policy", "no-referrer")
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name that http.server gives it
                """Say nothing: the request line holds the code."""

        self._server = HTTPServer(("127.0.0.1", 0), Handler)

    @property
    def redirect_uri(self) -> str:
        """The redirect URI to ask for: the registered one, with the port that was free."""
        return f"http://127.0.0.1:{self._server.server_port}{_PATH}"

    def wait(self, seconds: float) -> dict[str, str] | None:
        """Return the parameters of the answer, or None when none came in time."""
        deadline = time.monotonic() + seconds
        while self.answer is None:
            left = deadline - time.monotonic()
            if left <= 0:
                return None
            self._server.timeout = left
            self._server.handle_request()
        return self.answer

    def take(self, target: str) -> tuple[int, str, str]:
        """Take one request, and return the status, headline and text of the page that answers it."""
        address = urlsplit(target)
        if address.path != _PATH:
            return 404, "There is nothing here", "Ledgerline listens on this port for one answer only."
        query = {name: values[0] for name, values in parse_qs(address.query).items() if len(values) == 1}
        if not hmac.compare_digest(query.get("state", "").encode(), self._state.encode()):
            return 400, "This answer is not for us", "Its state is not the one that we sent. We are still waiting."
        if query.get("iss") != self._issuer:
            return 400, "This answer is not for us", "It names another issuer. We are still waiting."
        self.answer = query
        if "error" in query:
            return 200, "Not connected", "Nothing was connected. You can close this page and return to the terminal."
        return 200, "Thank you", "You can close this page and return to the terminal."

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.server_close()
