"""Registration by programs over HTTP. RFC 7591; threats RU-06, RU-07, DV-05, DV-06; MCP C-06, C-12, C-13, C-23."""

import asyncio
import json
from collections.abc import Awaitable
from pathlib import Path

import pytest

from consentry.flows.throttle import TooManyRequestsError
from consentry.model.registration import Registration
from protocol_world import OPERATOR
from registering_world import CLIENT_CALLBACK, RegisteringWorld, a_registration, registering_world
from small_world import FixedClock

CURSOR = [
    "cursor://anysphere.cursor-mcp/oauth/callback",
    "https://www.cursor.com/agents/mcp/oauth/callback",
    "http://localhost:8787/callback",
]


@pytest.mark.shows("RFC 7591 §3.2.1 created", "RFC 7591 §3.2.1 client-id", "RFC 7591 §3.2.1 all-metadata")
async def test_a_public_client_registers_and_is_told_all_that_is_registered(world: RegisteringWorld) -> None:
    answer = await world.register(a_registration(scope="invoicing:read", client_uri="https://client.test"))

    told = answer.json()
    assert answer.status_code == 201
    assert answer.headers["cache-control"] == "no-store"
    assert told == {
        "client_id": told["client_id"],
        "client_id_issued_at": int(world.clock.now().timestamp()),
        "client_name": "Assistant",
        "redirect_uris": [CLIENT_CALLBACK],
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "none",
        "scope": "invoicing:read",
        "client_uri": "https://client.test",
        "subject_type": "public",
        "id_token_signed_response_alg": told["id_token_signed_response_alg"],
    }


@pytest.mark.shows("RFC 7591 §3.2.1 secret-expiry", "RFC 7591 §2")
async def test_a_client_that_names_no_method_gets_a_secret_that_does_not_expire(world: RegisteringWorld) -> None:
    told = await world.registered(token_endpoint_auth_method=None)

    assert told["token_endpoint_auth_method"] == "client_secret_basic"
    assert told["client_secret"].startswith("cst_sk_")
    assert told["client_secret_expires_at"] == 0
    client = await world.protocol.authenticate({"client_id": told["client_id"], "client_secret": told["client_secret"]})
    assert client.app.client_id == told["client_id"]


@pytest.mark.shows("RFC 7591 §2 unknown-ignored", "RFC 7591 §2.3 statement", "RFC 7591 §3 overrides")
async def test_unknown_members_and_statements_change_nothing_and_null_is_absent(world: RegisteringWorld) -> None:
    odd = {"software_statement": "eyJ.e30.x", "made_up": [1], "client_name#ja": "x", "logo_uri": None}
    plain = await world.registered()
    answer = await world.register({**a_registration(), **odd})

    assert answer.json() == plain
    assert None not in answer.json().values()


@pytest.mark.parametrize(
    ("members", "code"),
    [
        pytest.param({"redirect_uris": [CLIENT_CALLBACK + "#f"]}, "invalid_redirect_uri", id="RU-06"),
        *(
            pytest.param({"redirect_uris": [CLIENT_CALLBACK, uri]}, "invalid_redirect_uri", id=f"RU-07 {uri}")
            for uri in (
                "javascript:alert(1)",
                "JavaScript:alert(1)",
                "data:text/html,x",
                "vbscript:x",
                "blob:https://client.test/x",
                "file:///etc/passwd",
                "about:blank",
                "https://*.client.test/cb",
                "https://user@client.test/cb",
                "com.example.app:/cb#x",
                "com.example.app://user@host/cb",
            )
        ),
        pytest.param({"redirect_uris": ["http://client.test/cb"]}, "invalid_redirect_uri", id="RU-14"),
        pytest.param({"redirect_uris": ["myapp://"]}, "invalid_redirect_uri", id="DV-05"),
        pytest.param({"redirect_uris": ["myapp:/cb"]}, "invalid_redirect_uri", id="DV-05 without a domain"),
        pytest.param({"redirect_uris": []}, "invalid_redirect_uri", id="none"),
        pytest.param({"redirect_uris": "https://client.test/cb"}, "invalid_redirect_uri", id="no list"),
        pytest.param({"redirect_uris": [CLIENT_CALLBACK + str(n) for n in range(21)]}, "invalid_redirect_uri", id="21"),
        ({"client_name": 5}, "invalid_client_metadata"),
        ({"client_name": "Bank\u202emoc"}, "invalid_client_metadata"),
        ({"client_name": "a\ud800"}, "invalid_client_metadata"),
        ({"token_endpoint_auth_method": "tls_client_auth"}, "invalid_client_metadata"),
        ({"grant_types": ["implicit"]}, "invalid_client_metadata"),
        ({"grant_types": ["client_credentials"]}, "invalid_client_metadata"),
        ({"response_types": ["token"]}, "invalid_client_metadata"),
        ({"grant_types": "authorization_code"}, "invalid_client_metadata"),
        ({"application_type": "toaster"}, "invalid_client_metadata"),
        ({"jwks": {"keys": []}, "jwks_uri": "https://client.test/jwks"}, "invalid_client_metadata"),
        ({"jwks": "x"}, "invalid_client_metadata"),
        ({"logo_uri": "javascript:alert(1)"}, "invalid_client_metadata"),
        ({"default_max_age": -1}, "invalid_client_metadata"),
        ({"token_endpoint_auth_method": "private_key_jwt"}, "invalid_client_metadata"),
        pytest.param(
            {"jwks": {"keys": [{"kty": "oct", "k": "AAAA"}]}}, "invalid_client_metadata", id="JW-12 a shared key"
        ),
        pytest.param(
            {"jwks": {"keys": [{"kty": "RSA", "n": "8" * 171, "e": "AQAB"}]}},
            "invalid_client_metadata",
            id="JW-12 a weak key",
        ),
        *(
            pytest.param({"jwks_uri": uri}, "invalid_client_metadata", id=f"SS-01 {uri}")
            for uri in ("http://169.254.169.254/", "http://[::1]/jwks", "ftp://client.test/jwks")
        ),
    ],
)
@pytest.mark.shows(
    "RFC 7591 §3.2.2 error",
    "RFC 7591 §3.2.2 redirect-uri",
    "RFC 7591 §3.2.2 metadata",
    "RFC 7591 §2 grant-and-response-types",
    "RFC 7591 §2 redirect-uris",
    "RFC 7591 §2 jwks-or-uri",
    "RFC 7591 §5 redirect-safe",
)
async def test_bad_metadata_are_refused_with_the_code_of_the_section(
    world: RegisteringWorld, members: dict[str, object], code: str
) -> None:
    answer = await world.register({**a_registration(), **members})

    assert (answer.status_code, answer.json()["error"]) == (400, code)
    assert answer.json()["error_description"]


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff", b"null", b'"x"', b"[" * 20_000])
async def test_a_body_that_is_no_json_object_is_refused(world: RegisteringWorld, body: bytes) -> None:
    answer = await world.register(body)

    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_client_metadata")


@pytest.mark.shows("RFC 7591 §3 post")
async def test_only_json_is_read_and_only_so_much(world: RegisteringWorld) -> None:
    form = await world.http.post("/oauth/register", data={"client_name": "x"})
    long = await world.register(b'{"a":"' + b"x" * 70_000 + b'"}')

    assert (form.status_code, long.status_code) == (415, 413)


@pytest.mark.shows("RFC 8252 §7.1 private-scheme")
@pytest.mark.shows("RFC 8252 §7.1 private-scheme")
async def test_c_13_one_private_scheme_does_not_sink_the_others(world: RegisteringWorld) -> None:
    kept = await world.registered(redirect_uris=CURSOR)
    some = await world.registered(redirect_uris=["myapp:/cb", *CURSOR])

    assert kept["redirect_uris"] == CURSOR
    assert some["redirect_uris"] == CURSOR


@pytest.mark.parametrize("application_type", [None, "native", "web"])
async def test_c_13_loopback_http_is_accepted_whatever_the_application_type(
    world: RegisteringWorld, application_type: str | None
) -> None:
    uri = "http://127.0.0.1:19876/mcp/oauth/callback"
    told = await world.registered(redirect_uris=[uri], application_type=application_type)

    assert told["redirect_uris"] == [uri]


async def test_a_web_application_has_no_private_scheme(world: RegisteringWorld) -> None:
    answer = await world.register(a_registration(redirect_uris=CURSOR[:1], application_type="web"))

    assert answer.json()["error"] == "invalid_redirect_uri"


@pytest.mark.shows("RFC 8252 §8.5 no-secret", "RFC 8252 §8.4 type-recorded")
@pytest.mark.parametrize("members", [{"application_type": "native"}, {"redirect_uris": ["com.example.app:/cb"]}])
async def test_dv_06_a_program_on_somebodys_device_is_public_whatever_it_asks(
    world: RegisteringWorld, members: dict[str, object]
) -> None:
    told = await world.registered(token_endpoint_auth_method="client_secret_post", **members)

    assert told["token_endpoint_auth_method"] == "none"
    assert "client_secret" not in told


async def test_c_12_the_same_public_registration_is_one_app(world: RegisteringWorld) -> None:
    first, second = await asyncio.gather(world.register(), world.register())
    again = await world.registered()

    assert first.json() == second.json() == again
    assert "registration_access_token" not in again
    other = await world.registered(client_name="Another")
    assert other["client_id"] != again["client_id"]


async def test_c_12_a_shared_app_that_was_deleted_comes_back_and_one_that_was_deactivated_does_not(
    world: RegisteringWorld,
) -> None:
    told = await world.registered()
    registry = world.deeds.app_registry
    await registry.delete(OPERATOR, told["client_id"], confirm_name=None)

    back = await world.registered()
    await registry.deactivate(OPERATOR, told["client_id"])
    await world.registered()

    assert back["client_id"] == told["client_id"]
    assert (await registry.get(OPERATOR, told["client_id"])).status.value == "deactivated"


async def test_confidential_clients_are_never_shared(world: RegisteringWorld) -> None:
    one = await world.registered(token_endpoint_auth_method="client_secret_post")
    other = await world.registered(token_endpoint_auth_method="client_secret_post")

    assert one["client_id"] != other["client_id"]
    assert one["client_secret"] != other["client_secret"]


@pytest.mark.shows("RFC 7591 §5 rate")
async def test_c_23_scopes_beyond_the_ceiling_are_dropped_and_what_is_left_is_told(
    tmp_path: Path, database_url: str, clock: FixedClock
) -> None:
    async with registering_world(
        tmp_path, database_url, clock, dynamic_registration_scopes=("invoicing:read", "invoicing:write", "gone:read")
    ) as world:
        some = await world.registered(scope="invoicing:write contacts:read claudeai \x01 bogus:read")
        nothing = await world.registered(scope="bogus:read")

    assert some["scope"] == "invoicing:write"
    assert nothing["scope"] == "invoicing:read"


async def test_without_a_scope_the_baseline_is_what_only_reads(world: RegisteringWorld) -> None:
    told = await world.registered()

    assert told["scope"] == "contacts:read invoicing:read"


@pytest.mark.shows("RFC 7591 §3 token")
async def test_with_tokens_only_their_holders_register(tmp_path: Path, database_url: str, clock: FixedClock) -> None:
    async with registering_world(tmp_path, database_url, clock, dynamic_registration=Registration.TOKEN) as world:
        tokens = world.deeds.registration.tokens
        made = await tokens.create(OPERATOR, "Assistants", uses=2)
        text = made.token.reveal()

        without = await world.register()
        wrong = await world.register(token=text[:-1] + ("x" if text[-1] != "x" else "y"))
        good = await asyncio.gather(*(world.register(token=text) for _ in range(4)))
        other = await tokens.create(OPERATOR, "Revoked")
        await tokens.revoke(OPERATOR, other.record.id)
        revoked = await world.register(token=other.token.reveal())

    assert (without.status_code, without.headers["www-authenticate"]) == (401, 'Bearer realm="consentry"')
    assert 'error="invalid_token"' in wrong.headers["www-authenticate"]
    assert sorted(one.status_code for one in good) == [201, 201, 401, 401]
    assert revoked.status_code == 401
    told = [one.json() for one in good if one.status_code == 201]
    assert told[0]["client_id"] != told[1]["client_id"]
    assert all(one["registration_access_token"] for one in told)


async def test_without_the_switch_there_is_no_endpoint(tmp_path: Path, database_url: str, clock: FixedClock) -> None:
    async with registering_world(tmp_path, database_url, clock, dynamic_registration=Registration.OFF) as world:
        answer = await world.register()
        metadata = (await world.http.get("/.well-known/oauth-authorization-server")).json()

    assert answer.status_code == 404
    assert "registration_endpoint" not in metadata


@pytest.mark.shows("RFC 8414 §2")
async def test_the_metadata_name_the_endpoint_exactly_when_it_is_there(world: RegisteringWorld) -> None:
    metadata = (await world.http.get("/.well-known/oauth-authorization-server")).json()

    assert metadata["registration_endpoint"] == "https://connect.books.test/oauth/register"


async def test_mc_04_a_flood_from_one_source_is_slowed_down(world: RegisteringWorld) -> None:
    answers = [await world.register(a_registration(client_name=f"App {n}")) for n in range(40)]

    codes = [one.status_code for one in answers]
    assert codes[:31] == [201] * 31
    assert set(codes[31:]) == {429}
    assert int(answers[-1].headers["retry-after"]) > 0
    assert answers[-1].headers["access-control-allow-origin"] == "*"
    assert (await world.register(a_registration(client_name="App 0"))).status_code == 201


async def test_mc_04_one_network_of_ipv6_is_one_source(world: RegisteringWorld) -> None:
    def registering(number: int, address: str) -> Awaitable[object]:
        body = json.dumps(a_registration(client_name=f"App {number}")).encode()
        return world.deeds.registration.register.register(body, bearer=None, address=address)

    for number in range(31):
        await registering(number, f"2001:db8::{number:x}")

    with pytest.raises(TooManyRequestsError):
        await registering(40, "2001:db8::ffff")
    await registering(41, "2001:db8:0:1::1")


async def test_mc_04_at_one_moment_no_more_are_registered(world: RegisteringWorld) -> None:
    answers = await asyncio.gather(*(world.register(a_registration(client_name=f"App {n}")) for n in range(40)))

    assert sorted(one.status_code for one in answers) == [201] * 31 + [429] * 9


async def test_mc_04_there_are_no_more_apps_than_the_quota(
    tmp_path: Path, database_url: str, clock: FixedClock
) -> None:
    async with registering_world(tmp_path, database_url, clock, dynamic_registration_most_apps=2) as world:
        codes = [(await world.register(a_registration(client_name=f"App {n}"))).status_code for n in range(3)]

    assert codes == [201, 201, 429]


async def test_only_allowed_hosts_are_sent_to(tmp_path: Path, database_url: str, clock: FixedClock) -> None:
    hosts = ("claude.ai", "localhost", "cursor:")
    async with registering_world(tmp_path, database_url, clock, dynamic_registration_redirect_hosts=hosts) as world:
        allowed = await world.register(a_registration(redirect_uris=["https://claude.ai/cb", *CURSOR[::2]]))
        refused = await world.register(a_registration(redirect_uris=["https://claude.ai/cb", CLIENT_CALLBACK]))

    assert allowed.status_code == 201
    assert refused.json()["error"] == "invalid_redirect_uri"


async def test_c_06_a_script_of_any_origin_may_register(world: RegisteringWorld) -> None:
    preflight = await world.http.options("/oauth/register", headers={"origin": "https://inspector.test"})
    answer = await world.register()

    assert preflight.status_code == 204
    assert "POST" in preflight.headers["access-control-allow-methods"]
    assert preflight.headers["access-control-allow-origin"] == answer.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize("method", ["PATCH", "HEAD", "TRACE"])
async def test_in_12_other_methods_are_not_allowed(world: RegisteringWorld, method: str) -> None:
    assert (await world.http.request(method, "/oauth/register")).status_code == 405
