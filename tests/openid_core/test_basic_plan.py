"""The basic plan of the OpenID Foundation's suite, each test under its module's name there.

The suite itself runs apart: these tests do what its modules do, in their order, with the server of
examples/conformance.
"""

import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from hashlib import sha256

import httpx
import pytest

from conformance_server import ConformanceServer, KnownClient
from openid_suite import Browser, Suite

STANDARD_CLAIMS = {
    "profile": {
        "name", "family_name", "given_name", "middle_name", "nickname", "preferred_username", "profile", "picture",
        "website", "gender", "birthdate", "zoneinfo", "locale", "updated_at",
    },
    "email": {"email", "email_verified"},
    "address": {"address"},
    "phone": {"phone_number", "phone_number_verified"},
}  # fmt: skip
KNOWN_IN_ID_TOKENS = {
    "iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "azp", "at_hash", "sid",
}  # fmt: skip
PRIVATE_MEMBERS = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}


@pytest.fixture(scope="module")
def server(conformance_server: ConformanceServer) -> ConformanceServer:
    return conformance_server


@pytest.fixture(scope="module")
def suite(server: ConformanceServer) -> Suite:
    return Suite(server)


@pytest.fixture
def browser(server: ConformanceServer) -> Iterator[Browser]:
    with Browser(server) as opened:
        yield opened


@pytest.fixture(scope="module")
def client(server: ConformanceServer) -> KnownClient:
    return server.clients[0]


@pytest.fixture(scope="module")
def other_client(server: ConformanceServer) -> KnownClient:
    return server.clients[1]


@pytest.mark.shows(
    "OIDC Core §2 iss",
    "OIDC Core §2 sub",
    "OIDC Core §2 aud",
    "OIDC Core §2 exp-iat",
    "OIDC Core §2 nonce",
    "OIDC Core §2 signed",
    "OIDC Core §3.1.3.3 id-token",
    "OIDC Core §3.1.3.6 at-hash",
    "OIDC Core §5.3.2 sub",
    "OIDC Discovery §3 issuer",
)
def test_oidcc_server(suite: Suite, browser: Browser, client: KnownClient) -> None:
    walk, tokens, claims = suite.sign_in(browser, client)

    assert tokens["token_type"] == "Bearer"
    assert tokens["expires_in"] > 0
    assert claims.keys() <= KNOWN_IN_ID_TOKENS  # no `name` and no `email` unasked
    # 96 of its bits must come from chance: the suite measures how often each character occurs.
    assert all(len(secret) >= 43 for secret in (walk.answer["code"], tokens["access_token"]))
    assert suite.userinfo(tokens["access_token"])["sub"] == claims["sub"]


def test_oidcc_response_type_missing(suite: Suite, browser: Browser, client: KnownClient) -> None:
    """RFC 6749 §3.1.1: an error comes back."""
    walk, _ = suite.authorize(browser, client, response_type=None)

    assert walk.answer["error"] in {"invalid_request", "unsupported_response_type"}
    assert all(32 <= ord(one) < 127 and one not in '"\\' for one in walk.answer["error_description"])


@pytest.mark.shows("OIDC Core §10.1 kid", "OIDC Core §15.1 rs256")
def test_oidcc_idtoken_signature(suite: Suite, browser: Browser, client: KnownClient) -> None:
    suite.sign_in(browser, client)

    assert "RS256" in suite.metadata["id_token_signing_alg_values_supported"]
    assert all(key.kid for key in suite.keys.keys)


@pytest.mark.shows("OIDC Core §5.3 get-post", "OIDC Core §5.3 bearer", "OIDC Core §5.3.2 json")
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_oidcc_userinfo_get_and_post_header(suite: Suite, browser: Browser, client: KnownClient, method: str) -> None:
    _, tokens, claims = suite.sign_in(browser, client)

    with suite.server.http() as http:
        headers = {"Authorization": f"Bearer {tokens['access_token']}"}
        answer = http.request(method, suite.metadata["userinfo_endpoint"], headers=headers)

    assert answer.headers["content-type"].startswith("application/json")
    assert answer.json()["sub"] == claims["sub"]


def test_oidcc_userinfo_post_body(suite: Suite, browser: Browser, client: KnownClient) -> None:
    """RFC 6750 §2.2 is optional: the suite is content with a refusal that is one by the book."""
    _, tokens, claims = suite.sign_in(browser, client)

    with suite.server.http() as http:
        answer = http.post(suite.metadata["userinfo_endpoint"], data={"access_token": tokens["access_token"]})

    if answer.status_code == httpx.codes.OK:
        assert answer.json()["sub"] == claims["sub"]
    else:
        assert answer.status_code in {httpx.codes.BAD_REQUEST, httpx.codes.UNAUTHORIZED}
        assert answer.headers["www-authenticate"].startswith("Bearer")


def test_oidcc_ensure_request_without_nonce_succeeds_for_code_flow(
    suite: Suite, browser: Browser, client: KnownClient
) -> None:
    _, _, claims = suite.sign_in(browser, client, nonce=None)

    assert "nonce" not in claims


@pytest.mark.shows("OIDC Core §5.4 scopes", "OIDC Core §5.1 claims", "OIDC Core §5.3.2 no-null")
@pytest.mark.parametrize("scopes", [("profile",), ("email",), ("address",), ("phone",), tuple(STANDARD_CLAIMS)])
def test_oidcc_scope(suite: Suite, browser: Browser, client: KnownClient, scopes: tuple[str, ...]) -> None:
    """The modules oidcc-scope-profile, -email, -address, -phone and -all."""
    _, tokens, _ = suite.sign_in(browser, client, scope=" ".join(["openid", *scopes]))

    told = suite.userinfo(tokens["access_token"])

    wanted = set().union(*(STANDARD_CLAIMS[scope] for scope in scopes))
    assert wanted <= told.keys()
    others = set().union(*STANDARD_CLAIMS.values()) - wanted
    assert others.isdisjoint(told)
    known = suite.server.person["claims"] | {"name": suite.server.person["name"], "email": suite.server.person["email"]}
    assert {name: told[name] for name in wanted & known.keys()} == {name: known[name] for name in wanted & known.keys()}


def test_oidcc_ensure_other_scope_order_succeeds(suite: Suite, browser: Browser, client: KnownClient) -> None:
    suite.sign_in(browser, client, scope="email openid")


@pytest.mark.shows("OIDC Core §15.1 display")
@pytest.mark.parametrize("display", ["page", "popup"])
def test_oidcc_display(suite: Suite, browser: Browser, client: KnownClient, display: str) -> None:
    suite.sign_in(browser, client, display=display)


@pytest.mark.shows("OIDC Core §3.1.2.1 prompt-login", "OIDC Core §15.1 prompt", "OIDC Core §15.1 auth-time")
def test_oidcc_prompt_login(suite: Suite, browser: Browser, client: KnownClient) -> None:
    _, _, first = suite.sign_in(browser, client)
    time.sleep(1.1)  # auth_time is in seconds

    walk, _, second = suite.sign_in(browser, client, prompt="login")

    assert walk.pages[0] == "sign-in"
    assert second["sub"] == first["sub"]
    if "auth_time" in first and "auth_time" in second:
        assert second["auth_time"] > first["auth_time"]


@pytest.mark.shows("OIDC Core §3.1.2.1 prompt-none", "OIDC Core §3.1.2.6 login-required")
def test_oidcc_prompt_none_not_logged_in(suite: Suite, browser: Browser, client: KnownClient) -> None:
    walk, _ = suite.authorize(browser, client, prompt="none")

    assert walk.pages == []
    assert walk.answer["error"] == "login_required"


@pytest.mark.shows("OIDC Core §3.1.2.1 prompt-none")
def test_oidcc_prompt_none_logged_in(suite: Suite, browser: Browser, client: KnownClient) -> None:
    _, _, first = suite.sign_in(browser, client)

    walk, _, second = suite.sign_in(browser, client, prompt="none")

    assert walk.pages == []
    assert second["sub"] == first["sub"]
    assert second.get("auth_time") == first.get("auth_time")


@pytest.mark.shows("OIDC Core §3.1.2.1 max-age", "OIDC Core §15.1 max-age", "OIDC Core §2 auth-time")
def test_oidcc_max_age_1(suite: Suite, browser: Browser, client: KnownClient) -> None:
    _, _, first = suite.sign_in(browser, client)
    time.sleep(2.1)

    walk, _, second = suite.sign_in(browser, client, max_age="1")

    assert walk.pages[0] == "sign-in"
    assert second["sub"] == first["sub"]
    assert second["auth_time"] > first.get("auth_time", 0)


@pytest.mark.shows("OIDC Core §3.1.2.1 max-age", "OIDC Core §2 auth-time")
def test_oidcc_max_age_10000(suite: Suite, browser: Browser, client: KnownClient) -> None:
    _, _, first = suite.sign_in(browser, client, max_age="10000")

    walk, _, second = suite.sign_in(browser, client, max_age="10000")

    assert walk.pages == []
    assert second["auth_time"] == first["auth_time"]


def test_oidcc_ensure_request_with_unknown_parameter_succeeds(
    suite: Suite, browser: Browser, client: KnownClient
) -> None:
    """OIDC Core §3.1.2.1: what is not understood is ignored."""
    suite.sign_in(browser, client, extra="foobar")


@pytest.mark.shows("OIDC Core §3.1.2.1 id-token-hint", "OIDC Core §3.1.2.1 id-token-hint-audience")
def test_oidcc_id_token_hint(suite: Suite, browser: Browser, client: KnownClient) -> None:
    _, tokens, first = suite.sign_in(browser, client)

    walk, _, second = suite.sign_in(browser, client, prompt="none", id_token_hint=tokens["id_token"])

    assert walk.pages == []
    assert second["sub"] == first["sub"]


@pytest.mark.shows("OIDC Core §3.1.2.1 acr-values", "OIDC Core §15.1 locales", "OIDC Core §15.1 acr-values")
@pytest.mark.parametrize(
    "hint",
    [
        {"login_hint": "alex.doe@example.com"},
        {"ui_locales": "se"},
        {"claims_locales": "se"},
        {"acr_values": "1 2"},
    ],
)
def test_oidcc_login_hint_ui_locales_claims_locales_and_acr_values(
    suite: Suite, browser: Browser, client: KnownClient, hint: dict[str, str]
) -> None:
    suite.sign_in(browser, client, **hint)


@pytest.mark.shows("OIDC Core §3.1.3.2 validated", "OIDC Core §16.11 token-lifetime")
def test_oidcc_codereuse(suite: Suite, browser: Browser, client: KnownClient) -> None:
    """The modules oidcc-codereuse and oidcc-codereuse-30seconds, which looks whether the token still opens UserInfo."""
    walk, _ = suite.authorize(browser, client)
    tokens = suite.redeem(client, walk.answer["code"]).json()
    assert suite.userinfo(tokens["access_token"])

    again = suite.redeem(client, walk.answer["code"])

    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    with suite.server.http() as http:
        headers = {"Authorization": f"Bearer {tokens['access_token']}"}
        assert http.get(suite.metadata["userinfo_endpoint"], headers=headers).status_code == 401


@pytest.mark.shows("OIDC Core §3.1.2.2 redirect-uri")
def test_oidcc_ensure_registered_redirect_uri(suite: Suite, browser: Browser, client: KnownClient) -> None:
    walk, _ = suite.authorize(browser, client, redirect_uri=client.redirect_uri + "abc")

    assert walk.answer == {}
    assert walk.end is not None
    assert walk.end.status_code == 400
    assert "cannot be connected just now" in walk.end.text  # what the suite's configuration waits for


@pytest.mark.shows("OIDC Core §3.1.2.1 get-post")
def test_oidcc_ensure_post_request_succeeds(suite: Suite, browser: Browser, client: KnownClient) -> None:
    asked = suite.request(client)

    walk = browser.go(suite.metadata["authorization_endpoint"], post=asked)

    assert walk.answer["state"] == asked["state"]
    assert suite.redeem(client, walk.answer["code"]).status_code == 200


def test_oidcc_server_client_secret_post(suite: Suite, browser: Browser, client: KnownClient) -> None:
    """OIDC Core §9: the other method of client authentication."""
    walk, asked = suite.authorize(browser, client)

    tokens = suite.redeem(client, walk.answer["code"], in_body=True).json()

    suite.claims_of(tokens, client, asked["nonce"])


def unsigned(**claims: str) -> str:
    parts = ({"alg": "none"}, claims)
    return ".".join(urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts) + "."


@pytest.mark.shows("OIDC Core §3.1.2.6 request-uri-not-supported")
def test_oidcc_request_uri_unsigned_supported_correctly_or_rejected_as_unsupported(
    suite: Suite, browser: Browser, client: KnownClient
) -> None:
    walk, _ = suite.authorize(browser, client, request_uri="https://suite.test/request.jwt")

    assert walk.answer["error"] == "request_uri_not_supported"
    assert suite.metadata["request_uri_parameter_supported"] is False


@pytest.mark.shows("OIDC Core §3.1.2.6 request-not-supported", "OIDC Core §6.1 request-object")
@pytest.mark.parametrize("claims", [{}, {"redirect_uri": "https://elsewhere.test/cb"}])
def test_oidcc_unsigned_request_object_supported_correctly_or_rejected_as_unsupported(
    suite: Suite, browser: Browser, client: KnownClient, claims: dict[str, str]
) -> None:
    """And oidcc-ensure-request-object-with-redirect-uri."""
    walk, _ = suite.authorize(browser, client, request=unsigned(client_id=client.client_id, **claims))

    assert walk.answer["error"] == "request_not_supported"


@pytest.mark.shows("OIDC Core §3.1.2.2 redirect-uri")
def test_oidcc_ensure_request_object_with_redirect_uri(suite: Suite, browser: Browser, client: KnownClient) -> None:
    """The registered address is in the request object and another one beside it: neither is gone to."""
    inside = unsigned(**suite.request(client))

    walk, _ = suite.authorize(browser, client, redirect_uri=client.redirect_uri + "abc", request=inside)

    assert walk.answer == {}
    assert walk.end is not None
    assert walk.end.status_code == 400
    assert "cannot be connected just now" in walk.end.text


@pytest.mark.shows("OIDC Core §5.5 claims-parameter")
def test_oidcc_claims_essential(suite: Suite, browser: Browser, client: KnownClient) -> None:
    wanted = {"userinfo": {"name": {"essential": True}}}

    _, tokens, _ = suite.sign_in(browser, client, claims=json.dumps(wanted))

    assert suite.userinfo(tokens["access_token"])["name"] == suite.server.person["name"]


@pytest.mark.shows(
    "OIDC Core §12.2 iss-sub",
    "OIDC Core §12.2 iat",
    "OIDC Core §12.2 aud",
    "OIDC Core §12.2 auth-time",
    "OIDC Core §12.2 nonce",
    "OIDC Core §11 offline-access",
)
def test_oidcc_refresh_token(suite: Suite, browser: Browser, client: KnownClient, other_client: KnownClient) -> None:
    issued = {}
    for one in (client, other_client):
        _, tokens, first = suite.sign_in(browser, one, scope="openid offline_access", prompt="consent")
        issued[one.client_id] = tokens["refresh_token"]

        answer = suite.token(one, grant_type="refresh_token", refresh_token=tokens["refresh_token"])

        assert answer.status_code == 200
        again = suite.checked(answer.json(), one)
        assert again.get("nonce") in {None, first["nonce"]}
        assert {name: again[name] for name in ("iss", "sub", "aud")} == {
            name: first[name] for name in ("iss", "sub", "aud")
        }
        assert again.get("auth_time", first.get("auth_time")) == first.get("auth_time")
        assert again["iat"] >= first["iat"]
        assert suite.userinfo(answer.json()["access_token"])["sub"] == first["sub"]

    stolen = suite.token(client, grant_type="refresh_token", refresh_token=issued[other_client.client_id])
    assert (stolen.status_code, stolen.json()["error"]) == (400, "invalid_grant")


def test_oidcc_ensure_request_with_valid_pkce_succeeds(suite: Suite, browser: Browser, client: KnownClient) -> None:
    """RFC 7636 §4.6: with a challenge the verifier counts, although this client need not send one."""
    verifier = "a-verifier-of-more-than-forty-three-characters-x"
    challenge = urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    walk, _ = suite.authorize(browser, client, code_challenge=challenge, code_challenge_method="S256")

    assert suite.redeem(client, walk.answer["code"], code_verifier=verifier).status_code == 200


@pytest.mark.shows(
    "OIDC Discovery §3 required",
    "OIDC Discovery §3 rs256",
    "OIDC Discovery §3 userinfo",
    "OIDC Discovery §4 path",
    "OIDC Discovery §4.2 json",
    "OIDC Discovery §4.3 same-issuer",
)
def test_oidcc_discovery_endpoint_verification(server: ConformanceServer) -> None:
    """The one module of the config plan."""
    with server.http() as http:
        answer = http.get("/.well-known/openid-configuration")

    metadata = answer.json()
    assert answer.headers["content-type"].startswith("application/json")
    assert metadata["issuer"] == server.issuer
    for name in ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri"):
        assert metadata[name].startswith(f"{server.issuer}/")
    assert "code" in metadata["response_types_supported"]
    assert "public" in metadata["subject_types_supported"]
    assert "RS256" in metadata["id_token_signing_alg_values_supported"]
    assert "openid" in metadata["scopes_supported"]
    assert metadata["claims_parameter_supported"] is True
    assert all(value not in ([], None, "") for value in metadata.values())


def test_oidcc_discovery_endpoint_verification_of_the_keys(suite: Suite) -> None:
    """What the same module asks of the keys: public ones only, each with an ID of its own, each good to verify with."""
    with suite.server.http() as http:
        keys = http.get(suite.metadata["jwks_uri"]).json()["keys"]

    assert len({key["kid"] for key in keys}) == len(keys)
    assert all(PRIVATE_MEMBERS.isdisjoint(key) for key in keys)
    assert all(key["use"] == "sig" for key in keys)
    assert {key["alg"] for key in keys} >= set(suite.metadata["id_token_signing_alg_values_supported"]) - {"none"}
