"""Paperlark, the sample web app: a confidential client with a page that shows what each step did.

It keeps its users' tokens on the server, in memory, under a random cookie; a restart forgets them.
"""

import hmac
import secrets
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from consentry.demo.api_failure import Failure
from consentry.demo.web_app_connection import (
    PendingConnection,
    Tokens,
    WebAppConfig,
    begin_connection,
    exchange_code,
    list_from_api,
    refresh,
    revoke,
)

__all__ = ["WebAppConfig", "build_web_app"]

_PAGES = Path(__file__).parent / "web_app_pages"
_COOKIE = "paperlark_visit"
_MOST_VISITS = 1000
_BIGGEST_FORM = 4096
_SAFE_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


@dataclass(slots=True)
class Visit:
    """What the app knows of one browser."""

    form_token: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    pending: PendingConnection | None = None
    tokens: Tokens | None = None
    said: str = ""
    failures: list[Failure] = field(default_factory=list)
    invoices: list[dict[str, Any]] | None = None
    contacts: list[dict[str, Any]] | None = None


class Visits:
    """The browsers that the app knows, by the random value of their cookie; the longest unseen are forgotten."""

    def __init__(self) -> None:
        self._visits: OrderedDict[str, Visit] = OrderedDict()

    def of(self, request: Request) -> tuple[str, Visit]:
        """Return the visit of this browser, a new one where there is none yet, and its cookie's value."""
        key = request.cookies.get(_COOKIE, "")
        if key not in self._visits:
            key = secrets.token_urlsafe(32)
            self._visits[key] = Visit()
            if len(self._visits) > _MOST_VISITS:
                self._visits.popitem(last=False)
        self._visits.move_to_end(key)
        return key, self._visits[key]


class WebApp:
    """The app's pages. Each deed leaves its result in the visit and sends the browser back to the one page."""

    def __init__(self, config: WebAppConfig, http: httpx.AsyncClient) -> None:
        self._config = config
        self._http = http
        self._visits = Visits()
        self._pages = Environment(loader=FileSystemLoader(_PAGES), autoescape=True, undefined=StrictUndefined)
        self._pages.filters["pounds"] = _pounds

    async def home(self, request: Request) -> Response:
        """Show the one page: connect, or what the last call brought."""
        key, visit = self._visits.of(request)
        page = self._pages.get_template("home.html").render(visit=visit, config=self._config)
        return self._with_cookie(HTMLResponse(page), key)

    async def connect(self, request: Request) -> Response:
        """Send the user to the authorization page, and remember what we must recognise later."""
        key, visit = self._visits.of(request)
        visit.pending, address = begin_connection(self._config)
        return self._with_cookie(RedirectResponse(address, status_code=303), key)

    async def callback(self, request: Request) -> Response:
        """Take the user back: check that this is the answer to our own question, then exchange the code."""
        key, visit = self._visits.of(request)
        pending, visit.pending = visit.pending, None
        answer = request.query_params
        visit.said, visit.failures = "", []
        if pending is None or not _is_same(answer.get("state", ""), pending.state):
            visit.failures = [_refused("the state is not the one that we sent, so this answer is not for us")]
        elif answer.get("iss") != self._config.issuer:
            # RFC 9207 §2.4: an answer by another server than the one asked must be thrown away.
            visit.failures = [_refused("the answer names another issuer than the one that we asked")]
        elif "error" in answer:
            facts = tuple((name, answer[name]) for name in ("error", "error_description") if name in answer)
            headline = "You declined, so nothing was connected."
            if answer["error"] != "access_denied":
                headline = "The authorization server refused our request."
            visit.failures = [Failure("connecting", None, headline, facts)]
        elif not answer.get("code"):
            visit.failures = [_refused("the answer has no code")]
        else:
            self._keep(visit, await exchange_code(self._http, self._config, answer["code"], pending), "Connected.")
            await self._call(visit)
        return self._with_cookie(RedirectResponse("/", status_code=303), key)

    async def call(self, request: Request) -> Response:
        """Call the API again, with the token that we have."""
        return await self._deed(request, self._call)

    async def refresh(self, request: Request) -> Response:
        """Get a new access token."""

        async def deed(visit: Visit) -> None:
            if visit.tokens is not None:
                self._keep(visit, await refresh(self._http, self._config, visit.tokens), "The token was refreshed.")

        return await self._deed(request, deed)

    async def revoke(self, request: Request) -> Response:
        """Give the tokens back, and keep them only where that failed."""

        async def deed(visit: Visit) -> None:
            if visit.tokens is None:
                return
            failure = await revoke(self._http, self._config, visit.tokens)
            if failure is not None:
                visit.failures = [failure]
                return
            visit.tokens = visit.invoices = visit.contacts = None
            visit.said = "The token was revoked, and we have forgotten it."

        return await self._deed(request, deed)

    async def style(self, _request: Request) -> Response:
        """Return the stylesheet."""
        return Response((_PAGES / "style.css").read_text(encoding="utf-8"), media_type="text/css")

    async def _deed(self, request: Request, deed: Callable[[Visit], Awaitable[None]]) -> Response:
        key, visit = self._visits.of(request)
        if not _is_same(await _form_token(request), visit.form_token):
            return HTMLResponse("This form is out of date. Go back, reload the page and try again.", status_code=403)
        visit.said, visit.failures = "", []
        await deed(visit)
        return self._with_cookie(RedirectResponse("/", status_code=303), key)

    def _keep(self, visit: Visit, result: Tokens | Failure, said: str) -> None:
        if isinstance(result, Failure):
            visit.failures = [result]
        else:
            visit.tokens, visit.said = result, said

    async def _call(self, visit: Visit) -> None:
        if visit.tokens is None:
            return
        visit.invoices = visit.contacts = None
        for name in ("invoices", "contacts"):
            answer = await list_from_api(self._http, self._config, visit.tokens, name)
            if isinstance(answer, Failure):
                visit.failures.append(answer)
            else:
                setattr(visit, name, answer)

    def _with_cookie(self, response: Response, key: str) -> Response:
        secure = self._config.own_url.startswith("https://")
        response.set_cookie(_COOKIE, key, httponly=True, samesite="lax", secure=secure)
        response.headers.update(_SAFE_HEADERS)
        return response


def build_web_app(config: WebAppConfig, http: httpx.AsyncClient | None = None) -> Starlette:
    """Return the app, ready to be served at `config.own_url`. `http` is for its calls to the other servers."""
    client = http if http is not None else httpx.AsyncClient(timeout=10)
    app = WebApp(config, client)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        yield
        await client.aclose()

    return Starlette(
        lifespan=lifespan,
        routes=[
            Route("/", app.home),
            Route("/connect", app.connect),
            Route("/callback", app.callback),
            Route("/call", app.call, methods=["POST"]),
            Route("/refresh", app.refresh, methods=["POST"]),
            Route("/revoke", app.revoke, methods=["POST"]),
            Route("/style.css", app.style),
        ],
    )


async def _form_token(request: Request) -> str:
    """Return the hidden field of our own small forms; a body too big to be one of them has none."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _BIGGEST_FORM:
            return ""
    return parse_qs(body.decode("ascii", "replace")).get("form_token", [""])[0]


def _is_same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(), expected.encode())


def _refused(reason: str) -> Failure:
    return Failure("coming back from the authorization page", None, "We did not connect.", (("reason", reason),))


def _pounds(pence: int) -> str:
    return f"£{pence / 100:,.2f}"
