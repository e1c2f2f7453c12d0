"""Input that nobody should send, at every door: a clear refusal, nothing written, never a 5xx. Threats IN."""

import socket
import time
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from urllib.parse import urlsplit

import httpx
import pytest

from live_server import OPERATOR, RegisteredClient, Site
from user_agent import UserAgent, authorize_url, form_to, query_of

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
ENDPOINTS = ("/oauth/token", "/oauth/revoke", "/oauth/introspect")
PAGES_WITH_FORMS = ("/sign-in", "/consent", "/settings/apps/new", "/settings/connections", "/settings/api-keys/new")
QUERIES = (
    "/oauth/authorize",
    "/sign-in",
    "/consent",
    "/settings/apps",
    "/settings/connections",
    "/settings/connections/all",
    "/settings/api-keys",
    "/settings/audit",
    "/settings/organisation",
)


@pytest.fixture(scope="module")
def app(site: Site) -> RegisteredClient:
    return site.add_app()


@pytest.fixture(scope="module")
def ana(site: Site, app: RegisteredClient) -> Iterator[UserAgent]:
    with UserAgent(site) as agent:
        agent.sign_in(site.ana)
        agent.approve(app)
        yield agent


def rows(site: Site) -> dict[str, int]:
    """Return how many rows each table has that input could have written to."""
    tables = ("apps", "connections", "api_keys", "authorization_codes", "access_tokens", "events", "sessions")
    return {
        name: site.run(site.deeds.database.read(f"SELECT count(*) FROM {name}"))[0][0]  # noqa: S608 - our own names
        for name in tables
    }


def error_of(answer: httpx.Response) -> str:
    assert answer.status_code in {302, 303}, answer.text
    return query_of(answer.headers["location"])["error"]


@pytest.mark.shows("RFC 6749 §3.1 not-twice")
@pytest.mark.parametrize("name", ["client_id", "redirect_uri"])
def test_in_01_who_asks_twice_is_shown_a_page(ana: UserAgent, app: RegisteredClient, name: str) -> None:
    url = authorize_url(ana.site.issuer, app)

    answer = ana.get(f"{url}&{httpx.QueryParams({name: query_of(url)[name]})}")

    assert answer.status_code == 400
    assert "location" not in answer.headers


@pytest.mark.parametrize("name", ["response_type", "scope", "state", "code_challenge", "code_challenge_method"])
def test_in_01_what_is_asked_twice_is_refused(ana: UserAgent, app: RegisteredClient, name: str) -> None:
    url = authorize_url(ana.site.issuer, app)

    assert error_of(ana.get(f"{url}&{httpx.QueryParams({name: query_of(url)[name]})}")) == "invalid_request"


@pytest.mark.shows("RFC 6749 §3.1 empty-is-absent")
def test_in_02_empty_parameters_are_as_good_as_none(ana: UserAgent, app: RegisteredClient) -> None:
    answer = query_of(ana.get(authorize_url(ana.site.issuer, app, state="", scope="")).headers["location"])

    assert "code" in answer
    assert "state" not in answer


@pytest.mark.shows("RFC 6749 §3.1 unknown-ignored", "OpenID Connect Core §3.1.2.2 oauth")
def test_in_03_unknown_parameters_are_ignored(ana: UserAgent, app: RegisteredClient) -> None:
    answer = ana.get(authorize_url(ana.site.issuer, app, foo="bar", claims="{}", ui_locales="de x-!"))

    assert "code" in query_of(answer.headers["location"])


@pytest.mark.parametrize("path", [*ENDPOINTS, *PAGES_WITH_FORMS])
@pytest.mark.parametrize("size", [70_000, 1_000_000])
def test_in_04_a_body_that_is_too_big_is_refused(ana: UserAgent, path: str, size: int) -> None:
    """A client that first sends all of it, as most do, reads the answer."""
    before = rows(ana.site)

    told = ana.http.post(path, content=b"token=" + b"a" * size, headers=FORM)

    assert told.status_code == 413
    assert told.headers["connection"] == "close"
    assert rows(ana.site) == before


@pytest.mark.parametrize("path", ["/oauth/token", "/sign-in", "/api/v1/apps"])
def test_in_04_a_body_without_an_end_is_cut_off(site: Site, path: str) -> None:
    """The server answers as soon as it has taken too much, and hangs up when nobody minds the answer."""
    address = urlsplit(site.issuer)
    token = site.run(site.deeds.operators.create(OPERATOR, "Op")).token.reveal()
    kind = "application/json" if path.startswith("/api") else FORM["Content-Type"]
    head = (
        f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: {kind}\r\n"
        f"Authorization: Bearer {token}\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    taken, hung_up, answer = 0, False, b""
    with socket.create_connection((address.hostname, address.port), timeout=10) as line:
        line.sendall(head.encode())
        try:
            while taken < 100_000_000:
                line.sendall(b"10000\r\n" + b"a" * 0x10000 + b"\r\n")
                taken += 0x10000
                answer = answer or _read_now(line)
        except OSError:
            hung_up = True

    assert hung_up
    assert answer in {b"HTTP/1.1 413", b""}
    assert httpx.get(f"{site.issuer}/healthz").status_code == 200


def _read_now(line: socket.socket) -> bytes:
    line.settimeout(0)
    try:
        return line.recv(12)
    except BlockingIOError:
        return b""
    finally:
        line.settimeout(10)


@pytest.mark.parametrize("length", [40_000, 200_000])
def test_in_05_an_address_that_is_too_long_is_refused(site: Site, app: RegisteredClient, length: int) -> None:
    url = urlsplit(authorize_url(site.issuer, app, state="a" * length))
    with closing(HTTPConnection(url.netloc, timeout=10)) as line:
        line.request("GET", f"{url.path}?{url.query}")

        assert line.getresponse().status in {400, 414, 431}


UNREADABLE = ["%zz", "%ff%fe", "a%00b"]
BROKEN = [*UNREADABLE, "%", "%4", "%c3%28", "%ed%a0%80", "%00"]


@pytest.mark.parametrize("raw", BROKEN)
@pytest.mark.parametrize("name", ["client_id", "redirect_uri", "scope", "state", "prompt", "x"])
def test_in_06_in_07_what_cannot_be_read_is_refused_on_a_page(
    ana: UserAgent, app: RegisteredClient, name: str, raw: str
) -> None:
    url = authorize_url(ana.site.issuer, app, **{name: None})

    answer = ana.http.get(f"{url}&{name}={raw}")

    assert answer.status_code == 400
    assert "location" not in answer.headers


@pytest.mark.parametrize("raw", BROKEN)
@pytest.mark.parametrize("path", ENDPOINTS)
def test_in_06_in_07_what_cannot_be_read_is_refused_by_the_endpoints(
    site: Site, app: RegisteredClient, path: str, raw: str
) -> None:
    for field in ("token", "grant_type", "code", "client_id", "client_secret"):
        answer = httpx.post(site.issuer + path, content=f"{field}={raw}".encode(), headers=FORM, auth=app.basic)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


@pytest.mark.parametrize("raw", UNREADABLE)
@pytest.mark.parametrize("path", QUERIES)
def test_in_06_in_07_what_cannot_be_read_is_no_fault_of_the_pages(ana: UserAgent, path: str, raw: str) -> None:
    for name in ("next", "request", "organisation", "after", "before", "app", "x"):
        assert ana.http.get(f"{path}?{name}={raw}").status_code in {200, 303, 400, 404, 409}


@pytest.mark.parametrize("raw", UNREADABLE)
@pytest.mark.parametrize("path", PAGES_WITH_FORMS)
def test_in_06_in_07_what_cannot_be_read_is_refused_in_forms(ana: UserAgent, path: str, raw: str) -> None:
    before = rows(ana.site)

    for field in ("csrf", "email", "password", "name", "request", "connection"):
        answer = ana.http.post(path, content=f"{field}={raw}".encode(), headers=FORM)
        assert answer.status_code == 400

    assert rows(ana.site) == before


@pytest.mark.parametrize("raw", ["%00", "%ff", "x%2Fy", "..%2f..%2fetc", "%27%3B--", "a" * 5000, "%F0%9F%99%82"])
@pytest.mark.parametrize("path", ["/settings/apps/", "/settings/connections/", "/settings/api-keys/", "/static/", "/"])
def test_in_07_in_16_a_path_of_odd_characters_leads_nowhere(ana: UserAgent, path: str, raw: str) -> None:
    answer = ana.http.get(f"{path}{raw}")

    # A link to the connections of an unknown app leads to the list, which says so.
    assert answer.status_code in {400, 404} or answer.headers["location"] == "/settings/connections?done=none"


@pytest.mark.parametrize(
    "scope", [" ".join(f"s{number}" for number in range(3000)), "s" * 10_000, "invoicing:read " * 900]
)
def test_in_08_a_huge_scope_is_refused_in_no_time(ana: UserAgent, app: RegisteredClient, scope: str) -> None:
    began = time.monotonic()

    answer = ana.get(authorize_url(ana.site.issuer, app, scope=scope))

    assert error_of(answer) == "invalid_scope"
    assert time.monotonic() - began < 1


@pytest.mark.shows("RFC 6749 §3.3 grammar")
@pytest.mark.parametrize(
    "scope", ['"', "\\", "a\tb", "invoicing:read\n", "é", "invoicing:read,contacts:read", "*", "x"]
)
def test_in_09_a_scope_that_is_none_is_refused(ana: UserAgent, app: RegisteredClient, scope: str) -> None:
    assert error_of(ana.get(authorize_url(ana.site.issuer, app, scope=scope))) == "invalid_scope"


@pytest.mark.parametrize("name", ["redirect_uri", "scope", "prompt", "ui_locales", "resource", "max_age", "login_hint"])
def test_in_10_long_runs_of_letters_cost_nothing(ana: UserAgent, app: RegisteredClient, name: str) -> None:
    began = time.monotonic()

    ana.get(authorize_url(ana.site.issuer, app, **{name: "a" * 25_000 + "!"}))

    assert time.monotonic() - began < 1


@pytest.mark.parametrize(
    "age", ["-1", "1e309", "2147483648", "9223372036854775808", "٣", "\N{FULLWIDTH DIGIT ZERO}", " 1", "1.5", "x"]
)
def test_in_11_numbers_out_of_range_are_refused(ana: UserAgent, app: RegisteredClient, age: str) -> None:
    assert error_of(ana.get(authorize_url(ana.site.issuer, app, max_age=age))) == "invalid_request"


@pytest.mark.parametrize("method", ["HEAD", "PUT", "DELETE", "PATCH", "TRACE", "OPTIONS", "PROPFIND"])
def test_in_12_no_other_verb_does_anything(ana: UserAgent, method: str) -> None:
    before = rows(ana.site)

    for path in (*ENDPOINTS, "/oauth/authorize", *PAGES_WITH_FORMS, "/sign-out", "/settings/apps", "/healthz"):
        answer = ana.http.request(method, path)
        allowed = {405}
        if method == "HEAD" and path not in {*ENDPOINTS, "/sign-out"}:
            allowed = {200, 303, 400}  # as GET, without the body
        if method == "OPTIONS" and path in {"/oauth/token", "/oauth/revoke"}:
            allowed = {204}  # browsers ask before they call from another origin
        assert answer.status_code in allowed, f"{method} {path}"

    assert rows(ana.site) == before


SQL = ["' OR '1'='1", "'; DROP TABLE apps; --", '"', "%", "\\", "*)(uid=*", "${7*7}", "\x1b[31m"]


@pytest.mark.parametrize("text", SQL)
def test_in_16_text_is_data_in_every_field(ana: UserAgent, app: RegisteredClient, text: str) -> None:
    site = ana.site
    before = rows(site)

    for path in QUERIES:
        for name in ("after", "before", "app", "user", "organisation", "request"):
            assert ana.http.get(path, params={name: text}).status_code in {200, 303, 400, 404, 409}
    for field in ("token", "code", "refresh_token", "client_id", "grant_type"):
        assert httpx.post(f"{site.issuer}/oauth/token", data={field: text}).status_code in {400, 401}
    assert ana.get(authorize_url(site.issuer, app, redirect_uri=text)).status_code == 400
    with UserAgent(site) as stranger:
        form = form_to(stranger.get("/sign-in").text, "/sign-in")
        assert stranger.submit(form, form.filled(email=text, password=text)).status_code == 400

    # The failed sign-in is in the audit; nothing else was written.
    assert rows(site) == {**before, "events": before["events"] + 1}


@pytest.mark.parametrize("text", ["{{7*7}}", "${7*7}", "<img src=x onerror=alert(1)>", "\"'><script>x</script>"])
def test_cs_06_cs_07_names_are_shown_as_they_are(ana: UserAgent, text: str) -> None:
    hostile = ana.site.add_app(name=text)

    page = ana.open_consent(authorize_url(ana.site.issuer, hostile)).text + ana.get("/settings/apps").text

    assert "<img" not in page
    assert "<script>x" not in page
    assert "49" not in page.replace(ana.site.issuer, "") or "{{7*7}}" in page or "${7*7}" in page
