"""The user's decision, and what every later change makes of it."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from consentry.flows.authorize import UntrustedRequestError
from consentry.model.access import Reason
from consentry.model.acting import member
from consentry.model.app import AppOrigin, AppType
from consentry.model.app_draft import AppChange
from consentry.model.connection import is_remembered as is_consent_remembered
from consentry.model.faults import ConflictError, PermissionMissingError
from consentry.model.ids import SessionId
from consentry.model.organisation import Standing
from consentry.oauth.errors import ErrorCode
from consentry.oauth.scope import Scope
from protocol_world import OPERATOR, SESSION, ProtocolWorld, outcomes, query_of, refused

ALL = "contacts:read invoicing:read invoicing:write"
LATER = datetime(2027, 1, 1, tzinfo=UTC)
LIVE = "SELECT scopes, declined_scopes FROM connections WHERE ended_at IS NULL"


async def test_a_required_scope_cannot_be_unticked_and_an_optional_one_can(protocol: ProtocolWorld) -> None:
    tokens = await protocol.connect(protocol.web, ["contacts:write", "unknown", "*"], scope=ALL)

    assert str(tokens.scope) == "invoicing:write"
    assert await protocol.rows(LIVE) == [("invoicing:write", "contacts:read invoicing:read")]


async def test_without_the_permission_to_install_nothing_is_approved(protocol: ProtocolWorld) -> None:
    reader = await protocol.add_member("reader@acme.test", "reader")

    with pytest.raises(PermissionMissingError):
        await protocol.connect(protocol.web, user_id=reader)

    assert await protocol.rows("SELECT id FROM connections") == []
    assert await protocol.rows("SELECT id FROM authorization_codes") == []


async def test_a_scope_of_which_the_user_holds_nothing_cannot_be_approved(protocol: ProtocolWorld) -> None:
    await protocol.deeds.people.members.set(
        OPERATOR, protocol.acme, protocol.bo, ["reader"], ["oauth_app.install", "invoice.read"]
    )

    tokens = await protocol.connect(protocol.web, scope=ALL)

    assert str(tokens.scope) == "invoicing:read invoicing:write"
    assert (await protocol.access(tokens.access_token)).permissions == {"invoice.read"}


async def test_a_scope_that_could_not_be_approved_is_asked_once_the_user_holds_it(protocol: ProtocolWorld) -> None:
    set_member = protocol.deeds.people.members.set
    await set_member(OPERATOR, protocol.acme, protocol.bo, ["reader"], ["oauth_app.install", "invoice.read"])
    await protocol.connect(protocol.web, scope=ALL)

    while_not_held = await protocol.open_request(protocol.web, scope=ALL)
    await set_member(OPERATOR, protocol.acme, protocol.bo, ["bookkeeper"])
    once_held = await protocol.open_request(protocol.web, scope=ALL)

    assert await protocol.rows(LIVE) == [("invoicing:read invoicing:write", "")]
    assert while_not_held.offer.remembered
    assert not once_held.offer.remembered
    assert [one.name for one in once_held.offer.shown] == ["contacts:read"]


async def test_what_was_approved_and_is_not_held_now_stays_approved(protocol: ProtocolWorld) -> None:
    set_member = protocol.deeds.people.members.set
    await protocol.connect(protocol.web, scope=ALL)
    await set_member(OPERATOR, protocol.acme, protocol.bo, ["reader"], ["oauth_app.install", "invoice.read"])

    await protocol.connect(protocol.web, scope=ALL, prompt="consent")

    assert await protocol.rows(LIVE) == [(ALL, "")]


async def test_cs_16_a_request_is_answered_once(protocol: ProtocolWorld) -> None:
    opened = await protocol.open_request(protocol.web)
    await protocol.answer(opened)

    with pytest.raises(ConflictError):
        await protocol.answer(opened)
    with pytest.raises(ConflictError):
        await protocol.deeds.consent.decline(opened.pending, opened.to, opened.offer)
    with pytest.raises(ConflictError):
        await protocol.deeds.consent.find(opened.pending.id, SESSION)
    assert len(await protocol.rows("SELECT id FROM authorization_codes")) == 1


async def test_cs_18_a_request_of_another_session_is_not_found(protocol: ProtocolWorld) -> None:
    opened = await protocol.open_request(protocol.web)

    with pytest.raises(ConflictError):
        await protocol.deeds.consent.find(opened.pending.id, SessionId("0000000000000000another"))


async def test_cs_10_new_scopes_alone_are_asked_and_the_old_stay(protocol: ProtocolWorld) -> None:
    await protocol.connect(protocol.web, scope="invoicing:write")

    opened = await protocol.open_request(protocol.web, scope="invoicing:write contacts:read")

    assert [one.name for one in opened.offer.shown] == ["contacts:read"]
    assert not opened.offer.remembered
    tokens = await protocol.exchange(protocol.web, await protocol.answer(opened))
    assert str(tokens.scope) == "contacts:read invoicing:write"


async def test_cs_10_a_token_of_before_does_not_gain_what_is_approved_later(protocol: ProtocolWorld) -> None:
    before = await protocol.connect(protocol.web, scope="invoicing:write")

    await protocol.connect(protocol.web, scope="invoicing:write contacts:read")

    assert await protocol.why_refused(before.access_token, "client.read") is Reason.SCOPE_NOT_GRANTED
    again = await protocol.refresh(protocol.web, before.refresh_token)
    assert str(again.scope) == "invoicing:write"


async def test_an_approval_that_was_narrowed_narrows_tokens_of_before(protocol: ProtocolWorld) -> None:
    before = await protocol.connect(protocol.web, scope=ALL)

    await protocol.connect(protocol.web, [], scope=ALL, prompt="consent")

    assert await protocol.why_refused(before.access_token, "client.read") is Reason.SCOPE_NOT_GRANTED
    assert await protocol.why_refused(before.access_token, "invoice.write") is None


async def test_c_33_who_left_a_scope_out_can_give_it_when_a_call_needs_it(protocol: ProtocolWorld) -> None:
    before = await protocol.connect(protocol.tool, [], scope=ALL)
    assert str(before.scope) == "invoicing:write"

    stepping_up = await protocol.open_request(protocol.tool, scope=ALL)
    tokens = await protocol.exchange(protocol.tool, await protocol.answer(stepping_up))

    assert [one.name for one in stepping_up.offer.shown] == ["contacts:read", "invoicing:read"]
    assert str(tokens.scope) == ALL


async def test_what_was_left_out_disturbs_nobody_whose_consent_is_remembered(protocol: ProtocolWorld) -> None:
    await protocol.connect(protocol.web, [], scope=ALL)

    again = await protocol.open_request(protocol.web, scope=ALL)

    assert again.offer.remembered


@pytest.mark.shows("RFC 6749 §10.2 no-silent-public", "RFC 8252 §8.6 impersonation")
async def test_cs_09_consent_is_remembered_for_confidential_apps_only(protocol: ProtocolWorld) -> None:
    for party, is_remembered in ((protocol.web, True), (protocol.tool, False)):
        await protocol.connect(party)

        opened = await protocol.open_request(party)
        assert opened.offer.remembered is is_remembered
        code = await protocol.deeds.consent.answer_remembered(opened.to, opened.asked, opened.offer)
        assert (code is not None) is is_remembered


async def test_consent_that_was_ended_meanwhile_is_not_remembered(protocol: ProtocolWorld) -> None:
    tokens = await protocol.connect(protocol.web)
    opened = await protocol.open_request(protocol.web)
    assert opened.offer.remembered
    await protocol.end_connection(tokens.access_token)

    assert await protocol.deeds.consent.answer_remembered(opened.to, opened.asked, opened.offer) is None
    assert await protocol.rows("SELECT count(*) FROM authorization_codes WHERE consumed_at IS NULL") == [(0,)]


async def test_a_disconnect_between_the_page_and_the_answer_leaves_only_what_is_approved_anew(
    protocol: ProtocolWorld,
) -> None:
    tokens = await protocol.connect(protocol.web, scope="invoicing:write")
    nothing_new = await protocol.open_request(protocol.web, scope="invoicing:write contacts:read")
    something_new = await protocol.open_request(protocol.web, scope="invoicing:write contacts:read")
    await protocol.end_connection(tokens.access_token)

    with pytest.raises(ConflictError):
        await protocol.answer(nothing_new, [])
    assert await protocol.rows(LIVE) == []

    later = await protocol.exchange(protocol.web, await protocol.answer(something_new, ["contacts:read"]))
    assert str(later.scope) == "contacts:read"
    assert await protocol.rows(LIVE) == [("contacts:read", "")]
    assert (await protocol.access(later.access_token)).permissions == {"client.read"}


async def test_cs_16_two_tabs_at_once_are_two_codes_on_one_connection(protocol: ProtocolWorld) -> None:
    tabs = [await protocol.open_request(protocol.web) for _ in range(8)]

    codes, refusals = await outcomes(*(protocol.answer(tab) for tab in tabs))

    assert (len(set(codes)), refusals) == (8, [])
    assert len(await protocol.rows(LIVE)) == 1


async def test_rv_01_a_token_is_refused_as_soon_as_its_connection_was_ended(protocol: ProtocolWorld) -> None:
    for party in (protocol.web, protocol.tool):
        tokens = await protocol.connect(party)
        again = await protocol.refresh(party, tokens.refresh_token)

        await protocol.end_connection(tokens.access_token)

        for each in (tokens, again):
            assert await protocol.why_refused(each.access_token) is Reason.REVOKED
            with refused(ErrorCode.INVALID_GRANT):
                await protocol.refresh(party, each.refresh_token)


async def test_rv_01_a_new_approval_does_not_revive_what_was_ended(protocol: ProtocolWorld) -> None:
    tokens = await protocol.connect(protocol.web)
    code = await protocol.approve(protocol.web)
    await protocol.end_connection(tokens.access_token)

    await protocol.connect(protocol.web)

    assert await protocol.why_refused(tokens.access_token) is Reason.REVOKED
    with refused(ErrorCode.INVALID_GRANT):
        await protocol.exchange(protocol.web, code)
    with refused(ErrorCode.INVALID_GRANT):
        await protocol.refresh(protocol.web, tokens.refresh_token)


async def test_rv_06_ending_one_connection_leaves_every_other(protocol: ProtocolWorld) -> None:
    cy = await protocol.add_member("cy@acme.test", "bookkeeper")
    other = (await protocol.deeds.people.organisations.create(OPERATOR, "Other Books")).id
    await protocol.deeds.people.members.set(OPERATOR, other, protocol.bo, ["bookkeeper"])
    mine = await protocol.connect(protocol.web)
    others = [
        await protocol.connect(protocol.tool),
        await protocol.connect(protocol.web, user_id=cy),
        await protocol.connect(protocol.web, organisation_id=other),
    ]

    await protocol.end_connection(mine.access_token)

    assert [await protocol.why_refused(tokens.access_token) for tokens in others] == [None, None, None]


async def test_rv_06_nobody_ends_the_connection_of_another_user(protocol: ProtocolWorld) -> None:
    cy = await protocol.add_member("cy@acme.test", "bookkeeper")
    tokens = await protocol.connect(protocol.web)
    connection_id = (await protocol.access(tokens.access_token)).connection_id
    assert connection_id is not None

    with pytest.raises(Exception, match="no such connection"):
        await protocol.deeds.connections.end(member(cy, protocol.acme, frozenset()), connection_id)

    assert await protocol.why_refused(tokens.access_token) is None


async def test_rv_09_a_permission_taken_from_the_user_is_missing_at_the_next_call(protocol: ProtocolWorld) -> None:
    people = protocol.deeds.people
    tokens = await protocol.connect(protocol.web)
    assert await protocol.why_refused(tokens.access_token, "invoice.write") is None

    await people.members.set(OPERATOR, protocol.acme, protocol.bo, ["reader"])
    assert await protocol.why_refused(tokens.access_token, "invoice.write") is Reason.USER_LACKS_PERMISSION
    assert await protocol.why_refused(tokens.access_token, "invoice.read") is None

    await people.roles.set(OPERATOR, protocol.acme, "reader", [])
    assert await protocol.why_refused(tokens.access_token, "invoice.read") is Reason.USER_LACKS_PERMISSION

    await people.roles.remove(OPERATOR, protocol.acme, "reader")
    assert await protocol.why_refused(tokens.access_token, "invoice.read") is None


async def test_rv_10_a_scope_taken_from_the_app_is_missing_at_the_next_call_and_back_when_given_again(
    protocol: ProtocolWorld,
) -> None:
    client_id = protocol.web.app.client_id
    tokens = await protocol.connect(protocol.web)

    await protocol.deeds.app_registry.edit(OPERATOR, client_id, AppChange(optional_scopes=("invoicing:read",)))
    assert await protocol.why_refused(tokens.access_token, "client.read") is Reason.APP_LACKS_SCOPE
    assert await protocol.why_refused(tokens.access_token, "invoice.write") is None

    await protocol.deeds.app_registry.edit(OPERATOR, client_id, AppChange(optional_scopes=("contacts:read",)))
    assert await protocol.why_refused(tokens.access_token, "client.read") is None


async def test_rv_10_a_scope_added_to_the_app_widens_no_connection(protocol: ProtocolWorld) -> None:
    tokens = await protocol.connect(protocol.web)

    await protocol.deeds.app_registry.edit(
        OPERATOR, protocol.web.app.client_id, AppChange(required_scopes=("invoicing:write", "contacts:write"))
    )

    await protocol.deeds.people.members.set(OPERATOR, protocol.acme, protocol.bo, ["owner"])
    assert await protocol.why_refused(tokens.access_token, "client.write") is Reason.SCOPE_NOT_GRANTED


async def test_rv_11_what_a_suspended_user_approved_is_refused_and_says_who_is_suspended(
    protocol: ProtocolWorld,
) -> None:
    tokens = await protocol.connect(protocol.web)
    people, acme, bo = protocol.deeds.people, protocol.acme, protocol.bo
    for stop, resume, reason in (
        (
            people.users.set_standing(OPERATOR, bo, Standing.SUSPENDED),
            people.users.set_standing(OPERATOR, bo, Standing.ACTIVE),
            Reason.USER_SUSPENDED,
        ),
        (
            people.members.set_standing(OPERATOR, acme, bo, Standing.SUSPENDED),
            people.members.set_standing(OPERATOR, acme, bo, Standing.ACTIVE),
            Reason.MEMBER_SUSPENDED,
        ),
        (
            people.organisations.set_standing(OPERATOR, acme, Standing.SUSPENDED),
            people.organisations.set_standing(OPERATOR, acme, Standing.ACTIVE),
            Reason.ORGANISATION_SUSPENDED,
        ),
        (
            people.members.remove(OPERATOR, acme, bo),
            people.members.set(OPERATOR, acme, bo, ["bookkeeper"]),
            Reason.MEMBER_REMOVED,
        ),
    ):
        await stop
        assert await protocol.why_refused(tokens.access_token) is reason
        await resume
        assert await protocol.why_refused(tokens.access_token) is None


async def test_rv_12_a_deactivated_app_does_nothing_and_works_again_when_reactivated(protocol: ProtocolWorld) -> None:
    registry, client_id = protocol.deeds.app_registry, protocol.web.app.client_id
    tokens = await protocol.connect(protocol.web)
    opened = await protocol.open_request(protocol.web)

    await registry.deactivate(OPERATOR, client_id)
    assert await protocol.why_refused(tokens.access_token) is Reason.APP_SUSPENDED
    with pytest.raises(UntrustedRequestError):
        await protocol.deeds.authorize.trust(query_of(protocol.web))
    with pytest.raises(ConflictError):
        await protocol.answer(opened)
    assert await protocol.deeds.consent.answer_remembered(opened.to, opened.asked, opened.offer) is None
    with refused(ErrorCode.UNAUTHORIZED_CLIENT):
        await protocol.refresh(protocol.web, tokens.refresh_token)

    await registry.reactivate(OPERATOR, client_id)
    assert await protocol.why_refused(tokens.access_token) is None
    assert (await protocol.exchange(protocol.web, await protocol.answer(opened))).access_token


async def test_rv_12_a_deleted_app_leaves_nothing_that_works(protocol: ProtocolWorld) -> None:
    tokens = await protocol.connect(protocol.web)
    opened = await protocol.open_request(protocol.web)

    await protocol.deeds.app_registry.delete(OPERATOR, protocol.web.app.client_id, confirm_name=protocol.web.app.name)

    with pytest.raises(ConflictError):
        await protocol.answer(opened)
    assert await protocol.why_refused(tokens.access_token) is Reason.REVOKED
    with pytest.raises(UntrustedRequestError):
        await protocol.deeds.authorize.trust(query_of(protocol.web))
    assert await protocol.rows(LIVE) == []


async def test_rv_13_neither_side_alone_is_enough(protocol: ProtocolWorld) -> None:
    tokens = await protocol.connect(protocol.web, scope="invoicing:write")

    # Approved, and not held by Bo; held by Bo, and not approved; neither.
    assert await protocol.why_refused(tokens.access_token, "invoice.send") is Reason.USER_LACKS_PERMISSION
    assert await protocol.why_refused(tokens.access_token, "client.read") is Reason.SCOPE_NOT_GRANTED
    assert await protocol.why_refused(tokens.access_token, "payment_instruction.write") is Reason.USER_LACKS_PERMISSION


async def test_rv_13_a_sensitive_permission_is_reached_by_no_scope_even_for_an_owner(protocol: ProtocolWorld) -> None:
    owner = await protocol.add_member("owner@acme.test", "owner")
    tokens = await protocol.connect(protocol.web, user_id=owner)

    for permission in ("payment_instruction.write", "oauth_app.manage", "api_key.manage", "member.manage"):
        assert await protocol.why_refused(tokens.access_token, permission) is Reason.SCOPE_NOT_GRANTED


async def test_an_app_that_was_narrowed_meanwhile_gets_what_is_left_and_the_audit_names_that(
    protocol: ProtocolWorld,
) -> None:
    opened = await protocol.open_request(protocol.web, scope="invoicing:write contacts:read")
    client_id = protocol.web.app.client_id
    await protocol.deeds.app_registry.edit(OPERATOR, client_id, AppChange(optional_scopes=("invoicing:read",)))

    code = await protocol.answer(opened)

    assert await protocol.rows("SELECT scope FROM authorization_codes") == [("invoicing:write",)]
    assert await protocol.rows("SELECT scopes, declined_scopes FROM connections") == [("invoicing:write", "")]
    events = await protocol.rows("SELECT details FROM events WHERE kind = 'connection.approved'")
    assert [json.loads(details)["scope"] for (details,) in events] == ["invoicing:write"]
    assert str((await protocol.exchange(protocol.web, code)).scope) == "invoicing:write"


async def test_an_app_that_lost_all_that_was_put_to_the_user_gets_nothing(protocol: ProtocolWorld) -> None:
    opened = await protocol.open_request(protocol.web, scope="invoicing:read contacts:read")
    client_id = protocol.web.app.client_id
    narrow = AppChange(required_scopes=("contacts:write",), optional_scopes=())
    await protocol.deeds.app_registry.edit(OPERATOR, client_id, narrow)

    with pytest.raises(ConflictError):
        await protocol.answer(opened)

    assert await protocol.rows("SELECT id FROM connections") == []
    assert await protocol.rows("SELECT id FROM authorization_codes") == []


async def test_consent_given_before_answers_for_no_more_than_the_app_still_has(protocol: ProtocolWorld) -> None:
    asked = "invoicing:write contacts:read"
    await protocol.connect(protocol.web, scope=asked)
    opened = await protocol.open_request(protocol.web, scope=asked)
    assert opened.offer.remembered
    client_id = protocol.web.app.client_id
    await protocol.deeds.app_registry.edit(OPERATOR, client_id, AppChange(optional_scopes=()))

    code = await protocol.deeds.consent.answer_remembered(opened.to, opened.asked, opened.offer)

    assert code is not None
    assert str((await protocol.exchange(protocol.web, code.reveal())).scope) == "invoicing:write"
    scopes = await protocol.rows("SELECT scope FROM authorization_codes ORDER BY issued_at, id")
    assert sorted(scopes) == [("contacts:read invoicing:write",), ("invoicing:write",)]


@pytest.mark.parametrize(
    ("changes", "remembered"),
    [
        ({}, True),
        ({"origin": AppOrigin.DYNAMIC}, True),
        ({"origin": AppOrigin.DYNAMIC, "type": AppType.PUBLIC}, False),
        ({"origin": AppOrigin.DYNAMIC, "updated_at": LATER}, False),
        ({"origin": AppOrigin.DOCUMENT, "redirect_uris": ("https://one.test/cb", "https://two.test/cb")}, False),
        ({"origin": AppOrigin.DOCUMENT, "redirect_uris": ("http://127.0.0.1/cb",)}, False),
        ({"origin": AppOrigin.DOCUMENT, "redirect_uris": ("com.example.app:/cb",)}, False),
    ],
)
async def test_c_26_consent_to_what_registered_itself_is_remembered_only_while_nothing_about_it_changed(
    protocol: ProtocolWorld, changes: dict[str, Any], *, remembered: bool
) -> None:
    await protocol.connect(protocol.web)
    opened = await protocol.open_request(protocol.web)
    app = replace(protocol.web.app, **changes)

    assert is_consent_remembered(app, opened.asked.scope, opened.offer.connection, Scope()) is remembered
