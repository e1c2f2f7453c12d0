"""A browser made of httpx and a form reader: it keeps cookies, follows our own redirects, and fills in forms."""

from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from hashlib import sha256
from html.parser import HTMLParser
from types import TracebackType
from typing import Self
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

import httpx

from live_server import Person, RegisteredClient, Site

VERIFIER = "a-verifier-of-more-than-forty-three-characters-x"
CHALLENGE = urlsafe_b64encode(sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
STATE = "the state"


@dataclass(slots=True)
class Form:
    """A form of a page: what would be sent were it submitted untouched, and its submit buttons."""

    action: str
    method: str
    fields: list[tuple[str, str]] = field(default_factory=list)
    choices: list[tuple[str, str]] = field(default_factory=list)
    buttons: list[tuple[str, str]] = field(default_factory=list)

    def filled(self, **values: str) -> list[tuple[str, str]]:
        """Return the fields with these values in place of what stood there."""
        kept = [(name, value) for name, value in self.fields if name not in values]
        return kept + list(values.items())


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._open: Form | None = None
        self._textarea: str | None = None
        self._select: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._open = Form(given.get("action", ""), given.get("method", "get").lower())
            self.forms.append(self._open)
        if self._open is not None and tag == "option" and self._select is not None:
            self._choose(self._open, given)
        if self._open is None or not (name := given.get("name")):
            return
        value, kind = given.get("value", ""), given.get("type", "text")
        if tag == "button":
            self._open.buttons.append((name, value))
        elif tag == "select":
            self._select = name
        elif tag == "textarea":
            self._textarea = name
            self._open.fields.append((name, ""))
        elif tag == "input" and kind in {"checkbox", "radio"}:
            self._open.choices.append((name, value))
            if "checked" in given:
                self._open.fields.append((name, value))
        elif tag == "input":
            self._open.fields.append((name, value))

    def _choose(self, form: Form, option: dict[str, str]) -> None:
        """Take the first option of a list, or the one that is selected."""
        named = [place for place, (name, _) in enumerate(form.fields) if name == self._select]
        if self._select is not None and (not named or "selected" in option):
            for place in reversed(named):
                del form.fields[place]
            form.fields.append((self._select, option.get("value", "")))

    def handle_data(self, data: str) -> None:
        if self._textarea is not None and self._open is not None:
            name, before = self._open.fields[-1]
            self._open.fields[-1] = (name, before + data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None
        if tag == "textarea":
            self._textarea = None
        if tag == "select":
            self._select = None


def forms_of(page: str) -> list[Form]:
    """Return the forms of an HTML page."""
    reader = _Forms()
    reader.feed(page)
    return reader.forms


def form_to(page: str, action: str) -> Form:
    """Return the page's one form that is sent to `action`."""
    found = [one for one in forms_of(page) if one.action == action]
    assert found, f"no form to {action} on: {page}"
    return found[0]


def authorize_url(issuer: str, client: RegisteredClient, **changes: str | None) -> str:
    """Return a good authorization request of the app, with these parameters changed; None leaves one out."""
    query: dict[str, str | None] = {
        "response_type": "code",
        "client_id": client.client_id,
        "redirect_uri": client.redirect_uri,
        "scope": "invoicing:read contacts:read",
        "state": STATE,
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        **changes,
    }
    return f"{issuer}/oauth/authorize?{urlencode({name: value for name, value in query.items() if value is not None})}"


def query_of(url: str) -> dict[str, str]:
    """Return the parameters of an address, each of which stands there once."""
    pairs = parse_qsl(urlsplit(url).query, keep_blank_values=True, strict_parsing=True)
    assert len(dict(pairs)) == len(pairs), url
    return dict(pairs)


class UserAgent:
    """What a person with a browser does. Redirects are followed as long as they stay at `site`."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.http = httpx.Client(base_url=site.issuer, timeout=10)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.http.close()

    def get(self, url: str) -> httpx.Response:
        """Open an address."""
        return self._follow(self.http.get(url))

    def submit(self, form: Form, fields: list[tuple[str, str]]) -> httpx.Response:
        """Send a form."""
        body = urlencode(fields)
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Origin": self.site.issuer}
        return self._follow(self.http.post(form.action, content=body, headers=headers))

    def sign_in(self, person: Person, at: str = "/sign-in") -> httpx.Response:
        """Sign in at the page that `at` leads to; return where that led."""
        page = self.get(at)
        form = form_to(page.text, "/sign-in")
        return self.submit(form, form.filled(email=person.email, password=person.password))

    def open_consent(self, url: str) -> httpx.Response:
        """Open an authorization request; return the consent screen, or whatever else is shown."""
        return self.get(url)

    def answer(
        self, page: httpx.Response, decision: str = "approve", *, untick: frozenset[str] = frozenset()
    ) -> httpx.Response:
        """Press a button of the consent screen."""
        form = form_to(page.text, "/consent")
        fields = [(name, value) for name, value in form.fields if not (name == "scope" and value in untick)]
        assert ("decision", decision) in form.buttons
        return self.submit(form, [*fields, ("decision", decision)])

    def approve(self, client: RegisteredClient, **changes: str | None) -> dict[str, str]:
        """Connect the app, consenting where asked; return the parameters that it gets back."""
        page = self.open_consent(authorize_url(self.site.issuer, client, **changes))
        answer = page if page.is_redirect else self.answer(page)
        assert answer.is_redirect, answer.text
        return query_of(answer.headers["location"])

    def _follow(self, answer: httpx.Response) -> httpx.Response:
        for _ in range(10):
            if not answer.is_redirect:
                break
            assert answer.status_code in {302, 303}, "a redirect that would send a form on"
            target = urljoin(str(answer.request.url), answer.headers["location"])
            if not target.startswith(f"{self.site.issuer}/"):
                break
            answer = self.http.get(target)
        return answer


def exchange(site: Site, client: RegisteredClient, code: str, **changes: str) -> httpx.Response:
    """Redeem a code as the app does, authenticated by HTTP Basic where it has a secret."""
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": client.redirect_uri,
        "code_verifier": VERIFIER,
        **changes,
    }
    return post(site, "/oauth/token", client, form)


def post(site: Site, path: str, client: RegisteredClient, form: dict[str, str]) -> httpx.Response:
    """Send a form to one of the protocol's endpoints, as the client."""
    if client.basic is None:
        return httpx.post(site.issuer + path, data={**client.post, **form})
    return httpx.post(site.issuer + path, data=form, auth=client.basic)


def connect(site: Site, client: RegisteredClient, person: Person, **changes: str | None) -> dict[str, str]:
    """Let the person connect the app, from signing in to tokens; return the token answer."""
    with UserAgent(site) as agent:
        agent.sign_in(person)
        answer = exchange(site, client, agent.approve(client, **changes)["code"])
    assert answer.status_code == 200, answer.text
    tokens: dict[str, str] = answer.json()
    return tokens


def refresh(site: Site, client: RegisteredClient, token: str, **changes: str) -> httpx.Response:
    """Use a refresh token."""
    return post(site, "/oauth/token", client, {"grant_type": "refresh_token", "refresh_token": token, **changes})


def revoke(site: Site, client: RegisteredClient, token: str, **changes: str) -> httpx.Response:
    """Give a token back."""
    return post(site, "/oauth/revoke", client, {"token": token, **changes})


def introspect(site: Site, caller: RegisteredClient, token: str, **changes: str) -> httpx.Response:
    """Ask about a token."""
    return post(site, "/oauth/introspect", caller, {"token": token, **changes})


def is_active(site: Site, token: str) -> bool:
    """Ask, as the product's API does, whether a token is good right now."""
    answer = introspect(site, site.resource, token)
    assert answer.status_code == 200, answer.text
    active: bool = answer.json()["active"]
    return active
