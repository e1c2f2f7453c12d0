"""Client authentication by a signed JWT. RFC 7523 §2.2, §3, §5; RFC 7521 §4.2."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from client_keys import ALGORITHMS, ClientKey, a_key, assertion_claims, encoded, key_set
from consentry.model.app import App
from consentry.oauth.client_metadata import ClientMetadata
from consentry.oauth.errors import ErrorCode
from consentry.oauth.jwt_assertion import ASSERTION_TYPE
from protocol_world import ISSUER, Party, ProtocolWorld, outcomes, refused
from small_world import FixedClock


async def keep_metadata(world: ProtocolWorld, app: App, **members: Any) -> Party:
    """Register what an app may do, as its administrator did."""
    metadata = ClientMetadata(**members)
    await world.run("UPDATE apps SET metadata = $2 WHERE id = $1", app.id, metadata.to_json())
    return Party(replace(app, metadata=metadata), None)


async def with_keys(world: ProtocolWorld, *keys: ClientKey, **members: Any) -> Party:
    """Return the confidential app, registered with these keys."""
    given = {"jwks": key_set(*(keys or (a_key(),))), **members}
    return await keep_metadata(world, world.web.app, token_endpoint_auth_method="private_key_jwt", **given)


def sent(assertion: object, **changes: Any) -> dict[str, Any]:
    return {"client_assertion": assertion, "client_assertion_type": ASSERTION_TYPE, **changes}


@pytest.mark.shows("RFC 7523 §3 signature", "RFC 7523 §2.2 parameters", "OpenID Connect Core §9")
@pytest.mark.parametrize("algorithm", ALGORITHMS)
async def test_a_client_is_known_by_what_it_signed(protocol: ProtocolWorld, clock: FixedClock, algorithm: str) -> None:
    app = (await with_keys(protocol, a_key(algorithm))).app
    for changes in ({}, {"client_id": app.client_id}):
        assertion = a_key(algorithm).sign(assertion_claims(app.client_id, clock))

        client = await protocol.authenticate(sent(assertion, **changes))

        assert client.app.id == app.id


@pytest.mark.shows("RFC 7523 §3 aud", "RFC 9126 §2")
@pytest.mark.parametrize(
    "audience", [ISSUER, [ISSUER], f"{ISSUER}/oauth/token", f"{ISSUER}/oauth/par", [ISSUER, f"{ISSUER}/oauth/token"]]
)
async def test_tk_09_this_server_may_be_named_as_its_issuer_or_by_its_endpoints(
    protocol: ProtocolWorld, clock: FixedClock, audience: object
) -> None:
    app = (await with_keys(protocol)).app

    client = await protocol.authenticate(sent(a_key().sign(assertion_claims(app.client_id, clock, aud=audience))))

    assert client.app.id == app.id


@pytest.mark.parametrize("typ", ["JWT", "jwt", "client-authentication+jwt", "application/client-authentication+jwt"])
async def test_the_assertion_may_say_what_kind_of_jwt_it_is(
    protocol: ProtocolWorld, clock: FixedClock, typ: str
) -> None:
    app = (await with_keys(protocol)).app

    client = await protocol.authenticate(sent(a_key().sign(assertion_claims(app.client_id, clock), typ=typ)))

    assert client.app.id == app.id


WRONG_CLAIMS = {
    "iss of another": {"iss": "app_another"},
    "no iss": {"iss": None},
    "no sub": {"sub": None},
    "sub that is no text": {"sub": 7},
    "aud of another server": {"aud": "https://other.test"},
    "aud with another server beside": {"aud": [ISSUER, "https://other.test"]},
    "aud that only begins alike": {"aud": f"{ISSUER}/"},
    "aud of another endpoint": {"aud": f"{ISSUER}/oauth/revoke"},
    "no aud": {"aud": None},
    "empty aud": {"aud": []},
    "aud that is no text": {"aud": {"a": ISSUER}},
    "no exp": {"exp": None},
    "exp that is no number": {"exp": "tomorrow"},
    "exp that is a boolean": {"exp": True},
    "exp beyond all times": {"exp": 10**30},
    "no jti": {"jti": None},
    "empty jti": {"jti": ""},
    "jti too long": {"jti": "x" * 600},
    "iat that is no number": {"iat": []},
}


@pytest.mark.shows(
    "RFC 7523 §3 iss", "RFC 7523 §3 sub", "RFC 7523 §3 aud", "RFC 7523 §3 exp", "RFC 7523 §3.2 invalid-client"
)
@pytest.mark.parametrize("changes", WRONG_CLAIMS.values(), ids=WRONG_CLAIMS.keys())
async def test_tk_09_jw_08_an_assertion_with_a_wrong_claim_is_refused(
    protocol: ProtocolWorld, clock: FixedClock, changes: Mapping[str, Any]
) -> None:
    app = (await with_keys(protocol)).app

    with refused(ErrorCode.INVALID_CLIENT):
        await protocol.authenticate(sent(a_key().sign(assertion_claims(app.client_id, clock, **changes))))


@pytest.mark.shows("RFC 7523 §3 exp", "RFC 7523 §3 nbf", "RFC 7523 §3 iat")
@pytest.mark.parametrize(
    ("claim", "seconds", "accepted"),
    [
        ("exp", 0, True),
        ("exp", -9, True),
        ("exp", -10, False),
        ("exp", 3600, True),
        ("exp", 3611, False),
        ("nbf", 10, True),
        ("nbf", 11, False),
        ("iat", 10, True),
        ("iat", 11, False),
        ("iat", -3600, True),
        ("iat", -3611, False),
    ],
)
async def test_jw_06_times_are_held_against_the_clock_with_ten_seconds_to_spare(
    protocol: ProtocolWorld, clock: FixedClock, claim: str, seconds: int, *, accepted: bool
) -> None:
    app = (await with_keys(protocol)).app
    at = int(clock.now().timestamp()) + seconds
    fields = sent(a_key().sign(assertion_claims(app.client_id, clock, **{claim: at})))

    if accepted:
        assert (await protocol.authenticate(fields)).app.id == app.id
    else:
        with refused(ErrorCode.INVALID_CLIENT):
            await protocol.authenticate(fields)


@pytest.mark.shows("RFC 7523 §3 jti")
async def test_tk_08_an_assertion_is_good_once(protocol: ProtocolWorld, clock: FixedClock) -> None:
    app = (await with_keys(protocol)).app
    fields = sent(a_key().sign(assertion_claims(app.client_id, clock)))
    await protocol.authenticate(fields)

    with refused(ErrorCode.INVALID_CLIENT):
        await protocol.authenticate(fields)


async def test_tk_08_of_many_uses_at_once_one_wins(protocol: ProtocolWorld, clock: FixedClock) -> None:
    app = (await with_keys(protocol)).app
    fields = sent(a_key().sign(assertion_claims(app.client_id, clock)))

    won, lost = await outcomes(*(protocol.authenticate(fields) for _ in range(8)))

    assert len(won) == 1
    assert {refusal.code for refusal in lost} == {ErrorCode.INVALID_CLIENT}


async def test_tk_08_a_refused_assertion_uses_nothing_up(protocol: ProtocolWorld, clock: FixedClock) -> None:
    app = (await with_keys(protocol)).app
    claims = assertion_claims(app.client_id, clock)
    with refused(ErrorCode.INVALID_CLIENT):
        await protocol.authenticate(sent(a_key(number=2).sign(claims, kid=a_key().kid)))

    client = await protocol.authenticate(sent(a_key().sign(claims)))

    assert client.app.id == app.id


async def test_the_jti_of_one_client_is_none_of_another(protocol: ProtocolWorld, clock: FixedClock) -> None:
    one = (await with_keys(protocol)).app
    other = (await protocol.add_app(name="Other")).app
    await keep_metadata(protocol, other, token_endpoint_auth_method="private_key_jwt", jwks=key_set(a_key()))

    for app in (one, other):
        fields = sent(a_key().sign(assertion_claims(app.client_id, clock, jti="1")))
        assert (await protocol.authenticate(fields)).app.id == app.id


@pytest.mark.shows("RFC 7523 §3 signature")
async def test_a_key_that_is_not_registered_opens_nothing(protocol: ProtocolWorld, clock: FixedClock) -> None:
    app = (await with_keys(protocol)).app

    for kid in (a_key().kid, a_key(number=2).kid, None):
        with refused(ErrorCode.INVALID_CLIENT):
            await protocol.authenticate(sent(a_key(number=2).sign(assertion_claims(app.client_id, clock), kid=kid)))


async def test_one_of_several_keys_is_enough_with_and_without_its_name(
    protocol: ProtocolWorld, clock: FixedClock
) -> None:
    app = (await with_keys(protocol, a_key(number=2), a_key("RS256"), a_key())).app

    for kid in (a_key().kid, None):
        client = await protocol.authenticate(sent(a_key().sign(assertion_claims(app.client_id, clock), kid=kid)))
        assert client.app.id == app.id


async def test_the_registered_algorithm_is_the_only_one(protocol: ProtocolWorld, clock: FixedClock) -> None:
    keys = (a_key("PS256"), a_key("ES256"))
    app = (await with_keys(protocol, *keys, token_endpoint_auth_signing_alg="PS256")).app

    await protocol.authenticate(sent(keys[0].sign(assertion_claims(app.client_id, clock))))
    with refused(ErrorCode.INVALID_CLIENT):
        await protocol.authenticate(sent(keys[1].sign(assertion_claims(app.client_id, clock))))


@pytest.mark.shows("RFC 7523 §5 algorithms", "RFC 7523 §3 otherwise-valid")
async def test_jw_01_jw_02_what_is_not_signed_by_a_private_key_is_refused(
    protocol: ProtocolWorld, clock: FixedClock
) -> None:
    app = (await with_keys(protocol, a_key("RS256"))).app
    claims = assertion_claims(app.client_id, clock)
    unsigned = f"{encoded({'alg': 'none'})}.{encoded(claims)}."
    public_pem = a_key("RS256").key.as_pem(private=False)
    confused = []
    for secret in (public_pem, key_set(a_key("RS256")).encode()):
        signed = f"{encoded({'alg': 'HS256', 'kid': 'RS256-1'})}.{encoded(claims)}"
        mac = hmac.new(secret, signed.encode(), hashlib.sha256).digest()
        confused.append(f"{signed}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}")

    for assertion in (unsigned, unsigned.replace(".", "", 1), *confused):
        with refused(ErrorCode.INVALID_CLIENT):
            await protocol.authenticate(sent(assertion))


@pytest.mark.parametrize(
    "header",
    [
        pytest.param({"jwk": a_key(number=2).public}, id="jwk"),
        {"jku": "https://evil.test/jwks"},
        {"x5u": "https://evil.test/cert"},
        {"x5c": ["MIIB"]},
        {"crit": ["x"], "x": 1},
        {"crit": []},
        {"crit": ["b64"], "b64": False},
        {"kid": "../../etc/passwd"},
        {"kid": "' OR 1=1 --"},
        {"kid": "k" * 600},
        {"kid": "\0"},
        {"typ": "dpop+jwt"},
        {"typ": "at+jwt"},
    ],
    ids=str,
)
async def test_jw_03_jw_04_jw_05_jw_07_a_header_does_not_choose_the_key_or_change_the_rules(
    protocol: ProtocolWorld, clock: FixedClock, header: Mapping[str, Any]
) -> None:
    app = (await with_keys(protocol)).app
    signer = a_key(number=2) if "jwk" in header else a_key()

    with refused(ErrorCode.INVALID_CLIENT):
        await protocol.authenticate(sent(signer.sign(assertion_claims(app.client_id, clock), **header)))


async def test_an_assertion_changed_by_one_letter_is_refused(protocol: ProtocolWorld, clock: FixedClock) -> None:
    app = (await with_keys(protocol)).app
    head, claims, signature = a_key().sign(assertion_claims(app.client_id, clock)).split(".")
    other = encoded(assertion_claims(app.client_id, clock, jti="other"))

    for changed in (
        f"{head}.{other}.{signature}",
        f"{head}.{claims}.{signature[:-2]}AA",
        f"{head}.{claims}.{signature}=",
        f"{head}.{claims}.",
        f"{head}.{claims}",
        f"{head}.{claims}.{signature}.",
        "." * 40,
        "e" * 9000,
        f"{encoded([1])}.{claims}.{signature}",
    ):
        with refused(ErrorCode.INVALID_CLIENT):
            await protocol.authenticate(sent(changed))


async def test_tk_07_a_client_proves_itself_in_the_way_that_it_is_registered_for(
    protocol: ProtocolWorld, clock: FixedClock
) -> None:
    keyed = (await with_keys(protocol)).app
    plain = await protocol.add_app(name="Plain")
    assertion = a_key().sign(assertion_claims(plain.app.client_id, clock))

    for fields in (
        {"client_id": keyed.client_id, "client_secret": protocol.web.secret},
        {"client_id": keyed.client_id},
        sent(assertion),
    ):
        with refused(ErrorCode.INVALID_CLIENT):
            await protocol.authenticate(fields)


@pytest.mark.parametrize(
    ("registered", "refused_method"), [("client_secret_basic", "post"), ("client_secret_post", "basic")]
)
async def test_tk_07_a_secret_is_sent_in_the_registered_way(
    protocol: ProtocolWorld, registered: str, refused_method: str
) -> None:
    await keep_metadata(protocol, protocol.web.app, token_endpoint_auth_method=registered)
    client_id, secret = protocol.web.app.client_id, protocol.web.secret
    basic = "Basic " + base64.b64encode(f"{client_id}:{secret}".encode()).decode()
    ways: dict[str, Any] = {"post": (protocol.web.credentials, None), "basic": ({}, basic)}

    with refused(ErrorCode.INVALID_CLIENT):
        await protocol.authenticate(*ways.pop(refused_method))
    [right] = ways.values()
    assert (await protocol.authenticate(*right)).app.client_id == client_id


async def test_tk_03_an_assertion_stands_alone(protocol: ProtocolWorld, clock: FixedClock) -> None:
    app = (await with_keys(protocol)).app
    assertion = a_key().sign(assertion_claims(app.client_id, clock))
    basic = "Basic " + base64.b64encode(f"{app.client_id}:x".encode()).decode()

    for fields, authorization in (
        (sent(assertion, client_secret="x"), None),
        (sent(assertion), basic),
        ({"client_assertion": assertion}, None),
        ({"client_assertion_type": ASSERTION_TYPE}, None),
        (sent([assertion, assertion]), None),
    ):
        with refused(ErrorCode.INVALID_REQUEST):
            await protocol.authenticate(fields, authorization)


@pytest.mark.shows("RFC 7523 §2.2 parameters")
async def test_the_client_id_beside_an_assertion_is_its_subject(protocol: ProtocolWorld, clock: FixedClock) -> None:
    app = (await with_keys(protocol)).app
    assertion = a_key().sign(assertion_claims(app.client_id, clock))

    for fields in (
        sent(assertion, client_id=protocol.tool.app.client_id),
        sent(assertion, client_assertion_type="urn:ietf:params:oauth:client-assertion-type:saml2-bearer"),
    ):
        with refused(ErrorCode.INVALID_CLIENT):
            await protocol.authenticate(fields)


async def test_tk_02_an_unknown_client_learns_no_more_than_a_known_one(
    protocol: ProtocolWorld, clock: FixedClock
) -> None:
    with refused(ErrorCode.INVALID_CLIENT):
        await protocol.authenticate(sent(a_key().sign(assertion_claims("app_nobody", clock))))
