"""The authorization code grant. RFC 6749 §4.1.3."""

import asyncio
from datetime import timedelta

import pytest

from consentry.model.access import Reason
from consentry.model.organisation import Standing
from consentry.oauth.errors import ErrorCode
from protocol_world import CALLBACK, OPERATOR, VERIFIER, ProtocolWorld, form, refused
from small_world import FixedClock

SECOND = timedelta(seconds=1)


@pytest.mark.shows("RFC 6749 §3.3 told")
async def test_a_code_gives_tokens_of_what_was_approved(protocol: ProtocolWorld) -> None:
    code = await protocol.approve(protocol.web, ["contacts:read"], scope="invoicing:write contacts:read invoicing:read")

    tokens = await protocol.exchange(protocol.web, code)

    assert str(tokens.scope) == "contacts:read invoicing:write"
    assert tokens.expires_in == 3600
    access = await protocol.access(tokens.access_token)
    # What Bo may not do (send invoices) is not in it, although the scope stands for it.
    assert access.permissions == {"invoice.read", "invoice.write", "client.read"}
    assert (access.user_id, access.organisation_id) == (protocol.bo, protocol.acme)


@pytest.mark.shows(
    "RFC 6749 §4.1.2 once", "RFC 6749 §4.1.2 replay-ends-tokens", "OAuth 2.1 §4.1.3 once", "OAuth 2.1 §7.5.2 one-time"
)
async def test_pk_07_a_code_used_twice_is_refused_and_ends_what_it_gave(protocol: ProtocolWorld) -> None:
    code = await protocol.approve(protocol.web)
    tokens = await protocol.exchange(protocol.web, code)

    with refused(ErrorCode.INVALID_GRANT):
        await protocol.exchange(protocol.web, code)

    assert await protocol.why_refused(tokens.access_token) is Reason.REVOKED
    with refused(ErrorCode.INVALID_GRANT):
        await protocol.refresh(protocol.web, tokens.refresh_token)


@pytest.mark.shows("RFC 6749 §4.1.2 replay-ends-tokens")
async def test_pk_07_a_replay_after_the_code_expired_still_ends_what_it_gave(
    protocol: ProtocolWorld, clock: FixedClock
) -> None:
    code = await protocol.approve(protocol.web)
    tokens = await protocol.exchange(protocol.web, code)
    clock.pass_time(timedelta(minutes=20))

    with refused(ErrorCode.INVALID_GRANT):
        await protocol.exchange(protocol.web, code)

    assert await protocol.why_refused(tokens.access_token) is Reason.REVOKED


async def test_pk_07_a_replay_leaves_the_consent_and_other_families(protocol: ProtocolWorld) -> None:
    other = await protocol.connect(protocol.web)
    code = await protocol.approve(protocol.web)
    await protocol.exchange(protocol.web, code)

    with refused(ErrorCode.INVALID_GRANT):
        await protocol.exchange(protocol.web, code)

    assert await protocol.why_refused(other.access_token) is None


@pytest.mark.shows("RFC 6749 §4.1.2 bound", "RFC 6749 §4.1.3 authenticated", "RFC 9700 §4.5.3 bound")
async def test_pk_09_another_client_can_neither_use_nor_spoil_a_code(protocol: ProtocolWorld) -> None:
    code = await protocol.approve(protocol.web)
    thief = await protocol.add_app(name="Thief")

    for _ in range(10):
        with refused(ErrorCode.INVALID_GRANT):
            await protocol.exchange(thief, code)
    with refused(ErrorCode.INVALID_GRANT):
        await protocol.exchange(protocol.tool, code)

    tokens = await protocol.exchange(protocol.web, code)
    with refused(ErrorCode.INVALID_GRANT):
        await protocol.exchange(thief, code)
    assert await protocol.why_refused(tokens.access_token) is None


@pytest.mark.shows("RFC 6749 §10.5 codes")
@pytest.mark.shows("RFC 6749 §4.1.2 short-lived")
@pytest.mark.parametrize(("seconds", "is_good"), [(59, True), (60, False), (600, False)])
async def test_pk_10_a_code_is_good_for_a_minute(
    protocol: ProtocolWorld, clock: FixedClock, seconds: int, *, is_good: bool
) -> None:
    code = await protocol.approve(protocol.web)
    clock.pass_time(seconds * SECOND)

    if is_good:
        await protocol.exchange(protocol.web, code)
    else:
        with refused(ErrorCode.INVALID_GRANT):
            await protocol.exchange(protocol.web, code)
        assert await protocol.rows("SELECT id FROM token_families") == []


async def test_pk_11_a_wrong_secret_or_client_does_not_consume_the_code(protocol: ProtocolWorld) -> None:
    code = await protocol.approve(protocol.web)
    secret = protocol.web.secret or ""
    for fields in (
        {"client_id": protocol.web.app.client_id, "client_secret": secret[:-1] + "x"},
        {"client_id": "app_unknown", "client_secret": secret},
        {"client_id": protocol.web.app.client_id},
    ):
        with refused(ErrorCode.INVALID_CLIENT):
            await protocol.authenticate(fields)

    assert (await protocol.exchange(protocol.web, code)).access_token


@pytest.mark.shows("RFC 6749 §4.1.3 redirect-uri", "RFC 6749 §10.6 same-redirect-uri")
@pytest.mark.parametrize(
    "changed",
    [CALLBACK + "/", CALLBACK + "?x=1", "https://client.test:443/cb", "HTTPS://client.test/cb", "https://evil.test/cb"],
)
async def test_ru_12_another_redirect_uri_than_the_one_asked_for_is_refused(
    protocol: ProtocolWorld, changed: str
) -> None:
    code = await protocol.approve(protocol.web)

    with refused(ErrorCode.INVALID_GRANT):
        await protocol.exchange(protocol.web, code, redirect_uri=changed)

    assert (await protocol.exchange(protocol.web, code)).access_token


@pytest.mark.shows("OAuth 2.1 §4.1.3 redirect-uri-optional")
async def test_ru_12_the_redirect_uri_may_be_absent_where_a_challenge_bound_the_code(protocol: ProtocolWorld) -> None:
    code = await protocol.approve(protocol.web)

    assert (await protocol.exchange(protocol.web, code, redirect_uri=None)).access_token


@pytest.mark.shows("RFC 6749 §4.1.3 redirect-uri")
async def test_ru_12_without_a_challenge_the_redirect_uri_must_be_there(protocol: ProtocolWorld) -> None:
    party = await protocol.add_app(name="Old", require_pkce=False)
    code = await protocol.approve(party, code_challenge=None, code_challenge_method=None)

    with refused(ErrorCode.INVALID_GRANT):
        await protocol.exchange(party, code, redirect_uri=None, code_verifier=None)

    assert (await protocol.exchange(party, code, code_verifier=None)).access_token


async def test_any_changed_character_makes_a_code_unknown_and_leaves_it_good(protocol: ProtocolWorld) -> None:
    code = await protocol.approve(protocol.web)

    for index in range(len(code)):
        changed = code[:index] + ("A" if code[index] != "A" else "B") + code[index + 1 :]
        with refused(ErrorCode.INVALID_GRANT):
            await protocol.exchange(protocol.web, changed)

    assert (await protocol.exchange(protocol.web, code)).access_token


@pytest.mark.shows("RFC 9700 §4.5.3 bound")
async def test_a_code_is_worth_nothing_after_the_connection_was_ended(protocol: ProtocolWorld) -> None:
    first = await protocol.connect(protocol.web)
    code = await protocol.approve(protocol.web)
    await protocol.end_connection(first.access_token)

    with refused(ErrorCode.INVALID_GRANT):
        await protocol.exchange(protocol.web, code)


async def test_rv_11_a_code_is_worth_nothing_while_its_user_may_not_act(protocol: ProtocolWorld) -> None:
    code = await protocol.approve(protocol.web)
    people = protocol.deeds.people
    for stop, resume in (
        (
            people.users.set_standing(OPERATOR, protocol.bo, Standing.SUSPENDED),
            people.users.set_standing(OPERATOR, protocol.bo, Standing.ACTIVE),
        ),
        (
            people.members.set_standing(OPERATOR, protocol.acme, protocol.bo, Standing.SUSPENDED),
            people.members.set_standing(OPERATOR, protocol.acme, protocol.bo, Standing.ACTIVE),
        ),
        (
            people.organisations.set_standing(OPERATOR, protocol.acme, Standing.SUSPENDED),
            people.organisations.set_standing(OPERATOR, protocol.acme, Standing.ACTIVE),
        ),
        (
            people.members.remove(OPERATOR, protocol.acme, protocol.bo),
            people.members.set(OPERATOR, protocol.acme, protocol.bo, ["bookkeeper"]),
        ),
    ):
        await stop
        with refused(ErrorCode.INVALID_GRANT):
            await protocol.exchange(protocol.web, code)
        await resume

    assert (await protocol.exchange(protocol.web, code)).access_token


async def test_pk_14_other_grants_do_not_exist(protocol: ProtocolWorld) -> None:
    for grant_type in ("password", "implicit", "urn:ietf:params:oauth:grant-type:jwt-bearer", "token"):
        with refused(ErrorCode.UNSUPPORTED_GRANT_TYPE):
            await protocol.token(protocol.web, grant_type=grant_type, username="bo", password="x")


@pytest.mark.shows("RFC 6749 §3.2 not-twice")
@pytest.mark.parametrize("name", ["grant_type", "code", "redirect_uri", "code_verifier"])
async def test_in_01_a_repeated_parameter_is_refused(protocol: ProtocolWorld, name: str) -> None:
    code = await protocol.approve(protocol.web)
    fields = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "code_verifier": VERIFIER}

    with refused(ErrorCode.INVALID_REQUEST):
        await protocol.token(protocol.web, **{**fields, name: [fields[name], fields[name]]})

    assert (await protocol.exchange(protocol.web, code)).access_token


@pytest.mark.shows("RFC 6749 §3.2 empty-is-absent")
async def test_in_02_an_empty_code_is_a_missing_one_and_an_unknown_parameter_is_ignored(
    protocol: ProtocolWorld,
) -> None:
    with refused(ErrorCode.INVALID_REQUEST):
        await protocol.exchange(protocol.web, "")

    code = await protocol.approve(protocol.web)
    assert (await protocol.exchange(protocol.web, code, foo="bar")).access_token


@pytest.mark.parametrize("code", ["x", "cst_ac_", "cst_at_" + "0" * 71, "' OR 1=1 --", "é" * 40, "0" * 60_000])
async def test_in_16_garbage_for_a_code_is_an_invalid_grant(protocol: ProtocolWorld, code: str) -> None:
    with refused(ErrorCode.INVALID_GRANT, ErrorCode.INVALID_REQUEST):
        await protocol.exchange(protocol.web, code)


@pytest.mark.shows("RFC 6749 §10.3 confidential", "RFC 6749 §10.10 guessing")
async def test_tk_14_nothing_issued_repeats_and_nothing_in_clear_is_stored(protocol: ProtocolWorld) -> None:
    issued = []
    for _ in range(20):
        code = await protocol.approve(protocol.tool)
        tokens = await protocol.exchange(protocol.tool, code)
        successor = await protocol.refresh(protocol.tool, tokens.refresh_token)
        issued += [code, tokens.access_token, tokens.refresh_token, successor.access_token, successor.refresh_token]
    issued += [protocol.web.secret]

    secrets = [text[29:72] for text in issued if text is not None]
    assert len(set(secrets)) == len(issued)
    stored = await protocol.dump()
    assert [text for text in (*issued, *secrets) if text is not None and text in stored] == []


async def test_op_02_nothing_secret_is_in_a_refusal(protocol: ProtocolWorld) -> None:
    code = await protocol.approve(protocol.web)
    wrong = "v" * 50
    tokens = await protocol.connect(protocol.web)
    texts = []
    for attempt in (
        protocol.exchange(protocol.web, code, code_verifier=wrong),
        protocol.exchange(protocol.web, code[:-1] + "_"),
        protocol.exchange(protocol.tool, code),
        protocol.refresh(protocol.tool, tokens.refresh_token),
        protocol.refresh(protocol.web, tokens.access_token),
        protocol.authenticate({"client_id": protocol.web.app.client_id, "client_secret": code}),
    ):
        (answer,) = await asyncio.gather(attempt, return_exceptions=True)
        assert isinstance(answer, Exception)
        texts.append(f"{answer!r} {answer} {answer.args}")

    said = " ".join([*texts, repr(tokens), repr(form(code=code)), str(await protocol.rows("SELECT * FROM events"))])
    kept = (code, wrong, tokens.access_token, tokens.refresh_token or "", protocol.web.secret or "")
    assert [secret for secret in kept if secret in said or secret[29:60] in said] == []
