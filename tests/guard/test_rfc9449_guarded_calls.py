"""Calls with a token that is bound to a key. RFC 9449 §4.3, §7, §9, §11."""

from collections.abc import AsyncIterator, Mapping
from ipaddress import ip_network
from typing import Any

import httpx
import pytest
from guard_calls import API, Headers, Told, call
from guard_world import OPERATOR, GuardWorld
from products import PRODUCTS

from client_keys import ClientKey, a_key, proof
from consentry.client import IntrospectionClient, RemoteGuard
from consentry.gate.answer import CallRefusedError
from consentry.gate.proof_memory import SPAN, ProofMemory
from consentry.gate.proved_request import ProvedRequest, proved_request
from consentry.gate.prover import Prover
from consentry.model.access import Access, Refused
from consentry.oauth.dpop import digest_of
from consentry.oauth.dpop_nonce import DpopNonces
from consentry.oauth.protected_resource import ProtectedResource
from consentry.web.main import app_over
from small_world import FixedClock

JKT = a_key().key.thumbprint()


def proof_of(world: GuardWorld, token: str, key: ClientKey | None = None, **changes: Any) -> str:
    right = {"htm": "GET", "htu": f"{API}/invoices", "ath": digest_of(token)}
    return proof(key or a_key(), world.clock, **{**right, **changes})


def sent(token: str, *proofs: str, scheme: str = "DPoP") -> Headers:
    return [("Authorization", f"{scheme} {token}"), *(("DPoP", one) for one in proofs)]


async def call_each(world: GuardWorld, token: str, **changes: Any) -> Mapping[str, Told]:
    """Call the product in every framework, each with a proof of its own."""
    told = {}
    for name, make in PRODUCTS.items():
        # The asynchronous views of the Django project stand below a path of their own.
        path = "/async/invoices" if "django, async" in name else "/invoices"
        headers = sent(token, proof_of(world, token, **{"htu": f"{API}{path}", **changes}))
        told[name] = await call(make(world), headers=headers)
    return told


@pytest.mark.shows("RFC 9449 §7.1", "RFC 9449 §4.3 jkt")
async def test_a_bound_token_with_its_proof_is_let_in_everywhere(world: GuardWorld) -> None:
    token = await world.token(dpop_jkt=JKT)

    for name, told in (await call_each(world, token)).items():
        assert (told.status, told.body) == (200, {"organisation": world.organisation_id}), name


@pytest.mark.shows("RFC 9449 §7.2 no-bearer", "RFC 9449 §11.5 no-downgrade")
async def test_jw_11_a_bound_token_is_nothing_to_a_bearer(world: GuardWorld) -> None:
    token = await world.token(dpop_jkt=JKT)

    for name, make in PRODUCTS.items():
        for headers in (sent(token, scheme="Bearer"), sent(token, proof_of(world, token), scheme="Bearer")):
            told = await call(make(world), headers=headers)
            assert (told.status, told.body["error"], told.body["reason"]) == (
                401,
                "invalid_token",
                "sender_not_proved",
            ), name
            assert 'DPoP algs="ES256 RS256 PS256 EdDSA"' in (told.challenge or "")


@pytest.mark.shows("RFC 9449 §7 proof-needed", "RFC 9449 §7.1 challenge", "RFC 9449 §4.3 ath")
@pytest.mark.parametrize(
    "changes",
    [
        {"htm": "POST"},
        {"htu": f"{API}/payments"},
        {"htu": "https://other.test/invoices"},
        {"htu": f"{API.replace('https', 'http')}/invoices"},
        {"ath": None},
        {"ath": digest_of("another")},
        {"iat": 1},
        {"jti": None},
        {"header": {"typ": "JWT"}},
        pytest.param({"header": {"jwk": a_key(number=2).public}}, id="jwk"),
    ],
    ids=str,
)
async def test_jw_10_a_proof_of_something_else_is_refused_everywhere(
    world: GuardWorld, changes: Mapping[str, Any]
) -> None:
    token = await world.token(dpop_jkt=JKT)

    for name, told in (await call_each(world, token, **changes)).items():
        assert (told.status, told.body["error"]) == (401, "invalid_dpop_proof"), name
        assert told.challenge is not None
        assert told.challenge.startswith("DPoP realm=")
        assert told.challenge.endswith('algs="ES256 RS256 PS256 EdDSA"')


@pytest.mark.shows("RFC 9449 §4.3 jkt")
async def test_jw_10_a_proof_of_another_key_is_refused_everywhere(world: GuardWorld) -> None:
    token = await world.token(dpop_jkt=JKT)

    for name, told in (await call_each(world, token, key=a_key(number=2))).items():
        assert (told.status, told.body["error"], told.body["reason"]) == (
            401,
            "invalid_token",
            "sender_not_proved",
        ), name


@pytest.mark.shows("RFC 9449 §4.3 one-header")
async def test_no_proof_and_two_proofs_are_refused_everywhere(world: GuardWorld) -> None:
    token = await world.token(dpop_jkt=JKT)

    for name, make in PRODUCTS.items():
        for proofs in ([], [proof_of(world, token), proof_of(world, token)]):
            told = await call(make(world), headers=sent(token, *proofs))
            assert (told.status, told.body["error"]) == (401, "invalid_dpop_proof"), name


@pytest.mark.shows("RFC 9449 §11.1 replay")
@pytest.mark.parametrize("name", PRODUCTS)
async def test_jw_09_a_proof_is_good_for_one_call(world: GuardWorld, name: str) -> None:
    token = await world.token(dpop_jkt=JKT)
    path = "/async/invoices" if "django, async" in name else "/invoices"
    headers = sent(token, proof_of(world, token, htu=f"{API}{path}"))

    first, second = [await call(PRODUCTS[name](world), headers=headers) for _ in range(2)]

    assert first.status == 200
    assert (second.status, second.body["error"]) == (401, "invalid_dpop_proof")


async def test_a_token_that_is_bound_to_nothing_has_no_use_for_a_proof(world: GuardWorld) -> None:
    for text in (await world.token(), (await world.key())[1]):
        for name, told in (await call_each(world, text)).items():
            assert (told.status, told.body["reason"]) == (401, "sender_not_proved"), name


async def test_a_refused_call_with_a_proof_is_told_in_its_own_scheme(world: GuardWorld) -> None:
    token = await world.token(dpop_jkt=JKT)
    await world.deeds.connections.end(OPERATOR, world.connection_id)

    told = (await call_each(world, token))["asgi"]

    assert (told.status, told.body["reason"]) == (401, "revoked")
    assert (told.challenge or "").startswith('DPoP realm="consentry"')


async def test_a_missing_scope_is_told_in_the_scheme_of_the_token(world: GuardWorld) -> None:
    token = await world.token(dpop_jkt=JKT)
    right = proof_of(world, token, htm="POST", htu=f"{API}/mailings")

    told = await call(PRODUCTS["asgi"](world), "/mailings", headers=sent(token, right))

    assert told.status == 403
    assert (told.challenge or "").startswith("DPoP ")


@pytest.fixture
async def remote(world: GuardWorld) -> AsyncIterator[RemoteGuard]:
    made = await world.deeds.resources.register(OPERATOR, "Books API", API)
    client = IntrospectionClient(
        world.settings.issuer,
        client_id=made.resource.client_id,
        client_secret=made.client_secret.reveal(),
        transport=httpx.ASGITransport(app_over(world.deeds)),
    )
    guard = RemoteGuard(
        client,
        await client.catalog(),
        issuer=world.settings.issuer,
        resource=API,
        prover=Prover(world.clock),
    )
    async with guard:
        yield guard


async def outcome(guard: Any, token: str, request: ProvedRequest | None, scheme: str = "DPoP") -> str:
    try:
        access = await guard.authorise([f"{scheme} {token}"], "invoice.read", proof=request)
    except CallRefusedError as refusal:
        return "failure" if refusal.refused is None else refusal.refused.reason.value
    assert isinstance(access, Access)
    return "let in"


@pytest.mark.shows("RFC 9449 §6.2 introspection")
async def test_a_guard_over_http_decides_as_the_one_beside_the_database(world: GuardWorld, remote: RemoteGuard) -> None:
    token, plain = await world.token(dpop_jkt=JKT), await world.token()

    for guard in (world.guard, remote):
        right = ProvedRequest([proof_of(world, token)], "GET", f"{API}/invoices")
        assert await outcome(guard, token, right) == "let in"
        assert await outcome(guard, token, right) == "invalid_dpop_proof"
        other = ProvedRequest([proof_of(world, token, a_key(number=2))], "GET", f"{API}/invoices")
        assert await outcome(guard, token, other) == "sender_not_proved"
        assert await outcome(guard, token, None) == "invalid_dpop_proof"
        assert await outcome(guard, token, None, "Bearer") == "sender_not_proved"
        unneeded = ProvedRequest([proof_of(world, plain)], "GET", f"{API}/invoices")
        assert await outcome(guard, plain, unneeded) == "sender_not_proved"
        assert await outcome(guard, plain, None, "Bearer") == "let in"
        unknown = ProvedRequest([proof_of(world, token)], "GET", None)
        assert await outcome(guard, token, unknown) == "invalid_dpop_proof"


async def test_a_bound_token_is_refused_by_whoever_asks_without_a_key(world: GuardWorld, remote: RemoteGuard) -> None:
    token = await world.token(dpop_jkt=JKT)

    for guard in (world.guard, remote):
        assert isinstance(await guard.check(token), Refused)
        access = await guard.check(token, None, JKT)
        assert isinstance(access, Access)
        assert access.dpop_jkt == JKT
    assert isinstance(world.blocking.check(token), Refused)
    assert isinstance(world.blocking.check(token, None, JKT), Access)


@pytest.mark.shows("RFC 9449 §9 resource-nonce")
async def test_a_guard_with_nonces_hands_them_out(world: GuardWorld, remote: RemoteGuard) -> None:
    token = await world.token(dpop_jkt=JKT)
    nonces = DpopNonces(b"n" * 32)
    guard = RemoteGuard(
        remote._client, remote.catalog, issuer=remote.issuer, resource=API, prover=Prover(world.clock, nonces)
    )

    async def asked(**changes: Any) -> Access:
        right = ProvedRequest([proof_of(world, token, **changes)], "GET", f"{API}/invoices")
        return await guard.authorise([f"DPoP {token}"], "invoice.read", proof=right)

    with pytest.raises(CallRefusedError) as refusal:
        await asked()
    answer = refusal.value.answer
    assert answer.status == 401
    assert 'error="use_dpop_nonce"' in answer.headers["www-authenticate"]
    assert isinstance(await asked(nonce=answer.headers["dpop-nonce"]), Access)


def test_a_used_proof_is_remembered_for_as_long_as_it_could_be_used(clock: FixedClock) -> None:
    memory, now = ProofMemory(), clock.now()

    assert memory.use("a", now)
    for part in (0.0, 0.5, 0.99):
        assert not memory.use("a", now + SPAN * part)
    assert memory.use("b", now + SPAN * 0.9)
    assert not memory.use("b", now + SPAN * 1.8)
    assert memory.use("a", now + SPAN * 3)


SCOPE: dict[str, Any] = {
    "type": "http",
    "method": "GET",
    "scheme": "http",
    "path": "/a b",
    "raw_path": b"/a%20b",
    "client": ("10.0.0.1", 1),
    "headers": [(b"host", b"internal:8000"), (b"x-forwarded-proto", b"https"), (b"x-forwarded-host", b"api.test")],
}
ENVIRON: dict[str, Any] = {
    "REQUEST_METHOD": "GET",
    "SCRIPT_NAME": "",
    "PATH_INFO": "/a b",
    "REMOTE_ADDR": "10.0.0.1",
    "wsgi.url_scheme": "http",
    "HTTP_HOST": "internal:8000",
    "HTTP_X_FORWARDED_PROTO": "https",
    "HTTP_X_FORWARDED_HOST": "api.test",
}
PROXY, ELSEWHERE = (ip_network("10.0.0.0/8"),), (ip_network("192.0.2.0/24"),)


@pytest.mark.parametrize("source", [SCOPE, ENVIRON], ids=["ASGI", "WSGI"])
def test_the_address_of_a_call_is_what_the_api_or_a_trusted_proxy_says(source: dict[str, Any]) -> None:
    resource = ProtectedResource("https://books.test:8443/v1")

    assert proved_request(source, (), None).url == "http://internal:8000/a%20b"
    assert proved_request(source, ELSEWHERE, None).url == "http://internal:8000/a%20b"
    assert proved_request(source, PROXY, None).url == "https://api.test/a%20b"
    assert proved_request(source, PROXY, resource).url == "https://books.test:8443/a%20b"
    assert proved_request(source, (), ProtectedResource("urn:books")).url == "http://internal:8000/a%20b"


def test_the_path_is_the_one_that_was_sent_where_the_server_tells() -> None:
    assert proved_request({**ENVIRON, "RAW_URI": "/a%2Fb?x"}, (), None).url == "http://internal:8000/a%2Fb"
    assert proved_request({**ENVIRON, "PATH_INFO": "/\xc3\xa9"}, (), None).url == "http://internal:8000/%C3%A9"
    without = {name: value for name, value in SCOPE.items() if name not in {"raw_path", "client"}}
    assert proved_request(without, (), None).url == "http://internal:8000/a%20b"
    assert proved_request({**SCOPE, "headers": []}, (), None).url is None
    assert (
        proved_request({**SCOPE, "type": "websocket", "scheme": "wss"}, (), None).url == "https://internal:8000/a%20b"
    )
