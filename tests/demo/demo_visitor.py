"""A person with a browser without JavaScript: follows redirects, keeps cookies, fills in and sends forms."""

from html.parser import HTMLParser
from urllib.parse import urljoin

import httpx


class _Form(HTMLParser):
    """The first form of a page that holds a given field or button: its address and the values that it would send."""

    def __init__(self, holding: str) -> None:
        super().__init__()
        self.action = ""
        self.values: dict[str, list[str]] = {}
        self.found = False
        self._holding = holding
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form" and not self.found:
            self._inside, self.action, self.values = True, given.get("action", ""), {}
        elif self._inside and tag in {"input", "button"}:
            self.found = self.found or self._holding in {given.get("name"), given.get("value")}
            is_sent = tag == "input" and (given.get("type") != "checkbox" or "checked" in given)
            if is_sent and "name" in given:
                self.values.setdefault(given["name"], []).append(given.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form" and self._inside:
            self._inside = False


class Visitor:
    """One browser."""

    def __init__(self) -> None:
        self.http = httpx.Client(follow_redirects=True, trust_env=False, timeout=20)
        self.page: httpx.Response | None = None

    @property
    def text(self) -> str:
        assert self.page is not None
        return self.page.text

    @property
    def url(self) -> str:
        assert self.page is not None
        return str(self.page.url)

    def go(self, address: str) -> None:
        self.page = self.http.get(address)
        assert self.page.status_code == 200, self.page.text

    def send(self, holding: str, **filled: str) -> None:
        """Fill in and send the form that has a field or button of this name or value."""
        form = _Form(holding)
        form.feed(self.text)
        assert form.found, f"no form with {holding} on {self.url}: {self.text}"
        data = {**form.values, **{name: [value] for name, value in filled.items()}}
        self.page = self.http.post(urljoin(self.url, form.action), data=data)
        assert self.page.status_code == 200, f"{self.page.status_code} {self.page.text}"

    def sign_in(self, email: str, password: str) -> None:
        self.send("password", email=email, password=password)
