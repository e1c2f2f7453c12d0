"""Refreshing an access token. RFC 6749 §6."""

import pytest

from consentry.model.access import Reason
from consentry.model.app_draft import AppChange
from consentry.model.organisation import Standing
from consentry.oauth.errors import ErrorCode
from protocol_world import OPERATOR, ProtocolWorld, refused

GRANTED = "contacts:read invoicing:read invoicing:write"


@pytest.mark.shows("RFC 6749 §6 no-more-scope", "RFC 9700 §4.14.2 bound-scope")
@pytest.mark.parametrize("scope", ["contacts:write", "invoicing:write contacts:write", "unknown", "invoicing:read x"])
async def test_rt_03_tk_10_more_scope_than_was_approved_is_refused(protocol: ProtocolWorld, scope: str) -> None:
    for party in (protocol.web, protocol.tool):
        tokens = await protocol.connect(party, scope=GRANTED)

        with refused(ErrorCode.INVALID_SCOPE):
            await protocol.refresh(party, tokens.refresh_token, scope=scope)

        assert (await protocol.refresh(party, tokens.refresh_token)).access_token


@pytest.mark.shows("RFC 6749 §6 no-more-scope")
async def test_rt_03_a_declined_scope_cannot_be_had_by_refreshing(protocol: ProtocolWorld) -> None:
    tokens = await protocol.connect(protocol.web, [], scope=GRANTED)
    assert str(tokens.scope) == "invoicing:write"

    with refused(ErrorCode.INVALID_SCOPE):
        await protocol.refresh(protocol.web, tokens.refresh_token, scope=GRANTED)


@pytest.mark.shows("RFC 6749 §6 keeps-scope")
async def test_rt_04_a_narrow_refresh_does_not_bind_the_next_one(protocol: ProtocolWorld) -> None:
    for party in (protocol.web, protocol.tool):
        tokens = await protocol.connect(party, scope=GRANTED)

        narrow = await protocol.refresh(party, tokens.refresh_token, scope="invoicing:read")
        assert str(narrow.scope) == "invoicing:read"
        assert (await protocol.access(narrow.access_token)).permissions == {"invoice.read"}

        wide = await protocol.refresh(party, narrow.refresh_token)
        assert str(wide.scope) == GRANTED
        assert await protocol.why_refused(wide.access_token, "invoice.write") is None
        assert await protocol.why_refused(narrow.access_token, "invoice.write") is Reason.SCOPE_NOT_GRANTED


@pytest.mark.shows("RFC 6749 §6 bound", "RFC 6749 §10.4 bound")
async def test_rt_05_another_clients_refresh_token_is_refused_and_unharmed(protocol: ProtocolWorld) -> None:
    tokens = await protocol.connect(protocol.tool)
    spent, tokens = tokens, await protocol.refresh(protocol.tool, tokens.refresh_token)

    for text in (spent.refresh_token, tokens.refresh_token):
        with refused(ErrorCode.INVALID_GRANT):
            await protocol.refresh(protocol.web, text)

    assert (await protocol.refresh(protocol.tool, tokens.refresh_token)).access_token


async def test_rt_06_nothing_is_refreshed_while_its_user_may_not_act(protocol: ProtocolWorld) -> None:
    tokens = await protocol.connect(protocol.web)
    people, acme, bo = protocol.deeds.people, protocol.acme, protocol.bo
    for stop, resume in (
        (
            people.users.set_standing(OPERATOR, bo, Standing.SUSPENDED),
            people.users.set_standing(OPERATOR, bo, Standing.ACTIVE),
        ),
        (
            people.members.set_standing(OPERATOR, acme, bo, Standing.SUSPENDED),
            people.members.set_standing(OPERATOR, acme, bo, Standing.ACTIVE),
        ),
        (
            people.organisations.set_standing(OPERATOR, acme, Standing.SUSPENDED),
            people.organisations.set_standing(OPERATOR, acme, Standing.ACTIVE),
        ),
        (
            people.members.set(OPERATOR, acme, bo, ["reader"], ["oauth_app.install"]),
            people.members.set(OPERATOR, acme, bo, ["bookkeeper"]),
        ),
        (
            people.members.remove(OPERATOR, acme, bo),
            people.members.set(OPERATOR, acme, bo, ["bookkeeper"]),
        ),
    ):
        await stop
        with refused(ErrorCode.INVALID_GRANT):
            await protocol.refresh(protocol.web, tokens.refresh_token)
        await resume
        assert (await protocol.refresh(protocol.web, tokens.refresh_token)).access_token


async def test_rt_06_a_deactivated_app_refreshes_nothing(protocol: ProtocolWorld) -> None:
    tokens = await protocol.connect(protocol.web)
    await protocol.deeds.app_registry.deactivate(OPERATOR, protocol.web.app.client_id)

    with refused(ErrorCode.UNAUTHORIZED_CLIENT):
        await protocol.refresh(protocol.web, tokens.refresh_token)


async def test_rt_07_a_refresh_token_opens_no_api_and_nothing_else_refreshes(protocol: ProtocolWorld) -> None:
    code = await protocol.approve(protocol.web)
    tokens = await protocol.exchange(protocol.web, code)

    for text in (tokens.refresh_token or "", code, protocol.web.secret or ""):
        assert await protocol.why_refused(text) is Reason.MALFORMED_CREDENTIAL
    for text in (tokens.access_token, code, protocol.web.secret or "", "x"):
        with refused(ErrorCode.INVALID_GRANT):
            await protocol.refresh(protocol.web, text)
        with refused(ErrorCode.INVALID_GRANT):
            await protocol.exchange(protocol.web, tokens.access_token)


async def test_any_changed_character_makes_a_refresh_token_unknown(protocol: ProtocolWorld) -> None:
    text = (await protocol.connect(protocol.tool)).refresh_token or ""

    for index in range(len(text)):
        changed = text[:index] + ("A" if text[index] != "A" else "B") + text[index + 1 :]
        with refused(ErrorCode.INVALID_GRANT):
            await protocol.refresh(protocol.tool, changed)

    assert (await protocol.refresh(protocol.tool, text)).access_token


@pytest.mark.shows("RFC 6749 §3.2 not-twice")
@pytest.mark.parametrize("name", ["grant_type", "refresh_token", "scope"])
async def test_in_01_a_repeated_parameter_of_a_refresh_is_refused(protocol: ProtocolWorld, name: str) -> None:
    tokens = await protocol.connect(protocol.web)
    fields = {"grant_type": "refresh_token", "refresh_token": tokens.refresh_token, "scope": "invoicing:read"}

    with refused(ErrorCode.INVALID_REQUEST):
        await protocol.token(protocol.web, **{**fields, name: [fields[name], fields[name]]})


@pytest.mark.parametrize("scope", ['"', "a\\b", "a\tb", "a  b", "x" * 10_000, " ".join(f"s{n}" for n in range(5_000))])
async def test_in_09_a_scope_against_the_grammar_is_refused(protocol: ProtocolWorld, scope: str) -> None:
    tokens = await protocol.connect(protocol.web)

    with refused(ErrorCode.INVALID_SCOPE):
        await protocol.refresh(protocol.web, tokens.refresh_token, scope=scope)


async def test_in_02_an_empty_scope_asks_for_all(protocol: ProtocolWorld) -> None:
    tokens = await protocol.connect(protocol.web)

    assert (await protocol.refresh(protocol.web, tokens.refresh_token, scope="")).scope == tokens.scope


@pytest.mark.shows("RFC 6749 §3.3 told")
async def test_the_answer_names_no_scope_that_was_taken_from_the_app_or_the_connection(protocol: ProtocolWorld) -> None:
    tokens = await protocol.connect(protocol.web, scope=GRANTED)
    await protocol.deeds.app_registry.edit(
        OPERATOR, protocol.web.app.client_id, AppChange(optional_scopes=("invoicing:read",))
    )

    again = await protocol.refresh(protocol.web, tokens.refresh_token)

    assert str(again.scope) == "invoicing:read invoicing:write"
