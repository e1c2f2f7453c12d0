"""What browsers are told, and what they are believed."""

from datetime import timedelta
from urllib.parse import urljoin, urlsplit

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from consentry.web import browser_safety
from consentry.web.browser_safety import (
    DEFAULT_NEXT,
    BrowserSafety,
    CrossSiteRequestError,
    allow_form_target,
    check_csrf,
    clear_cookie,
    csrf_token,
    read_cookie,
    safe_next,
    set_cookie,
)
from consentry.web.static_files import static_file, static_url

ISSUER = "https://connect.example"
SECRET = "a-session-secret"


def fine(_request: Request) -> Response:
    return PlainTextResponse("fine", headers={"Server": "boastful/1.0", "X-Frame-Options": "ALLOWALL"})


def away(_request: Request) -> Response:
    return RedirectResponse("https://app.example/cb", 303)


def broken(_request: Request) -> Response:
    raise RuntimeError("broken on purpose")


def consent(_request: Request) -> Response:
    response = PlainTextResponse("consent")
    allow_form_target(response, "https://app.example/cb")
    return response


ROUTES = [
    Route("/settings", fine),
    Route("/away", away),
    Route("/broken", broken),
    Route("/consent", consent),
    Route("/static/{address}", static_file),
]


async def get(path: str, *, issuer: str = ISSUER, method: str = "GET") -> httpx.Response:
    transport = httpx.ASGITransport(BrowserSafety(Starlette(routes=ROUTES), issuer=issuer), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=issuer) as client:
        return await client.request(method, path)


@pytest.mark.shows("RFC 6749 §10.13 framing", "RFC 9700 §4.2.4 referrer")
@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/settings", 200),
        ("HEAD", "/settings", 200),
        ("GET", "/away", 303),
        ("GET", "/nowhere", 404),
        ("DELETE", "/settings", 405),
        ("GET", "/broken", 500),
        ("GET", "/consent", 200),
        ("GET", static_url("consentry.css"), 200),
    ],
)
async def test_cs_04_cs_17_every_response_forbids_framing_and_referrers(method: str, path: str, status: int) -> None:
    response = await get(path, method=method)
    assert response.status_code == status
    policy = response.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert response.headers.get_list("x-frame-options") == ["DENY"]
    assert response.headers["referrer-policy"] == "no-referrer"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["strict-transport-security"].startswith("max-age=")
    assert "permissions-policy" in response.headers
    assert "cross-origin-opener-policy" in response.headers
    assert "server" not in response.headers


@pytest.mark.parametrize("path", ["/settings", "/away", "/nowhere", "/broken", "/consent"])
async def test_a_page_is_never_stored(path: str) -> None:
    assert (await get(path)).headers["cache-control"] == "no-store"


async def test_a_static_file_is_kept_for_good_under_an_address_that_changes_with_it() -> None:
    response = await get(static_url("consentry.css"))
    assert "immutable" in response.headers["cache-control"]
    assert response.headers["content-type"] == "text/css; charset=utf-8"


@pytest.mark.parametrize(
    "path", ["/static/consentry.css", "/static/..%2fpages.py", "/static/consentry.0000000000000000.css"]
)
async def test_only_the_present_static_files_are_served(path: str) -> None:
    assert (await get(path)).status_code == 404


async def test_a_loopback_trial_over_http_is_not_told_to_insist_on_https() -> None:
    assert "strict-transport-security" not in (await get("/settings", issuer="http://localhost:8400")).headers


async def test_pages_of_the_flow_let_an_app_keep_its_hold_of_a_pop_up_and_settings_do_not() -> None:
    assert (await get("/consent")).headers["cross-origin-opener-policy"] == "unsafe-none"
    assert (await get("/settings")).headers["cross-origin-opener-policy"] == "same-origin"


@pytest.mark.parametrize(
    ("redirect_uri", "sources"),
    [
        ("https://app.example/cb", "'self' https:"),
        ("http://127.0.0.1:5000/cb", "'self' http://127.0.0.1:5000 https:"),
        ("http://localhost/cb", "'self' http://localhost https:"),
        ("http://[::1]:5000/cb", "'self' http: https:"),
        ("com.example.app:/cb", "'self' com.example.app:"),
    ],
)
def test_cs_05_a_form_may_end_at_the_registered_target(redirect_uri: str, sources: str) -> None:
    response = Response()
    allow_form_target(response, redirect_uri)
    assert f"form-action {sources};" in response.headers["content-security-policy"]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"sec-fetch-site": "same-origin", "origin": "null"},
        {"sec-fetch-site": "same-origin", "origin": ISSUER},
        {"sec-fetch-site": "none"},
        {"origin": "https://connect.example"},
    ],
)
def test_a_form_of_our_own_is_accepted(headers: dict[str, str]) -> None:
    check_csrf(Headers(headers), csrf_token(SECRET), session_secret=SECRET, issuer=ISSUER)


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "cross-site", "origin": "null"},
        {"origin": "https://evil.example"},
        {"origin": "https://connect.example.evil.example"},
        {"origin": "http://connect.example"},
        {"origin": "https://connect.example:444"},
        {"sec-fetch-site": "same-origin", "origin": "https://evil.example"},
    ],
)
def test_cs_01_cs_02_a_form_from_another_site_is_refused_even_with_the_right_token(headers: dict[str, str]) -> None:
    with pytest.raises(CrossSiteRequestError):
        check_csrf(Headers(headers), csrf_token(SECRET), session_secret=SECRET, issuer=ISSUER)


@pytest.mark.parametrize(
    ("given_token", "secret"),
    [
        (None, SECRET),
        ("", SECRET),
        ("0" * 64, SECRET),
        ("é\ud800", SECRET),
        (csrf_token("another-session"), SECRET),
        (csrf_token(SECRET, "another purpose"), SECRET),
        (csrf_token(SECRET), None),
        (csrf_token(""), ""),
    ],
)
def test_cs_01_cs_02_a_form_without_the_token_of_its_session_is_refused(
    given_token: str | None, secret: str | None
) -> None:
    with pytest.raises(CrossSiteRequestError):
        check_csrf(Headers({}), given_token, session_secret=secret, issuer=ISSUER)


GOOD_NEXT = [
    "/oauth/authorize?client_id=app_1&redirect_uri=https%3A%2F%2Fapp.example%2Fcb",
    "/oauth/authorize?redirect_uri=https://app.example/cb",
    "/consent",
    "/consent?request=1",
    "/settings",
    "/settings/apps/app_1?x=1#secrets",
]
BAD_NEXT = [
    None,
    "",
    "//evil.test",
    "///evil.test",
    "https:evil.test",
    "https://evil.test",
    "\\\\evil.test",
    "/\\evil.test",
    "/settings\\@evil.test",
    "/settings//evil.test",
    "/settings/../..//evil.test",
    "/settings/%2e%2E/%2e%2e/x",
    "/settings\r\nLocation: https://evil.test",
    "/settings\t",
    "/settings\n",
    " /settings",
    "/settingsevil",
    "/consent.evil.test",
    "/oauth/authorize",
    "/oauth/token?x",
    "/sign-out",
    "javascript:alert(1)",
    "/settings/\u202e",
    "/settings\x00",
    "@evil.test/settings",
]


@pytest.mark.parametrize("url", GOOD_NEXT)
def test_signing_in_leads_back_to_where_one_came_from(url: str) -> None:
    assert safe_next(url) == url


@pytest.mark.shows("RFC 9700 §2.1 no-open-redirector")
@pytest.mark.parametrize("url", BAD_NEXT)
def test_cs_14_signing_in_never_leads_to_another_place(url: str | None) -> None:
    assert safe_next(url) == DEFAULT_NEXT


@given(
    st.one_of(
        st.text(),
        st.builds(
            "".join,
            st.lists(
                st.sampled_from(
                    [*"/\\.:@?#% \t\n", "%2e", "//", "settings", "consent", "oauth/authorize?", "evil.test", "https:"]
                )
            ),
        ),
    )
)
@example("/settings/.//evil.test")
def test_cs_14_next_stays_on_our_origin_whatever_was_asked(url: str) -> None:
    led_to = urlsplit(urljoin(f"{ISSUER}/sign-in", safe_next(url)))
    assert (led_to.scheme, led_to.netloc) == ("https", "connect.example")
    assert led_to.path.startswith(("/settings", "/consent", "/oauth/authorize"))


def cookie_header(issuer: str, max_age: timedelta | None = None) -> str:
    response = Response()
    set_cookie(response, browser_safety.SESSION_COOKIE, "value", issuer=issuer, max_age=max_age)
    return response.headers["set-cookie"]


def test_cs_15_a_cookie_over_https_is_bound_to_the_host() -> None:
    cookie = cookie_header(ISSUER, timedelta(hours=12))
    assert cookie.startswith("__Host-consentry=value;")
    attributes = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert attributes >= {"httponly", "secure", "samesite=lax", "path=/", "max-age=43200"}
    assert not any(attribute.startswith("domain") for attribute in attributes)


def test_cs_15_a_cookie_on_http_loopback_has_a_plain_name() -> None:
    cookie = cookie_header("http://localhost:8400")
    assert cookie.startswith("consentry=value;")
    assert "secure" not in cookie.lower()
    assert "httponly" in cookie.lower()


@pytest.mark.parametrize(("issuer", "name"), [(ISSUER, "__Host-consentry"), ("http://localhost:8400", "consentry")])
def test_a_cookie_is_read_and_taken_back_under_the_name_that_it_was_set_with(issuer: str, name: str) -> None:
    request = Request({"type": "http", "headers": [(b"cookie", f"{name}=value; other=1".encode())]})
    assert read_cookie(request, browser_safety.SESSION_COOKIE, issuer=issuer) == "value"
    response = Response()
    clear_cookie(response, browser_safety.SESSION_COOKIE, issuer=issuer)
    assert response.headers["set-cookie"].startswith(f'{name}="";')
    assert "Max-Age=0" in response.headers["set-cookie"]
