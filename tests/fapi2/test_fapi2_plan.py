"""The FAPI 2.0 Security Profile plan of the OpenID Foundation's suite, each test under its module's name there.

This file has what the modules do at the authorization endpoint and with codes; the others have the assertions and the
proofs. Of the waits of a minute, for a code and a request_uri to expire, there are tests with a clock of their own.
"""

import json
import re
import secrets
from datetime import timedelta
from itertools import chain

import httpx
import pytest

from conformance_server import ConformanceServer
from consentry.model.secret import Secret
from consentry.settings import Settings
from fapi2_suite import Fapi2Client, thumbprint
from openid_suite import Browser

Clients = tuple[Fapi2Client, Fapi2Client]


def refusal(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["content-type"].startswith("application/json")
    told = answer.json()
    # RFC 6749 §5.2: which characters a description may have.
    assert all(" " <= letter <= "~" and letter not in '"\\' for letter in told["error_description"])
    return answer.status_code, told["error"]


@pytest.mark.shows("FAPI 2.0 §5.3.2.1 discovery", "FAPI 2.0 §5.4.1 algorithms")
def test_discovery_end_point_verification(client: Fapi2Client) -> None:
    told, safe = client.metadata, {"PS256", "ES256", "EdDSA"}

    assert "private_key_jwt" in told["token_endpoint_auth_methods_supported"]
    assert told["code_challenge_methods_supported"] == ["S256"]
    assert told["authorization_response_iss_parameter_supported"] is True
    assert safe & set(told["dpop_signing_alg_values_supported"])
    assert safe & set(told["token_endpoint_auth_signing_alg_values_supported"])
    assert safe & set(told["id_token_signing_alg_values_supported"])
    assert set(client.scope.split()) <= set(told["scopes_supported"])


@pytest.mark.shows(
    "FAPI 2.0 §5.3.2.2 pushed",
    "FAPI 2.0 §5.3.2.2 iss",
    "FAPI 2.0 §5.3.2.2 no-307",
    "FAPI 2.0 §5.3.2.2 request-uri-lifetime",
    "FAPI 2.0 §5.3.2.1 sender-constrained",
    "FAPI 2.0 §5.3.2.1 private-key-jwt",
    "FAPI 2.0 §5.3.4 header",
    "FAPI 2.0 §5.3.4 constraint",
)
def test_happy_flow(clients: Clients, browser: Browser) -> None:
    first, second = clients
    assert 0 < first.push().json()["expires_in"] < 600
    nonce = secrets.token_urlsafe(12)
    tokens = first.connected(browser, nonce=nonce)

    assert tokens["token_type"].lower() == "dpop"
    assert tokens["expires_in"] > 0
    assert first.claims_of(tokens)["nonce"] == nonce
    told = first.call(tokens["access_token"])
    assert (told.status_code, "date" in told.headers) == (200, True)
    assert first.call(tokens["access_token"], query=f"?access_token={tokens['access_token']}").status_code == 400
    bare = httpx.get(
        f"{first.metadata['userinfo_endpoint']}?access_token={tokens['access_token']}", verify=first.server.trusted
    )
    assert 400 <= bare.status_code < 500
    for accepted in ("application/json;charset=UTF-8", "application/json, application/*+json, */*"):
        assert first.call(tokens["access_token"], accept=accepted).status_code == 200

    # The second client: its redirect URI has a query, it names its key, and repeats its request beside the request_uri.
    asked = second.asks(dpop_jkt=thumbprint(second.dpop_key))
    walk = second.authorize(browser, second.pushed(asked), **{name: asked[name] for name in ("scope", "state")})
    assert walk.answer["dummy1"] == "lorem"
    assert walk.answer["dummy2"] == "ipsum"
    others = second.redeem(walk.answer["code"]).json()
    assert second.call(others["access_token"]).status_code == 200
    assert first.call(others["access_token"]).status_code == 401


@pytest.mark.shows("FAPI 2.0 §5.4.1 entropy", "FAPI 2.0 §5.3.2.1 code-lifetime")
def test_credentials_have_enough_entropy_and_codes_a_minute(client: Fapi2Client, browser: Browser) -> None:
    """The suite looks at the text of each; 43 letters and digits of 62 are 256 bits."""
    request_uri = client.pushed()
    code = client.authorize(browser, request_uri).answer["code"]
    tokens = client.redeem(code).json()

    for text in (request_uri.rpartition(":")[2], code, tokens["access_token"]):
        assert re.fullmatch(r"cst_[a-z]+_[0-9A-Za-z]{22}[0-9A-Za-z]{43}[0-9A-Za-z]{6}", text)
    assert Settings(secret_key=Secret("s" * 32)).code_lifetime <= timedelta(minutes=1)


def test_user_rejects_authentication(clients: Clients, conformance_server: ConformanceServer) -> None:
    """RFC 6749 §4.1.2.1: the person who says no is one who never said yes, as the suite's configuration has it."""
    email = f"declines.{conformance_server.person['email']}"
    for client in clients:
        with Browser(conformance_server, decision="decline", email=email) as declining:
            asked = client.asks(state="s" * 128)
            walk = client.authorize(declining, client.pushed(asked))

        assert walk.pages == ["sign-in", "consent"]
        assert walk.answer["error"] == "access_denied"
        assert walk.answer["state"] == asked["state"]
        expected = {"error", "error_description", "state", "iss"}
        assert walk.answer.keys() - {"dummy1", "dummy2"} == expected


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"state": None}, id="without_state"),
        pytest.param({"nonce": None}, id="without_nonce"),
        pytest.param({"nonce": "n" * 64}, id="with_64_char_nonce"),
        pytest.param({"nonce": "n" * 384}, id="with_long_nonce"),
        pytest.param({"state": "s" * 1000}, id="with_long_state"),
        pytest.param({"scope": "profile openid"}, id="other_scope_order"),
    ],
)
def test_ensure_authorization_request_succeeds(
    client: Fapi2Client, browser: Browser, changes: dict[str, str | None]
) -> None:
    """The modules that change the request and want it to go through."""
    asked = client.asks(**changes)

    walk = client.authorize(browser, client.pushed(asked))

    assert walk.answer.get("state") == asked.get("state")
    tokens = client.redeem(walk.answer["code"]).json()
    assert client.claims_of(tokens).get("nonce") == asked.get("nonce")


@pytest.mark.parametrize("name", ["state", "nonce"])
def test_ensure_different_value_inside_and_outside_request_object(
    client: Fapi2Client, browser: Browser, name: str
) -> None:
    """And the module that has a state outside only: what was not pushed counts for nothing."""
    for pushed in ("inside", None):
        asked = client.asks(**{name: pushed})
        walk = client.authorize(browser, client.pushed(asked), **{name: "outside"})

        assert walk.answer.get("state") == asked.get("state")
        assert client.claims_of(client.redeem(walk.answer["code"]).json()).get("nonce") == asked.get("nonce")


def test_claims_parameter_identity_claims(client: Fapi2Client, browser: Browser) -> None:
    """OIDC Core §5.5: all that the metadata names come in either place, and what nobody knows is ignored."""
    of_tokens = {"iss", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "sid", "at_hash"}
    wanted = set(client.metadata["claims_supported"]) - of_tokens
    ways = (None, {"essential": True}, {"essential": False})
    request = {name: ways[number % 3] for number, name in enumerate(sorted(wanted))} | {"shoe_size": None}
    asked = {"id_token": request, "userinfo": request}

    tokens = client.connected(browser, scope="openid", prompt="consent", claims=json.dumps(asked))

    in_token, told = client.claims_of(tokens), client.call(tokens["access_token"]).json()
    assert wanted <= in_token.keys()
    assert wanted <= told.keys()
    assert "shoe_size" not in chain(in_token, told)


@pytest.mark.shows(
    "FAPI 2.0 §5.3.2.2 response-type",
    "FAPI 2.0 §5.3.2.2 pkce",
    "FAPI 2.0 §5.3.2.2 redirect-uri",
    "FAPI 2.0 §5.3.2.1 no-open-redirector",
)
@pytest.mark.parametrize(
    ("changes", "error"),
    [
        pytest.param({"redirect_uri": None}, "invalid_request", id="without_redirect_uri"),
        pytest.param({"redirect_uri": "https://elsewhere.test/cb"}, "invalid_request", id="unregistered_redirect_uri"),
        pytest.param({"response_type": "code id_token"}, "unsupported_response_type", id="response_type_code_id_token"),
        pytest.param({"response_type": "token"}, "unsupported_response_type", id="response_type_token"),
        pytest.param({"code_challenge": None, "code_challenge_method": None}, "invalid_request", id="pkce_required"),
        pytest.param(
            {"code_challenge": "v" * 43, "code_challenge_method": "plain"}, "invalid_request", id="plain_pkce_rejected"
        ),
        pytest.param({"request_uri": "urn:example:x"}, "invalid_request", id="request_uri_form_param"),
    ],
)
def test_par_rejects_the_request(client: Fapi2Client, changes: dict[str, str | None], error: str) -> None:
    assert refusal(client.push(client.asks(**changes))) == (400, error)


@pytest.mark.shows("FAPI 2.0 §5.3.2.2 pushed")
def test_ensure_unsigned_authorization_request_without_using_par_fails(client: Fapi2Client, browser: Browser) -> None:
    asked = client.asks()

    walk = browser.go(str(httpx.URL(client.metadata["authorization_endpoint"], params=asked)))

    assert walk.answer["error"] == "invalid_request"
    assert walk.answer["state"] == asked["state"]


@pytest.mark.shows("RFC 9126 §2.3 method")
def test_par_attempt_invalid_http_method(client: Fapi2Client) -> None:
    with client.server.http() as http:
        assert http.put(client.metadata["pushed_authorization_request_endpoint"]).status_code == 405


@pytest.mark.shows("RFC 9126 §4 once", "RFC 9126 §7.3 replay")
def test_par_attempt_reuse_request_uri(client: Fapi2Client, browser: Browser) -> None:
    """And the module that opens the sign-in page first, leaves it, and wants the request_uri to be good still."""
    request_uri = client.pushed()
    with client.server.http() as somebody:
        sent = {"client_id": client.client_id, "request_uri": request_uri}
        opened = somebody.get(client.metadata["authorization_endpoint"], params=sent)
        assert opened.headers["location"].startswith("/sign-in")

    assert "code" in client.authorize(browser, request_uri).answer

    again = client.authorize(browser, request_uri)
    assert again.answer == {}
    assert again.end is not None
    assert again.end.status_code == 400
    assert "cannot be connected just now" in again.end.text  # what the suite's configuration waits for


@pytest.mark.shows("RFC 9126 §2.2 bound")
def test_par_attempt_to_use_request_uri_for_different_client(clients: Clients, browser: Browser) -> None:
    first, second = clients

    walk = second.authorize(browser, first.pushed())

    assert walk.answer == {}
    assert walk.end is not None
    assert walk.end.status_code == 400


@pytest.mark.shows("FAPI 2.0 §5.3.2.2 once")
def test_attempt_reuse_authorization_code_after_one_second(client: Fapi2Client, browser: Browser) -> None:
    code = client.approved(browser)
    tokens = client.redeem(code).json()

    assert refusal(client.redeem(code)) == (400, "invalid_grant")

    assert client.call(tokens["access_token"]).status_code == 401


def test_ensure_authorization_code_is_bound_to_client(clients: Clients, browser: Browser) -> None:
    first, second = clients

    assert refusal(second.redeem(first.approved(browser))) == (400, "invalid_grant")


@pytest.mark.shows("FAPI 2.0 §5.3.2.2 pkce")
@pytest.mark.parametrize("verifier", [None, "w" * 50], ids=["code_verifier_required", "incorrect_code_verifier"])
def test_ensure_pkce_code_verifier(client: Fapi2Client, browser: Browser, verifier: str | None) -> None:
    answer = client.redeem(client.approved(browser), code_verifier=verifier)

    assert refusal(answer) == (400, "invalid_grant")


@pytest.mark.shows("FAPI 2.0 §5.3.2.1 no-rotation", "FAPI 2.0 §5.3.2.1 sender-constrained")
def test_refresh_token(clients: Clients, browser: Browser) -> None:
    first, second = clients
    issued = []
    for client in clients:
        tokens = client.connected(browser, prompt="consent")
        grant = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"], "scope": client.scope}
        issued.append(grant)

        answer = client.token(grant)

        assert answer.status_code == 200, answer.text
        refreshed = answer.json()
        assert refreshed.get("refresh_token", tokens["refresh_token"]) == tokens["refresh_token"]
        assert client.claims_of(refreshed)["sub"] == client.claims_of(tokens)["sub"]
        assert client.call(refreshed["access_token"]).status_code == 200

    assert refusal(first.token(issued[0], auth={})) == (401, "invalid_client")
    assert refusal(first.token(issued[0], proofs=())) == (400, "invalid_request")
    assert refusal(first.token(issued[1])) == (400, "invalid_grant")
    assert second.token(issued[1]).status_code == 200
