"""Pushing an authorization request and bringing its reference, as deeds over either engine. RFC 9126."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest

from consentry.flows.authorize import UntrustedCode, UntrustedRequestError
from consentry.flows.pushed_requests import PushedAnswer
from consentry.model.app import AppType
from consentry.model.app_draft import AppChange
from consentry.model.faults import ConflictError
from consentry.model.pushed_request import ANSWER_TIME
from consentry.oauth.errors import ErrorCode
from consentry.oauth.parameters import Parameters
from consentry.oauth.pushed_request import MAX_PUSHED_CHARACTERS
from protocol_world import (
    CALLBACK,
    OPERATOR,
    SESSION,
    VERIFIER,
    Opened,
    Party,
    ProtocolWorld,
    form,
    outcomes,
    query_of,
    refused,
)
from small_world import FixedClock

SECOND = timedelta(seconds=1)


async def push(protocol: ProtocolWorld, party: Party, **changes: Any) -> PushedAnswer:
    """Push a good request of the app, with these parameters changed; None leaves one out."""
    fields = dict(query_of(party).pairs) | party.credentials | changes
    pushed = form(**fields)
    client = await protocol.authenticate({name: fields[name] for name in party.credentials})
    return await protocol.deeds.pushed_requests.push(pushed, client)


def brought(party: Party, request_uri: str, **others: str) -> Parameters:
    """What a browser's address holds."""
    return Parameters.from_query(urlencode({"client_id": party.app.client_id, "request_uri": request_uri, **others}))


async def is_refused(protocol: ProtocolWorld, sent: Parameters) -> bool:
    try:
        await protocol.deeds.pushed_requests.present(sent)
    except UntrustedRequestError as error:
        return error.code is UntrustedCode.INVALID_REQUEST_URI
    return False


async def open_pushed(protocol: ProtocolWorld, sent: Parameters) -> Opened:
    """Go as far as the consent screen."""
    deeds = protocol.deeds
    came = await deeds.pushed_requests.present(sent)
    to = await deeds.authorize.trust(came.query, pushed=came.pushed_id)
    asked = await deeds.authorize.read(came.query, to)
    request_id = await deeds.consent.open(to, urlencode(came.sent.pairs), SESSION, protocol.bo)
    pending = await deeds.consent.find(request_id, SESSION)
    holder = await deeds.people.find_holder(protocol.acme, protocol.bo)
    assert holder is not None
    return Opened(pending, to, asked, await deeds.consent.offer(to, asked, holder))


@pytest.mark.shows("RFC 9126 §2.2 unguessable", "RFC 9126 §7.1 guessing")
async def test_the_reference_holds_256_random_bits_and_is_kept_as_a_digest_only(protocol: ProtocolWorld) -> None:
    first, second = await push(protocol, protocol.web), await push(protocol, protocol.web)

    reference = first.request_uri.removeprefix("urn:ietf:params:oauth:request_uri:")
    assert reference != first.request_uri
    assert first.request_uri != second.request_uri
    secret = reference[-49:-6]
    assert len(secret) == 43
    assert secret not in await protocol.dump()
    assert first.expires_in == 90


@pytest.mark.shows("RFC 9126 §2 authenticated")
async def test_what_proves_the_client_is_not_kept(protocol: ProtocolWorld) -> None:
    await push(protocol, protocol.web)

    assert protocol.web.secret is not None
    assert protocol.web.secret[-49:-6] not in await protocol.dump()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"redirect_uri": "https://evil.test/cb"}, ErrorCode.INVALID_REQUEST),
        ({"response_type": "token"}, ErrorCode.UNSUPPORTED_RESPONSE_TYPE),
        ({"response_type": None}, ErrorCode.INVALID_REQUEST),
        ({"scope": "users:write"}, ErrorCode.INVALID_SCOPE),
        ({"code_challenge": None, "code_challenge_method": None}, ErrorCode.INVALID_REQUEST),
        ({"code_challenge_method": "plain"}, ErrorCode.INVALID_REQUEST),
        ({"resource": "https://unknown.test"}, ErrorCode.INVALID_TARGET),
        ({"state": ["a", "b"]}, ErrorCode.INVALID_REQUEST),
        ({"prompt": "none login"}, ErrorCode.INVALID_REQUEST),
    ],
)
@pytest.mark.shows("RFC 9126 §2.1 validated", "RFC 9126 §2.3 errors")
async def test_a_pushed_request_is_judged_as_one_that_a_browser_brings(
    protocol: ProtocolWorld, changes: dict[str, Any], code: ErrorCode
) -> None:
    with refused(code):
        await push(protocol, protocol.web, **changes)

    assert await protocol.rows("SELECT id FROM pushed_requests") == []


@pytest.mark.shows("RFC 9126 §2.1 no-request-uri")
async def test_a_request_uri_inside_a_pushed_request_is_refused(protocol: ProtocolWorld) -> None:
    first = await push(protocol, protocol.web)

    for request_uri in (first.request_uri, "https://client.test/request.jwt"):
        with refused(ErrorCode.INVALID_REQUEST):
            await push(protocol, protocol.web, request_uri=request_uri)


@pytest.mark.shows("RFC 9126 §2.3 too-large")
async def test_a_request_that_could_not_be_read_again_is_not_taken(protocol: ProtocolWorld) -> None:
    with refused(ErrorCode.INVALID_REQUEST):
        await push(protocol, protocol.web, extra="x" * MAX_PUSHED_CHARACTERS)


async def test_a_long_request_of_characters_that_must_be_encoded_is_read_again(protocol: ProtocolWorld) -> None:
    state = "&" * 8192

    answer = await push(protocol, protocol.web, state=state)
    came = await protocol.deeds.pushed_requests.present(brought(protocol.web, answer.request_uri))

    assert came.query.one("state") == state


@pytest.mark.shows("RFC 9126 §4 used")
async def test_what_was_pushed_stands_whatever_else_the_address_holds(protocol: ProtocolWorld) -> None:
    answer = await push(protocol, protocol.web, scope="invoicing:read", state="pushed")
    sent = brought(
        protocol.web, answer.request_uri, scope="invoicing:write", state="x", redirect_uri="https://evil.test"
    )

    opened = await open_pushed(protocol, sent)

    assert str(opened.asked.scope) == "invoicing:read"
    assert opened.asked.state == "pushed"
    assert opened.to.redirect_uri == CALLBACK


async def test_a_pushed_request_leads_to_tokens(protocol: ProtocolWorld) -> None:
    for party in (protocol.web, protocol.tool):
        answer = await push(protocol, party)
        code = await protocol.answer(await open_pushed(protocol, brought(party, answer.request_uri)))

        tokens = await protocol.exchange(party, code, code_verifier=VERIFIER)

        assert await protocol.why_refused(tokens.access_token) is None


@pytest.mark.shows("RFC 9126 §2.2 bound", "RFC 9126 §7.3 replay")
async def test_pk_16_the_reference_is_of_use_to_its_own_client_only(protocol: ProtocolWorld) -> None:
    answer = await push(protocol, protocol.web)

    assert await is_refused(protocol, brought(protocol.tool, answer.request_uri))
    assert not await is_refused(protocol, brought(protocol.web, answer.request_uri))


@pytest.mark.shows("RFC 9126 §4 once", "RFC 9126 §7.3 replay")
async def test_pk_16_the_answer_uses_the_reference_up_and_a_reload_before_it_does_not(protocol: ProtocolWorld) -> None:
    sent = brought(protocol.web, (await push(protocol, protocol.web)).request_uri)
    first, again = await open_pushed(protocol, sent), await open_pushed(protocol, sent)

    await protocol.answer(again)

    assert await is_refused(protocol, sent)
    with pytest.raises(ConflictError):
        await protocol.answer(first)
    with pytest.raises(ConflictError):
        await protocol.deeds.pushed_requests.reopen(first.pending.query)


async def test_declining_uses_the_reference_up(protocol: ProtocolWorld) -> None:
    sent = brought(protocol.web, (await push(protocol, protocol.web)).request_uri)
    opened, other = await open_pushed(protocol, sent), await open_pushed(protocol, sent)

    await protocol.deeds.consent.decline(opened.pending, opened.to, opened.offer)

    assert await is_refused(protocol, sent)
    with pytest.raises(ConflictError):
        await protocol.deeds.consent.decline(other.pending, other.to, other.offer)


async def test_an_answer_that_consent_given_before_gives_uses_the_reference_up(protocol: ProtocolWorld) -> None:
    await protocol.connect(protocol.web)
    sent = brought(protocol.web, (await push(protocol, protocol.web)).request_uri)
    opened = await open_pushed(protocol, sent)
    consent = protocol.deeds.consent

    assert await consent.answer_remembered(opened.to, opened.asked, opened.offer) is not None
    assert await consent.answer_remembered(opened.to, opened.asked, opened.offer) is None
    assert await is_refused(protocol, sent)


async def test_of_two_answers_at_once_to_one_reference_one_wins(protocol: ProtocolWorld) -> None:
    sent = brought(protocol.web, (await push(protocol, protocol.web)).request_uri)
    opened = [await open_pushed(protocol, sent) for _ in range(4)]

    async def answer(one: Opened) -> str | None:
        try:
            return await protocol.answer(one)
        except ConflictError:
            return None

    codes, _ = await outcomes(*[answer(one) for one in opened])

    assert len([code for code in codes if code is not None]) == 1


@pytest.mark.shows("RFC 9126 §4 expired")
async def test_pk_16_an_expired_reference_is_refused(protocol: ProtocolWorld, clock: FixedClock) -> None:
    answer = await push(protocol, protocol.web)
    sent = brought(protocol.web, answer.request_uri)

    clock.pass_time(timedelta(seconds=answer.expires_in) - SECOND)
    assert not await is_refused(protocol, sent)
    clock.pass_time(SECOND)
    assert await is_refused(protocol, sent)


async def test_a_sign_in_that_outlasts_the_reference_loses_nothing(protocol: ProtocolWorld, clock: FixedClock) -> None:
    deeds = protocol.deeds.pushed_requests
    answer = await push(protocol, protocol.web)
    came = await deeds.present(brought(protocol.web, answer.request_uri, scope="x"))

    back = Parameters(deeds.after_sign_in(came))
    clock.pass_time(ANSWER_TIME - SECOND)
    again = Parameters(deeds.after_sign_in(await deeds.present(back)))

    assert back.names == ("client_id", "request_uri", "came")
    assert again == back
    clock.pass_time(SECOND)
    assert await is_refused(protocol, back)


@pytest.mark.parametrize("came", ["", ".", "{id}.{now}.", "{id}.{now}.forged", "{other}", "{id}.-1.x", "{id}.\u0663.x"])
async def test_nobody_but_this_server_can_say_when_a_browser_came(
    protocol: ProtocolWorld, clock: FixedClock, came: str
) -> None:
    deeds = protocol.deeds.pushed_requests
    answer, other = await push(protocol, protocol.web), await push(protocol, protocol.web)
    marked = deeds.after_sign_in(await deeds.present(brought(protocol.web, other.request_uri)))[-1][1]
    clock.pass_time(timedelta(seconds=answer.expires_in))
    request_id = answer.request_uri.rpartition("_")[2][:22]
    text = came.format(id=request_id, now=1, other=marked)

    assert await is_refused(protocol, brought(protocol.web, answer.request_uri, came=text))


@pytest.mark.shows("RFC 9126 §4 validated-again")
async def test_what_was_pushed_is_judged_again_as_everything_stands(protocol: ProtocolWorld) -> None:
    sent = brought(protocol.web, (await push(protocol, protocol.web)).request_uri)
    change = AppChange(redirect_uris=("https://client.test/other",))
    await protocol.deeds.app_registry.edit(OPERATOR, protocol.web.app.client_id, change)

    with pytest.raises(UntrustedRequestError) as refusal:
        await open_pushed(protocol, sent)

    assert refusal.value.code is UntrustedCode.REDIRECT_URI_MISMATCH


@pytest.mark.parametrize(
    "reference", ["", "x", "cst_pr_" + "0" * 71, "cst_ac_" + "0" * 71, "cst_pr_\N{BULLET}", "../../x"]
)
async def test_a_reference_that_was_never_given_is_refused(protocol: ProtocolWorld, reference: str) -> None:
    assert await is_refused(protocol, brought(protocol.web, f"urn:ietf:params:oauth:request_uri:{reference}"))


async def test_ss_03_any_other_request_uri_is_refused_and_never_fetched(protocol: ProtocolWorld) -> None:
    sent = Parameters((*query_of(protocol.web).pairs, ("request_uri", "http://127.0.0.1:9/request.jwt")))
    came = await protocol.deeds.pushed_requests.present(sent)
    to = await protocol.deeds.authorize.trust(came.query, pushed=came.pushed_id)

    with refused(ErrorCode.INVALID_REQUEST, ErrorCode.REQUEST_URI_NOT_SUPPORTED):
        await protocol.deeds.authorize.read(came.query, to)


async def test_pushed_requests_that_expired_are_swept_after_a_day(protocol: ProtocolWorld, clock: FixedClock) -> None:
    await push(protocol, protocol.web)
    clock.pass_time(timedelta(days=1, seconds=89))
    await protocol.deeds.housekeeping.sweep_once()
    assert len(await protocol.rows("SELECT id FROM pushed_requests")) == 1

    clock.pass_time(SECOND)
    await protocol.deeds.housekeeping.sweep_once()

    assert await protocol.rows("SELECT id FROM pushed_requests") == []


async def test_a_public_app_pushes_without_a_secret(protocol: ProtocolWorld) -> None:
    assert protocol.tool.app.type is AppType.PUBLIC

    answer = await push(protocol, protocol.tool)

    assert not await is_refused(protocol, brought(protocol.tool, answer.request_uri))
