"""What a gateway is told: who calls, or what the caller is to be answered."""

import json

import httpx
import pytest
from gateway_world import ADDRESS, PATH, GatewayWorld, Headers
from joserfc import jws
from joserfc.jwk import KeySet

from client_keys import a_key, proof
from consentry.model.access import Reason
from consentry.oauth.dpop import digest_of
from consentry.oauth.token_request import AuthorizationCodeRequest
from consentry.web.main import app_over
from protocol_world import CALLBACK, OPERATOR, VERIFIER, ProtocolWorld

IDENTITY = ("subject", "organisation", "app", "connection", "api-key", "permissions", "identity")


def identity(answer: httpx.Response) -> dict[str, str]:
    """What the identity headers of an answer say, without their common beginning."""
    said = {name: answer.headers.get(f"x-consentry-{name}", "") for name in IDENTITY}
    return {name: value for name, value in said.items() if value}


async def test_every_identity_header_is_sent_so_that_it_replaces_what_the_client_sent(gateway: GatewayWorld) -> None:
    public = await gateway.ask_about("GET", "/public/x")
    known = await gateway.ask_about("GET", "/invoices", bearer=gateway.key)

    for answer in (public, known):
        assert {f"x-consentry-{name}" for name in IDENTITY} <= set(answer.headers)


async def test_a_token_of_an_app_is_let_in_with_who_calls(gateway: GatewayWorld) -> None:
    answer = await gateway.ask_about("GET", "/invoices?page=2", bearer=gateway.token)

    told = identity(answer)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert told["subject"] == gateway.protocol.bo
    assert told["organisation"] == gateway.protocol.acme
    assert told["app"] == gateway.protocol.web.app.id
    assert told["connection"].startswith("con_")
    assert told["permissions"] == "client.read invoice.read invoice.write"
    assert "api-key" not in told


async def test_an_api_key_is_let_in_with_its_own_identifier(gateway: GatewayWorld) -> None:
    told = identity(await gateway.ask_about("GET", "/invoices/7", bearer=gateway.key))

    assert told["api-key"].startswith("key_")
    assert told["permissions"] == "invoice.read"
    assert not {"app", "connection"} & set(told)


async def test_the_identity_is_also_one_short_lived_signed_jwt(gateway: GatewayWorld) -> None:
    answer = await gateway.ask_about("GET", "/me", bearer=gateway.token)

    jwks = await gateway.protocol.deeds.signing_keys.jwks()
    keys = KeySet.import_key_set({"keys": jwks["keys"]})  # type: ignore[typeddict-item] # what JSON holds has no type
    signed = jws.deserialize_compact(identity(answer)["identity"], keys, algorithms=["ES256"])
    claims = json.loads(signed.payload)
    assert signed.headers()["typ"] == "consentry-identity+jwt"
    assert claims["aud"] == "https://books.inside.test"
    assert claims["iss"] == gateway.protocol.deeds.settings.issuer
    assert claims["exp"] - claims["iat"] == 60
    assert (claims["method"], claims["path"]) == ("GET", "/me")
    assert (claims["sub"], claims["organisation"]) == (gateway.protocol.bo, gateway.protocol.acme)
    assert claims["permissions"] == ["client.read", "invoice.read", "invoice.write"]
    assert "api_key" not in claims


async def test_a_public_route_asks_for_nothing_and_tells_nothing(gateway: GatewayWorld) -> None:
    for bearer in (None, gateway.token):
        answer = await gateway.ask_about("POST", "/public/logo.png", bearer=bearer)

        assert answer.status_code == 200
        assert identity(answer) == {}


@pytest.mark.parametrize(
    ("headers", "method", "path"),
    [
        ([("X-Original-Method", "GET"), ("X-Original-URI", "/invoices?a=b")], "GET", PATH),
        ([("X-Forwarded-Method", "GET"), ("X-Forwarded-Uri", "/invoices?a=b")], "GET", PATH),
        ([("X-Forwarded-Method", "GET"), ("X-Forwarded-Uri", "/invoices")], "POST", PATH),
        ([], "GET", f"{PATH}/invoices"),
        ([], "GET", f"{PATH}/invoices?a=b"),
        ([], "POST", f"{PATH}/invoices"),
    ],
)
async def test_each_gateway_says_in_its_own_way_what_was_called(
    gateway: GatewayWorld, headers: Headers, method: str, path: str
) -> None:
    answer = await gateway.ask([*headers, ("Authorization", f"Bearer {gateway.token}")], method=method, path=path)

    assert answer.status_code == 200
    assert identity(answer)["subject"] == gateway.protocol.bo


@pytest.mark.parametrize(
    ("headers", "path"),
    [
        ([], PATH),
        ([("X-Original-URI", "/invoices")], PATH),
        ([("X-Original-Method", "GET")], PATH),
        ([("X-Forwarded-Uri", "/invoices")], PATH),
        ([("X-Original-Method", "GET"), ("X-Original-URI", "/public/x"), ("X-Original-URI", "/invoices")], PATH),
        (
            [
                ("X-Original-Method", "GET"),
                ("X-Original-URI", "/public/x"),
                ("X-Forwarded-Method", "DELETE"),
                ("X-Forwarded-Uri", "/invoices/7"),
            ],
            PATH,
        ),
        ([("X-Forwarded-Uri", "/public/x"), ("X-Original-Method", "GET")], PATH),
        ([("X-Original-Method", "GET"), ("X-Original-URI", "/public/x")], f"{PATH}/invoices"),
        ([("X_Original_Uri", "/public/x")], f"{PATH}/public/x"),
    ],
)
async def test_two_words_about_what_was_called_or_none_are_refused_whoever_calls(
    gateway: GatewayWorld, headers: Headers, path: str
) -> None:
    answer = await gateway.ask([*headers, ("Authorization", f"Bearer {gateway.token}")], path=path)

    assert answer.status_code == 403
    assert answer.json()["reason"] == Reason.REQUEST_AMBIGUOUS
    assert identity(answer) == {}


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("GET", "/public/../invoices"),
        ("GET", "/public/%2e%2e/invoices"),
        ("GET", "/public%2f..%2finvoices"),
        ("GET", "/public/..%5cinvoices"),
        ("GET", "/public/%252e%252e/invoices"),
        ("GET", "/public//x"),
        ("GET", "//public/x"),
        ("GET", "/public/..;/invoices"),
        ("GET", "/Invoices"),
        ("GET", "/PUBLIC/x"),
        ("get", "/public/x"),
        ("GET", "http://api.test/public/x"),
        ("GET", "/public/x#/../../invoices"),
        ("GET", "/public/x?#"),
    ],
)
async def test_a_path_that_the_api_could_read_differently_is_refused(
    gateway: GatewayWorld, method: str, target: str
) -> None:
    answer = await gateway.ask_about(method, target, bearer=gateway.token)

    assert answer.status_code == 403
    assert answer.json()["reason"] == Reason.REQUEST_AMBIGUOUS


@pytest.mark.parametrize(
    "header",
    ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "X_HTTP_Method_Override", "X_Consentry_Subject"],
)
async def test_headers_that_change_what_the_api_reads_are_refused(gateway: GatewayWorld, header: str) -> None:
    answer = await gateway.ask_about("GET", "/public/x", (header, "DELETE"))

    assert answer.status_code == 403
    assert answer.json()["reason"] == Reason.REQUEST_AMBIGUOUS


@pytest.mark.parametrize(("method", "path"), [("PUT", "/invoices"), ("GET", "/secrets"), ("POST", "/invoices/7")])
async def test_a_call_that_no_line_is_about_is_refused(gateway: GatewayWorld, method: str, path: str) -> None:
    answer = await gateway.ask_about(method, path, bearer=gateway.token)

    assert answer.status_code == 403
    assert answer.json()["reason"] == Reason.ROUTE_NOT_DECLARED


async def test_without_a_credential_the_caller_is_challenged(gateway: GatewayWorld) -> None:
    answer = await gateway.ask_about("GET", "/invoices")

    assert answer.status_code == 401
    metadata = "https://api.books.test/.well-known/oauth-protected-resource"
    challenge = f'Bearer realm="consentry", resource_metadata="{metadata}"'
    assert answer.headers["www-authenticate"] == f'{challenge}, DPoP algs="ES256 RS256 PS256 EdDSA"'
    assert answer.json()["reason"] == "credential_missing"


async def test_a_missing_scope_and_a_missing_permission_are_told_apart(gateway: GatewayWorld) -> None:
    protocol = gateway.protocol
    narrow = (await protocol.connect(protocol.tool, scope="invoicing:read invoicing:write")).access_token
    scope = await gateway.ask_about("GET", "/contacts", bearer=narrow)
    permission = await gateway.ask_about("DELETE", "/invoices/7", bearer=gateway.token)

    assert scope.status_code == permission.status_code == 403
    assert 'error="insufficient_scope"' in scope.headers["www-authenticate"]
    assert 'scope="contacts:read"' in scope.headers["www-authenticate"]
    assert permission.json()["missing"] == "user_permission"
    assert "insufficient_scope" not in permission.headers["www-authenticate"]


async def test_what_is_taken_away_is_gone_on_the_next_call(gateway: GatewayWorld) -> None:
    before = await gateway.ask_about("GET", "/invoices", bearer=gateway.token)
    await gateway.protocol.end_connection(gateway.token)
    after = await gateway.ask_about("GET", "/invoices", bearer=gateway.token)

    assert (before.status_code, after.status_code) == (200, 401)
    assert 'error="invalid_token"' in after.headers["www-authenticate"]


async def test_tn_10_a_credential_in_the_address_is_refused_in_words_that_nginx_understands(
    gateway: GatewayWorld,
) -> None:
    target = f"/invoices?access_token={gateway.token}"
    by_nginx = await gateway.ask_about("GET", target, bearer=gateway.token)
    by_caddy = await gateway.ask(
        [
            ("X-Forwarded-Method", "GET"),
            ("X-Forwarded-Uri", target),
            ("Authorization", f"Bearer {gateway.token}"),
        ]
    )

    assert (by_nginx.status_code, by_caddy.status_code) == (403, 400)
    assert by_nginx.json() == by_caddy.json() == json.loads(by_nginx.headers["x-consentry-refusal"])
    assert by_caddy.json()["reason"] == "malformed_request"


async def test_a_token_for_another_api_is_refused(gateway: GatewayWorld) -> None:
    resources = gateway.protocol.deeds.resources
    for number, identifier in enumerate(("https://api.books.test", "https://other.test")):
        await resources.register(OPERATOR, f"API {number}", identifier)
    own = await gateway.protocol.connect(gateway.protocol.web, resource="https://api.books.test")
    other = await gateway.protocol.connect(gateway.protocol.tool, resource="https://other.test")

    let_in = await gateway.ask_about("GET", "/invoices", bearer=own.access_token)
    refused = await gateway.ask_about("GET", "/invoices", bearer=other.access_token)

    assert let_in.status_code == 200
    assert refused.json()["reason"] == "wrong_audience"


@pytest.mark.shows("RFC 9700 §4.13 headers")
@pytest.mark.parametrize(
    ("gateway_address", "forwarded", "status"),
    [
        ("127.0.0.1", ADDRESS, 200),
        ("127.0.0.1", "198.51.100.9", 401),
        ("127.0.0.1", f"{ADDRESS}, 198.51.100.9", 401),
        ("198.51.100.9", ADDRESS, 401),
        (ADDRESS, "198.51.100.9", 200),
    ],
)
async def test_the_callers_address_is_believed_from_a_trusted_gateway_only(
    gateway: GatewayWorld, gateway_address: str, forwarded: str, status: int
) -> None:
    key = await gateway.make_key("invoice.read", networks=(ADDRESS,))
    headers = [
        ("X-Original-Method", "GET"),
        ("X-Original-URI", "/invoices"),
        ("X-Forwarded-For", forwarded),
        ("Authorization", f"Bearer {key}"),
    ]

    answer = await gateway.ask(headers, address=gateway_address)

    assert answer.status_code == status


async def test_a_check_that_fails_lets_nobody_in(gateway: GatewayWorld) -> None:
    await gateway.protocol.run("ALTER TABLE access_tokens RENAME TO gone")

    answer = await gateway.ask_about("GET", "/invoices", bearer=gateway.token)
    # The database is lent, and goes back with the tables that it had.
    await gateway.protocol.run("ALTER TABLE gone RENAME TO access_tokens")

    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "1"
    assert identity(answer) == {}


async def test_without_a_routes_file_every_call_is_refused(protocol: ProtocolWorld) -> None:
    token = (await protocol.connect(protocol.web)).access_token

    answer = await GatewayWorld(protocol, token, "").ask_about("GET", "/invoices", bearer=token)

    assert answer.status_code == 403
    assert answer.json()["reason"] == Reason.ROUTE_NOT_DECLARED


async def test_in_14_no_header_changes_which_api_the_identity_speaks_to_or_who_signs_it(gateway: GatewayWorld) -> None:
    evil = (("Host", "evil.test"), ("X-Forwarded-Host", "evil.test"))

    answer = await gateway.ask_about("GET", "/me", *evil, bearer=gateway.token)

    claims = json.loads(jws.extract_compact(identity(answer)["identity"].encode()).payload)
    assert claims["iss"] == gateway.protocol.deeds.settings.issuer
    assert "evil" not in answer.text


@pytest.mark.shows("RFC 9449 §7.1", "RFC 9449 §7.2 no-bearer", "RFC 9449 §11.1 replay")
async def test_jw_09_jw_11_a_bound_token_is_let_in_with_a_proof_of_the_original_call(gateway: GatewayWorld) -> None:
    protocol, clock = gateway.protocol, gateway.protocol.deeds.clock
    code = await protocol.approve(protocol.tool)
    client, request = await protocol.authenticate(protocol.tool.credentials), code_request(code)
    grant = protocol.deeds.authorization_code_grant
    token = (await grant.exchange(request, client, jkt=a_key().key.thumbprint())).access_token

    # One application for all, as in a server: it is what remembers the proofs.
    transport = httpx.ASGITransport(app_over(protocol.deeds))
    http = httpx.AsyncClient(transport=transport, base_url=protocol.deeds.settings.issuer)

    async def ask(**changes: str) -> httpx.Response:
        right = {"htm": "GET", "htu": "https://api.books.test/invoices", "ath": digest_of(token)}
        sent = proof(a_key(), clock, **{**right, **changes})
        original = {"X-Original-Method": "GET", "X-Original-URI": "/invoices?page=2"}
        return await http.get(PATH, headers={**original, "Authorization": f"DPoP {token}", "DPoP": sent})

    assert (await ask(jti="one")).status_code == 200
    assert (await ask(jti="one")).json()["error"] == "invalid_dpop_proof"
    assert (await ask(htm="POST")).json()["error"] == "invalid_dpop_proof"
    assert (await ask(htu="https://api.books.test/guard/forward-auth")).json()["error"] == "invalid_dpop_proof"
    as_bearer = await gateway.ask_about("GET", "/invoices", bearer=token)
    assert (as_bearer.status_code, as_bearer.json()["reason"]) == (401, "sender_not_proved")


def code_request(code: str) -> AuthorizationCodeRequest:
    return AuthorizationCodeRequest(code=code, redirect_uri=CALLBACK, code_verifier=VERIFIER, resource=())
