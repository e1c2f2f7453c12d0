"""Tokens that are bound to a key. RFC 9449 §5, §6.2, §8, §10, §11.1."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from client_keys import ClientKey, a_key, proof
from consentry.model.access import Access, Reason, Refused
from consentry.model.secret import CredentialKind, parse_credential
from consentry.oauth.client_metadata import ClientMetadata
from consentry.oauth.dpop import digest_of
from consentry.oauth.dpop_nonce import STRETCH
from consentry.web.main import app_over
from consentry.wiring import open_deeds
from protocol_world import CALLBACK, ISSUER, VERIFIER, Party, ProtocolWorld, fill_protocol_world, settings_for
from small_world import FixedClock

TOKEN_URL = f"{ISSUER}/oauth/token"


@dataclass
class World:
    """The protocol's world behind its real endpoints, which are called as a server would."""

    protocol: ProtocolWorld
    http: httpx.AsyncClient
    clock: FixedClock

    def proof(self, key: ClientKey | None = None, **changes: Any) -> str:
        return proof(key or a_key(), self.clock, **changes)

    async def post(self, path: str, party: Party, *proofs: str, **fields: Any) -> httpx.Response:
        given = {name: value for name, value in {**party.credentials, **fields}.items() if value is not None}
        headers = [("dpop", one) for one in proofs]
        return await self.http.post(path, data=given, headers=headers)

    async def exchange(self, party: Party, code: str, *proofs: str) -> httpx.Response:
        fields = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "code_verifier": VERIFIER}
        return await self.post("/oauth/token", party, *proofs, **fields)

    async def connect(self, party: Party, *proofs: str, **changes: str | None) -> dict[str, Any]:
        answer = await self.exchange(party, await self.protocol.approve(party, **changes), *proofs)
        assert answer.status_code == 200, answer.text
        tokens: dict[str, Any] = answer.json()
        return tokens

    async def refresh(self, party: Party, refresh_token: str, *proofs: str) -> httpx.Response:
        fields = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        return await self.post("/oauth/token", party, *proofs, **fields)

    async def bound_to(self, text: str) -> str | None:
        """The key without which the token opens nothing."""
        answer = await self.protocol.check(text)
        if isinstance(answer, Access):
            return None
        assert answer.reason is Reason.SENDER_NOT_PROVED
        parsed = parse_credential(text, CredentialKind.ACCESS_TOKEN)
        assert parsed is not None
        [(jkt,)] = await self.protocol.rows("SELECT dpop_jkt FROM access_tokens WHERE id = $1", parsed.id)
        assert isinstance(await self.protocol.check(text, jkt=str(jkt)), Access)
        return str(jkt)


async def open_world(database_url: str, path: Path, clock: FixedClock, **changes: Any) -> World:
    settings = settings_for(path / "consentry.sqlite3", database_url=database_url, **changes)
    protocol = await fill_protocol_world(open_deeds(settings, clock=clock))
    transport = httpx.ASGITransport(app_over(protocol.deeds))
    return World(protocol, httpx.AsyncClient(transport=transport, base_url=ISSUER), clock)


@pytest.fixture
async def world(database_url: str, tmp_path: Path, clock: FixedClock) -> AsyncIterator[World]:
    opened = await open_world(database_url, tmp_path, clock)
    yield opened
    await opened.protocol.deeds.database.close()


@pytest.fixture
async def with_nonces(database_url: str, tmp_path: Path, clock: FixedClock) -> AsyncIterator[World]:
    opened = await open_world(database_url, tmp_path, clock, dpop_nonces=True)
    yield opened
    await opened.protocol.deeds.database.close()


def error_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]


JKT, OTHER_JKT = a_key().key.thumbprint(), a_key(number=2).key.thumbprint()


@pytest.mark.shows("RFC 9700 §2.2.1 sender")
@pytest.mark.shows("RFC 9449 §5 bound", "RFC 9449 §5 token-type", "RFC 9449 §7.2 no-bearer")
async def test_jw_11_a_proof_gives_a_bound_token_that_is_nothing_to_a_bearer(world: World) -> None:
    for party in (world.protocol.web, world.protocol.tool):
        tokens = await world.connect(party, world.proof())

        assert tokens["token_type"] == "DPoP"
        assert await world.bound_to(tokens["access_token"]) == JKT
        other = await world.protocol.check(tokens["access_token"], jkt=OTHER_JKT)
        assert isinstance(other, Refused)
        assert other.reason is Reason.SENDER_NOT_PROVED


async def test_without_a_proof_a_token_is_any_bearers_and_no_key_helps(world: World) -> None:
    tokens = await world.connect(world.protocol.tool)

    assert tokens["token_type"] == "Bearer"
    assert await world.bound_to(tokens["access_token"]) is None
    assert isinstance(await world.protocol.check(tokens["access_token"], jkt=JKT), Refused)


@pytest.mark.shows("RFC 9449 §5 invalid-proof")
async def test_jw_10_a_bad_proof_is_refused_and_the_code_stays_good(world: World) -> None:
    code = await world.protocol.approve(world.protocol.tool)

    for proofs in (
        ["x"],
        [""],
        [world.proof(htm="GET")],
        [world.proof(htu=f"{ISSUER}/oauth/par")],
        [world.proof(), world.proof()],
        [world.proof(iat=1)],
    ):
        answer = await world.exchange(world.protocol.tool, code, *proofs)
        assert error_of(answer) == (400, "invalid_dpop_proof")
        assert answer.json()["error_description"].startswith("The DPoP proof ")
    assert (await world.exchange(world.protocol.tool, code, world.proof())).status_code == 200


@pytest.mark.shows("RFC 9449 §11.1 replay")
async def test_jw_09_a_proof_is_good_once(world: World) -> None:
    used = world.proof()
    await world.connect(world.protocol.tool, used)
    code = await world.protocol.approve(world.protocol.tool)

    assert error_of(await world.exchange(world.protocol.tool, code, used)) == (400, "invalid_dpop_proof")


@pytest.mark.shows("RFC 9449 §5 refresh-public")
async def test_the_refresh_token_of_a_public_app_is_bound(world: World) -> None:
    tool = world.protocol.tool
    tokens = await world.connect(tool, world.proof())

    assert error_of(await world.refresh(tool, tokens["refresh_token"])) == (400, "invalid_dpop_proof")
    other = world.proof(a_key(number=2))
    assert error_of(await world.refresh(tool, tokens["refresh_token"], other)) == (400, "invalid_grant")
    refreshed = await world.refresh(tool, tokens["refresh_token"], world.proof())
    assert refreshed.json()["token_type"] == "DPoP"
    assert await world.bound_to(refreshed.json()["access_token"]) == JKT


async def test_rt_02_a_repeat_in_the_grace_window_needs_the_same_key(world: World) -> None:
    tool = world.protocol.tool
    spent = (await world.connect(tool, world.proof()))["refresh_token"]
    successor = (await world.refresh(tool, spent, world.proof())).json()["refresh_token"]

    assert error_of(await world.refresh(tool, spent, world.proof(a_key(number=2)))) == (400, "invalid_grant")
    assert error_of(await world.refresh(tool, spent)) == (400, "invalid_dpop_proof")
    again = await world.refresh(tool, spent, world.proof())
    assert again.json()["refresh_token"] == successor
    assert await world.bound_to(again.json()["access_token"]) == JKT


async def test_rt_01_a_thief_without_the_key_cannot_even_end_the_tokens(world: World) -> None:
    tool = world.protocol.tool
    first = (await world.connect(tool, world.proof()))["refresh_token"]
    second = (await world.refresh(tool, first, world.proof())).json()["refresh_token"]
    third = (await world.refresh(tool, second, world.proof())).json()["refresh_token"]
    await world.refresh(tool, first)
    await world.refresh(tool, first, world.proof(a_key(number=2)))

    assert (await world.refresh(tool, third, world.proof())).status_code == 200


async def test_a_confidential_app_may_change_its_key_and_go_without(world: World) -> None:
    web = world.protocol.web
    tokens = await world.connect(web, world.proof())

    with_other = await world.refresh(web, tokens["refresh_token"], world.proof(a_key(number=2)))
    assert await world.bound_to(with_other.json()["access_token"]) == OTHER_JKT
    without = await world.refresh(web, tokens["refresh_token"])
    assert without.json()["token_type"] == "Bearer"
    assert await world.bound_to(without.json()["access_token"]) is None


async def test_jw_09_of_many_uses_of_one_proof_at_once_one_wins(world: World) -> None:
    web, used = world.protocol.web, world.proof()
    refresh_token = (await world.connect(web))["refresh_token"]

    answers = await asyncio.gather(*(world.refresh(web, refresh_token, used) for _ in range(8)))

    assert sorted(answer.status_code for answer in answers) == [200, *([400] * 7)]


@pytest.mark.shows("RFC 9449 §5.2 client-metadata")
async def test_an_app_that_always_binds_its_tokens_is_refused_without_a_proof(world: World) -> None:
    tool = world.protocol.tool
    metadata = ClientMetadata(dpop_bound_access_tokens=True).to_json()
    await world.protocol.run("UPDATE apps SET metadata = $2 WHERE id = $1", tool.app.id, metadata)
    code = await world.protocol.approve(tool)

    assert error_of(await world.exchange(tool, code)) == (400, "invalid_request")
    tokens = (await world.exchange(tool, code, world.proof())).json()
    assert error_of(await world.refresh(tool, tokens["refresh_token"])) == (400, "invalid_request")


@pytest.mark.shows("RFC 9449 §10 dpop-jkt")
async def test_a_code_that_was_asked_for_with_a_key_is_for_its_holder(world: World) -> None:
    tool = world.protocol.tool
    code = await world.protocol.approve(tool, dpop_jkt=JKT)

    assert error_of(await world.exchange(tool, code)) == (400, "invalid_grant")
    assert error_of(await world.exchange(tool, code, world.proof(a_key(number=2)))) == (400, "invalid_grant")
    assert (await world.exchange(tool, code, world.proof())).json()["token_type"] == "DPoP"


async def test_a_malformed_dpop_jkt_is_refused_at_the_authorization_endpoint(world: World) -> None:
    pushed = await world.post("/oauth/par", world.protocol.tool, **request_of(dpop_jkt="short"))

    assert error_of(pushed) == (400, "invalid_request")


def request_of(**changes: str) -> dict[str, str]:
    challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    asked = {"response_type": "code", "redirect_uri": CALLBACK, "code_challenge": challenge}
    return {**asked, "code_challenge_method": "S256", **changes}


@pytest.mark.shows("RFC 9449 §10.1 par")
async def test_a_pushed_request_is_bound_by_its_proof(world: World) -> None:
    tool, url = world.protocol.tool, f"{ISSUER}/oauth/par"

    other = await world.post("/oauth/par", tool, world.proof(htu=url), **request_of(dpop_jkt=OTHER_JKT))
    assert error_of(other) == (400, "invalid_dpop_proof")
    for changes in ({}, {"dpop_jkt": JKT}):
        pushed = await world.post("/oauth/par", tool, world.proof(htu=url), **request_of(**changes))
        assert pushed.status_code == 201, pushed.text
        [(query,)] = await world.protocol.rows("SELECT query FROM pushed_requests ORDER BY id DESC LIMIT 1")
        assert urlencode({"dpop_jkt": JKT}) in str(query)


@pytest.mark.shows("RFC 9449 §6 cnf", "RFC 9449 §6.2 introspection")
async def test_introspection_tells_the_key(world: World) -> None:
    web = world.protocol.web
    bound, plain = await world.connect(web, world.proof()), await world.connect(web)

    told = (await world.post("/oauth/introspect", web, token=bound["access_token"])).json()
    assert (told["active"], told["token_type"], told["cnf"]) == (True, "DPoP", {"jkt": JKT})
    told = (await world.post("/oauth/introspect", web, token=plain["access_token"])).json()
    assert (told["active"], told["token_type"]) == (True, "Bearer")
    assert "cnf" not in told


@pytest.mark.shows("RFC 9449 §5.1 metadata")
async def test_the_metadata_lists_the_algorithms(world: World) -> None:
    metadata = (await world.http.get("/.well-known/oauth-authorization-server")).json()

    assert metadata["dpop_signing_alg_values_supported"] == ["ES256", "RS256", "PS256", "EdDSA"]


@pytest.mark.shows("RFC 9449 §8 nonce-error", "RFC 9449 §8.2 new-nonce")
async def test_a_server_with_nonces_hands_them_out(with_nonces: World) -> None:
    world, tool = with_nonces, with_nonces.protocol.tool
    code = await world.protocol.approve(tool)

    refused = await world.exchange(tool, code, world.proof())
    assert error_of(refused) == (400, "use_dpop_nonce")
    nonce = refused.headers["dpop-nonce"]
    given = await world.exchange(tool, code, world.proof(nonce=nonce))
    assert given.status_code == 200
    assert "dpop-nonce" not in given.headers

    world.clock.pass_time(STRETCH)
    later = await world.refresh(tool, given.json()["refresh_token"], world.proof(nonce=nonce))
    assert later.status_code == 200
    assert later.headers["dpop-nonce"] != nonce


@pytest.mark.shows("RFC 9449 §8.2 readable")
async def test_a_script_may_send_a_proof_and_read_the_nonce(world: World) -> None:
    asked = await world.http.options("/oauth/token")

    assert "DPoP" in asked.headers["access-control-allow-headers"].split(", ")
    assert "DPoP-Nonce" in asked.headers["access-control-expose-headers"].split(", ")


@pytest.mark.shows("RFC 9449 §7.1", "RFC 9449 §7.2 no-bearer")
@pytest.mark.parametrize("path", ["/oauth/userinfo", "/api/v1/me/access"])
async def test_jw_09_jw_11_the_servers_own_apis_take_a_bound_token_with_a_proof(world: World, path: str) -> None:
    token = (await world.connect(world.protocol.tool, world.proof()))["access_token"]

    async def call(*proofs: str, scheme: str = "DPoP") -> httpx.Response:
        headers = [("authorization", f"{scheme} {token}"), *(("dpop", one) for one in proofs)]
        return await world.http.get(path, headers=headers)

    def right(key: ClientKey | None = None) -> str:
        return world.proof(key, htm="GET", htu=f"{ISSUER}{path}", ath=digest_of(token))

    used = right()
    # This token was not granted openid: it is known, and its user is none of the app's business.
    assert (await call(used)).status_code == (403 if path == "/oauth/userinfo" else 200)
    for proofs in ([used], [], [right(), right()], [world.proof()]):
        refused = await call(*proofs)
        assert refused.status_code == 401
        assert "invalid_dpop_proof" in refused.headers["www-authenticate"]
    for refused in (await call(right(a_key(number=2))), await call(scheme="Bearer")):
        assert refused.status_code == 401
        assert "invalid_token" in refused.headers["www-authenticate"]


@pytest.mark.shows("RFC 9449 §9 resource-nonce")
@pytest.mark.parametrize("path", ["/oauth/userinfo", "/api/v1/me/access"])
async def test_the_servers_own_apis_hand_nonces_out(with_nonces: World, path: str) -> None:
    world = with_nonces
    code = await world.protocol.approve(world.protocol.tool)
    nonce = (await world.exchange(world.protocol.tool, code, world.proof())).headers["dpop-nonce"]
    tokens = (await world.exchange(world.protocol.tool, code, world.proof(nonce=nonce))).json()
    token = tokens["access_token"]

    async def call(**changes: str) -> httpx.Response:
        sent = world.proof(htm="GET", htu=f"{ISSUER}{path}", ath=digest_of(token), **changes)
        return await world.http.get(path, headers={"authorization": f"DPoP {token}", "dpop": sent})

    refused = await call()
    assert refused.status_code == 401
    assert "use_dpop_nonce" in refused.headers["www-authenticate"]
    assert (await call(nonce=refused.headers["dpop-nonce"])).status_code != 401
