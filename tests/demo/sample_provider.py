"""A small authorization server and API over real HTTP, so that the sample apps' own logic can be tried alone."""

import json
import threading
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

INVOICE = {
    "id": "inv_1",
    "number": "INV-1001",
    "contact_name": "Alder & Finch <Architects>",
    "description": "Annual accounts",
    "due_on": "2026-12-02",
    "status": "sent",
    "amount": 125_000,
}
CONTACT = {"id": "contact_1", "name": "Alder & Finch", "email": None, "city": "Bristol"}

ANSWERS: dict[str, dict[str, Any]] = {
    "/invoices": {"invoices": [INVOICE]},
    "/contacts": {"contacts": [CONTACT]},
    "/api/v1/me/access": {"organisation": "org_1", "permissions": ["invoice.read"], "missing": []},
}


@dataclass
class Provider:
    """What the server was asked, and how it should answer."""

    url: str = ""
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    access_tokens: set[str] = field(default_factory=set)
    refresh_tokens: set[str] = field(default_factory=set)
    refused: dict[str, tuple[int, dict[str, Any]]] = field(default_factory=dict)
    token_requests: list[dict[str, str]] = field(default_factory=list)
    authorizations: list[str | None] = field(default_factory=list)
    revoked: list[str] = field(default_factory=list)
    expires_in: int = 3600

    def approve(self, address: str, **changed: str) -> str:
        """Approve like a user would, and return the address that the browser is sent back to."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        code = f"code{len(self.codes)}"
        self.codes[code] = asked
        answer = {"code": code, "state": asked["state"], "iss": self.url} | changed
        return f"{asked['redirect_uri']}?{urlencode(answer)}"

    def decline(self, address: str) -> str:
        """Decline like a user would."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        return f"{asked['redirect_uri']}?" + urlencode(
            {"error": "access_denied", "error_description": "The user declined.", "state": asked["state"]}
            | {"iss": self.url}
        )

    def answer_token_request(self, form: dict[str, str], authorization: str | None) -> tuple[int, dict[str, Any]]:
        """Check the proof, and issue tokens."""
        self.token_requests.append(form)
        self.authorizations.append(b64decode(authorization[6:]).decode() if authorization else None)
        if form["grant_type"] == "refresh_token":
            if form["refresh_token"] not in self.refresh_tokens:
                return 400, {"error": "invalid_grant", "error_description": "The connection was ended."}
            self.refresh_tokens.remove(form["refresh_token"])
            return 200, self._issue("invoicing:read contacts:read")
        asked = self.codes.pop(form["code"])
        digest = sha256(form["code_verifier"].encode()).digest()
        challenge = urlsafe_b64encode(digest).rstrip(b"=").decode()
        if (challenge, form["redirect_uri"]) != (asked["code_challenge"], asked["redirect_uri"]):
            return 400, {"error": "invalid_grant"}
        return 200, self._issue(asked["scope"])

    def _issue(self, scope: str) -> dict[str, Any]:
        number = len(self.token_requests)
        self.access_tokens.add(f"at{number}")
        self.refresh_tokens.add(f"rt{number}")
        return {
            "access_token": f"at{number}",
            "refresh_token": f"rt{number}",
            "token_type": "Bearer",
            "expires_in": self.expires_in,
            "scope": scope,
        }


@contextmanager
def running_provider() -> Iterator[Provider]:
    """Serve a provider on a free port of this machine."""
    state = Provider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            bearer = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
            if bearer not in state.access_tokens:
                self._send(401, {"error": "invalid_token", "reason": "revoked"}, 'Bearer error="invalid_token"')
            elif self.path in state.refused:
                self._send(*state.refused[self.path])
            else:
                self._send(200, ANSWERS[self.path])

        def do_POST(self) -> None:
            text = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[0] for name, values in parse_qs(text).items()}
            if self.path in state.refused:
                self._send(*state.refused[self.path])
            elif self.path == "/oauth/token":
                self._send(*state.answer_token_request(form, self.headers.get("Authorization")))
            else:
                state.revoked.append(form["token"])
                self._send(200, {})

        def _send(self, status: int, body: dict[str, Any], challenge: str | None = None) -> None:
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            if challenge:
                self.send_header("WWW-Authenticate", challenge)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name that http.server gives it
            """Keep the test output quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
