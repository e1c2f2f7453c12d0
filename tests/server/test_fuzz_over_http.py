"""Arbitrary bytes at every door never make the server fail (threats S8)."""

from collections.abc import Iterator

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from live_server import RegisteredClient, Site
from user_agent import UserAgent, authorize_url, query_of

PATHS = (
    "/",
    "/oauth/authorize",
    "/oauth/token",
    "/oauth/revoke",
    "/oauth/introspect",
    "/.well-known/oauth-authorization-server",
    "/sign-in",
    "/sign-out",
    "/consent",
    "/settings",
    "/settings/organisation",
    "/settings/apps",
    "/settings/apps/new",
    "/settings/apps/app_1",
    "/settings/api-keys",
    "/settings/api-keys/new",
    "/settings/api-keys/key_1",
    "/settings/connections",
    "/settings/connections/all",
    "/settings/connections/con_1",
    "/settings/audit",
    "/healthz",
    "/readyz",
    "/metrics",
    "/static/x",
    "/api/v1/apps",
    "/api/v1/organisations",
    "/api/v1/users",
    "/api/v1/connections",
    "/api/v1/api-keys",
    "/api/v1/audit-events",
    "/api/v1/me/access",
    "/api/v1/access/explain",
    "/api/v1/openapi.json",
    "/api/v1/docs",
)
NAMES = (
    *("client_id", "redirect_uri", "response_type", "scope", "state", "code_challenge", "prompt", "max_age"),
    *("grant_type", "code", "code_verifier", "refresh_token", "token", "client_secret", "resource", "address"),
    *("csrf", "email", "password", "next", "again", "request", "organisation", "decision", "connection", "action"),
    *("name", "redirect_uris", "type", "permission", "expires", "addresses", "after", "before", "limit", "app", "user"),
)
TYPES = ("application/x-www-form-urlencoded", "application/json", "multipart/form-data; boundary=x", "text/plain", "é")
# What httptools lets through in an address: everything else it refuses itself, with a 400.
_query_bytes = st.binary(max_size=60).map(lambda raw: "".join(f"%{byte:02x}" for byte in raw)) | st.text(
    st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="#"), max_size=60
)
_pairs = st.lists(st.tuples(st.sampled_from(NAMES), _query_bytes), max_size=8).map(
    lambda pairs: "&".join(f"{name}={value}" for name, value in pairs)
)
_query = _query_bytes | _pairs
_json_text = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
    max_leaves=8,
).map(lambda value: str(value).replace("'", '"').encode("utf-8", "surrogatepass"))
_body = st.binary(max_size=200) | _pairs.map(str.encode) | _json_text


@pytest.fixture(scope="module")
def app(site: Site) -> RegisteredClient:
    return site.add_app()


@pytest.fixture(scope="module")
def ana(site: Site) -> Iterator[UserAgent]:
    with UserAgent(site) as agent:
        agent.sign_in(site.ana)
        yield agent


@settings(max_examples=300, deadline=5000, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    path=st.sampled_from(PATHS),
    method=st.sampled_from(("GET", "POST", "POST", "PUT", "PATCH", "DELETE")),
    query=_query,
    body=_body,
    media_type=st.sampled_from(TYPES),
    signed_in=st.booleans(),
    authorization=st.sampled_from((None, "Basic YTpi", "Bearer x", "Bearer cst_at_" + "0" * 71))
    | st.binary(max_size=30),
)
def test_s8_no_input_alone_makes_the_server_fail(
    ana: UserAgent,
    path: str,
    method: str,
    query: str,
    body: bytes,
    media_type: str,
    *,
    signed_in: bool,
    authorization: str | bytes | None,
) -> None:
    headers: list[tuple[bytes, bytes]] = [(b"content-type", media_type.encode())]
    if authorization is not None:
        value = authorization.encode() if isinstance(authorization, str) else authorization
        headers.append((b"authorization", bytes(byte for byte in value if byte >= 32 and byte != 127).strip()))
    if signed_in:
        headers.append((b"cookie", f"consentry={ana.http.cookies['consentry']}".encode()))
    url = f"{ana.site.issuer}{path}?{query}" if query else f"{ana.site.issuer}{path}"

    answer = _http.request(method, url, headers=headers, content=body if method != "GET" else None)

    assert answer.status_code < 500, answer.text


@settings(max_examples=100, deadline=5000, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    names=st.lists(
        st.sampled_from(("response_type", "scope", "state", "code_challenge", "prompt", "max_age", "resource")),
        max_size=3,
        unique=True,
    ),
    values=st.lists(st.text(max_size=40), min_size=3, max_size=3),
)
def test_s8_a_faulty_request_of_a_good_app_goes_back_to_the_app_or_to_a_page(
    ana: UserAgent, app: RegisteredClient, names: list[str], values: list[str]
) -> None:
    changes = {name: value.encode("utf-8", "replace").decode() for name, value in zip(names, values, strict=False)}

    answer = ana.get(authorize_url(ana.site.issuer, app, **changes))

    if answer.is_redirect:
        assert answer.headers["location"].startswith(f"{app.redirect_uri}?")
        assert query_of(answer.headers["location"])["iss"] == ana.site.issuer
    else:
        assert answer.status_code in {200, 400}


@pytest.fixture(autouse=True, scope="module")
def _client() -> Iterator[None]:
    global _http  # noqa: PLW0603 - one client for all the examples of the module
    with httpx.Client(timeout=10) as client:
        _http = client
        yield


_http: httpx.Client
