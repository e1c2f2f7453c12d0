"""nginx and Caddy with the shipped configurations: who gets through, as whom, and what cannot be slipped past them."""

import asyncio
import json
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path
from typing import Any, TypeVar

import pytest
from gateway_world import GatewayWorld, build_gateway_world
from running_gateways import PROGRAMS, Gateway, echo, find_program, guarded_api, run_gateway, serve

from client_keys import a_key, proof
from consentry.clock import SystemClock
from consentry.oauth.dpop import digest_of
from consentry.wiring import open_deeds
from live_server import reserved_port
from protocol_world import OPERATOR

T = TypeVar("T")
KINDS = [
    pytest.param(kind, marks=pytest.mark.skipif(find_program(kind) is None, reason=f"no {kind} is installed"))
    for kind in PROGRAMS
]
SPOOFED = (
    ("X-Consentry-Subject", "usr_spoofed"),
    ("X-Consentry-Organisation", "org_spoofed"),
    ("X-Consentry-App", "app_spoofed"),
    ("X-Consentry-Connection", "con_spoofed"),
    ("x-consentry-api-key", "key_spoofed"),
    ("X-CONSENTRY-PERMISSIONS", "spoofed.everything"),
    ("X-Consentry-Identity", "spoofed.spoofed.spoofed"),
)


class Running:
    """A gateway with a world behind it, which lives in the server's own event loop."""

    def __init__(self, gateway: Gateway, world: GatewayWorld, loop: asyncio.AbstractEventLoop) -> None:
        self.gateway, self.world, self.loop = gateway, world, loop
        self.call, self.token, self.key = gateway.call, world.token, world.key

    def run(self, deed: Coroutine[Any, Any, T]) -> T:
        """Do a deed where the server is."""
        return asyncio.run_coroutine_threadsafe(deed, self.loop).result(20)


@pytest.fixture(scope="module", params=KINDS)
def running(
    request: pytest.FixtureRequest,
    lend_database: Callable[[], AbstractContextManager[str]],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp(request.param)
    with lend_database() as url:
        world = asyncio.run(filled_world(folder, url))
        with guarded_api(request.param, world.protocol.deeds, folder) as (gateway, loop):
            yield Running(gateway, world, loop)


async def filled_world(folder: Path, database_url: str) -> GatewayWorld:
    """Make the world, and open it anew for another event loop: connections to PostgreSQL are of one loop."""
    proxies = (ip_network("127.0.0.1"),)
    made = await build_gateway_world(folder / "any", trusted_proxies=proxies, database_url=database_url)
    await made.protocol.deeds.database.close()
    return replace(made, protocol=replace(made.protocol, deeds=open_deeds(made.protocol.deeds.settings)))


def test_a_valid_call_reaches_the_api_as_it_was_sent_with_who_calls(running: Running) -> None:
    told = running.call("GET", "/invoices/caf%C3%A9%20au%20lait?page=2&q=%2F", bearer=running.token)

    assert told.status == 200
    assert told.reached is not None
    assert (told.reached["method"], told.reached["path"]) == ("GET", "/invoices/caf%C3%A9%20au%20lait")
    assert told.reached["query"] == "page=2&q=%2F"
    identity = told.identity
    assert identity["subject"] == running.world.protocol.bo
    assert identity["organisation"] == running.world.protocol.acme
    assert identity["app"] == running.world.protocol.web.app.id
    assert identity["permissions"] == "client.read invoice.read invoice.write"
    assert identity["identity"].count(".") == 2
    assert "api-key" not in identity


def test_a_call_with_a_body_reaches_the_api(running: Running) -> None:
    told = running.call("POST", "/invoices", ("Content-Length", "0"), bearer=running.token)

    assert told.reached is not None
    assert told.reached["method"] == "POST"


@pytest.mark.shows("RFC 9700 §4.13 headers")
@pytest.mark.parametrize("credential", ["token", "key", "none"])
def test_spoofed_identity_headers_never_reach_the_api(running: Running, credential: str) -> None:
    bearer = {"token": running.token, "key": running.key, "none": None}[credential]
    target = "/public/x" if bearer is None else "/invoices"

    told = running.call("GET", target, *SPOOFED, bearer=bearer)

    assert told.status == 200
    assert "spoofed" not in told.text
    expected = {
        "token": {"subject", "organisation", "app", "connection", "permissions", "identity"},
        "key": {"subject", "organisation", "api-key", "permissions", "identity"},
        "none": set(),
    }
    assert set(told.identity) == expected[credential]


def test_no_header_of_the_refusal_or_of_the_gateway_reaches_the_api(running: Running) -> None:
    told = running.call("GET", "/invoices", ("X_Consentry_Subject", "usr_spoofed"), bearer=running.token)

    # nginx drops such headers; Caddy passes them on to the check, which refuses them.
    assert "spoofed" not in told.text.replace("x_consentry_subject", "")


def test_without_a_credential_the_caller_is_challenged_and_told_why(running: Running) -> None:
    told = running.call("GET", "/invoices")

    assert told.status == 401
    assert told.reached is None
    metadata = "https://api.books.test/.well-known/oauth-protected-resource"
    challenge = f'Bearer realm="consentry", resource_metadata="{metadata}", DPoP algs="ES256 RS256 PS256 EdDSA"'
    assert told.headers["www-authenticate"] == [challenge]
    assert told.headers["content-type"] == ["application/json"]
    assert told.headers["cache-control"] == ["no-store"]
    assert json.loads(told.text)["reason"] == "credential_missing"


def test_a_bad_credential_is_refused_with_its_reason(running: Running) -> None:
    told = running.call("GET", "/invoices", bearer="cst_at_nonsense")

    assert told.status == 401
    assert 'error="invalid_token"' in told.headers["www-authenticate"][0]
    assert json.loads(told.text)["reason"] == "malformed_credential"


def test_a_missing_permission_is_refused_with_its_reason(running: Running) -> None:
    told = running.call("DELETE", "/invoices/7", bearer=running.token)

    assert told.status == 403
    assert 'error="access_denied"' in told.headers["www-authenticate"][0]
    assert json.loads(told.text)["permission"] == "payment_instruction.write"


def test_tn_10_a_credential_in_the_address_is_refused(running: Running) -> None:
    told = running.call("GET", f"/invoices?access_token={running.token}", bearer=running.token)

    assert told.status in {400, 403}
    assert json.loads(told.text)["reason"] == "malformed_request"


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("GET", "/public/../invoices"),
        ("GET", "/public/%2e%2e/invoices"),
        ("GET", "/public/..%2finvoices"),
        ("GET", "/public%2f..%2finvoices"),
        ("GET", "/public/..%5cinvoices"),
        ("GET", "/public/%252e%252e/invoices"),
        ("GET", "/public//../invoices"),
        ("GET", "//public/x"),
        ("GET", "/public/..;/invoices"),
        ("GET", "/public/x;/../../invoices"),
        ("GET", "/PUBLIC/x"),
        ("GET", "/Invoices"),
        ("GET", "/public/%00"),
        ("GET", "/public/x#/../../invoices"),
        ("PUT", "/invoices"),
        ("GET", "/secrets"),
        ("get", "/public/x"),
        ("BREW", "/invoices"),
    ],
)
def test_no_way_of_writing_the_method_or_the_path_gets_past_the_check(
    running: Running, method: str, target: str
) -> None:
    told = running.call(method, target, bearer=running.token)

    assert told.status in {400, 403, 405, 501}
    assert told.reached is None


@pytest.mark.parametrize(
    "header",
    [
        ("X-HTTP-Method-Override", "DELETE"),
        ("X-HTTP-Method", "DELETE"),
        ("X-Method-Override", "DELETE"),
    ],
)
def test_a_header_that_overrides_the_method_is_refused(running: Running, header: tuple[str, str]) -> None:
    told = running.call("POST", "/invoices", header, ("Content-Length", "0"), bearer=running.token)

    assert told.status == 403
    assert told.reached is None


@pytest.mark.parametrize(
    "headers",
    [
        (("X-Original-Method", "GET"), ("X-Original-URI", "/public/x")),
        (("X-Forwarded-Method", "GET"), ("X-Forwarded-Uri", "/public/x")),
        (("X-Original-URL", "/public/x"), ("X-Rewrite-URL", "/public/x")),
    ],
)
def test_a_client_cannot_say_that_it_called_something_else(
    running: Running, headers: tuple[tuple[str, str], ...]
) -> None:
    told = running.call("GET", "/invoices", *headers)

    assert told.status in {401, 403}
    assert told.reached is None


def test_the_callers_own_address_counts_for_keys_that_are_bound_to_networks(running: Running) -> None:
    here = running.run(running.world.make_key("invoice.read", networks=("127.0.0.1",)))
    elsewhere = running.run(running.world.make_key("invoice.read", networks=("203.0.113.7",)))

    let_in = running.call("GET", "/invoices", ("X-Forwarded-For", "203.0.113.7"), bearer=here)
    refused = running.call("GET", "/invoices", ("X-Forwarded-For", "203.0.113.7"), bearer=elsewhere)

    assert let_in.status == 200
    assert refused.status == 401
    assert json.loads(refused.text)["reason"] == "address_not_allowed"


def test_what_is_taken_away_is_gone_on_the_next_call(running: Running) -> None:
    protocol = running.world.protocol
    members = protocol.deeds.people.members

    running.run(members.set(OPERATOR, protocol.acme, protocol.bo, ["reader"]))
    narrowed = running.call("POST", "/invoices", ("Content-Length", "0"), bearer=running.token)
    running.run(members.set(OPERATOR, protocol.acme, protocol.bo, ["bookkeeper"]))
    restored = running.call("POST", "/invoices", ("Content-Length", "0"), bearer=running.token)

    assert (narrowed.status, restored.status) == (403, 200)
    assert json.loads(narrowed.text)["missing"] == "user_permission"


@pytest.mark.parametrize("kind", KINDS)
def test_while_consentry_is_away_nobody_gets_in(kind: str, tmp_path: Path) -> None:
    with (
        reserved_port() as nobody,
        serve(echo) as (api, _),
        run_gateway(kind, tmp_path, consentry=nobody, api=api) as gateway,
    ):
        told = gateway.call("GET", "/public/x")

    assert told.status in {502, 503}
    assert told.reached is None


@pytest.mark.shows("RFC 9449 §7.1")
def test_jw_10_a_proof_reaches_the_check_and_is_of_the_original_call(running: Running) -> None:
    # The token of this world is bound to no key: that the proof was read at all shows in what is said about it.
    for changes, reason in (({}, "sender_not_proved"), ({"htm": "PUT"}, "invalid_dpop_proof")):
        right = {"htm": "GET", "htu": "https://api.books.test/invoices", "ath": digest_of(running.token)}
        sent = proof(a_key(), SystemClock(), **{**right, **changes})
        told = running.call("GET", "/invoices", ("Authorization", f"DPoP {running.token}"), ("DPoP", sent))

        assert told.status == 401
        assert json.loads(told.text)["reason"] == reason
