"""An organisation refuses apps that registered themselves: none is connected, none works, and nothing is lost by it."""

import pytest

from consentry.model.access import Reason, Refused
from consentry.model.acting import Acting, member
from consentry.model.app import AppOrigin
from consentry.model.explanation import PartKind, PartState
from consentry.model.faults import ConflictError, NotFoundError, PermissionMissingError
from consentry.model.ids import OrganisationId
from consentry.model.organisation import UnverifiedApps
from consentry.oauth.errors import ErrorCode
from device_world import build_device_world
from people_builders import OPERATOR
from protocol_world import ProtocolWorld, refused

BOTH = [AppOrigin.DYNAMIC, AppOrigin.DOCUMENT]


async def say(
    protocol: ProtocolWorld,
    said: UnverifiedApps,
    *,
    acting: Acting = OPERATOR,
    organisation_id: OrganisationId | None = None,
) -> None:
    set_said = protocol.deeds.people.organisations.set_unverified_apps
    await set_said(acting, organisation_id or protocol.acme, said)


async def came_by(protocol: ProtocolWorld, origin: AppOrigin) -> None:
    """Let both apps of the world be ones that nobody registered."""
    await protocol.run("UPDATE apps SET origin = $1", origin)


@pytest.mark.parametrize("origin", BOTH)
async def test_c_33_what_was_given_is_refused_at_once_and_works_again_when_it_is_allowed(
    protocol: ProtocolWorld, origin: AppOrigin
) -> None:
    tokens = await protocol.connect(protocol.tool)
    code = await protocol.approve(protocol.tool)
    await came_by(protocol, origin)

    await say(protocol, UnverifiedApps.REFUSED)
    while_refused = await protocol.why_refused(tokens.access_token)
    with refused(ErrorCode.ACCESS_DENIED):
        await protocol.refresh(protocol.tool, tokens.refresh_token)
    with refused(ErrorCode.ACCESS_DENIED):
        await protocol.exchange(protocol.tool, code)
    await say(protocol, UnverifiedApps.ALLOWED)

    assert while_refused is Reason.ORG_POLICY
    assert await protocol.why_refused(tokens.access_token) is None
    again = await protocol.refresh(protocol.tool, tokens.refresh_token)
    assert await protocol.why_refused(again.access_token) is None
    assert await protocol.why_refused((await protocol.exchange(protocol.tool, code)).access_token) is None


async def test_a_registered_app_and_other_organisations_do_not_notice(protocol: ProtocolWorld) -> None:
    other = (await protocol.deeds.people.organisations.create(OPERATOR, "Other Books")).id
    await protocol.deeds.people.members.set(OPERATOR, other, protocol.bo, ["bookkeeper"])
    registered = await protocol.connect(protocol.web)
    elsewhere = await protocol.connect(protocol.tool, organisation_id=other)
    here = await protocol.connect(protocol.tool)
    await protocol.run("UPDATE apps SET origin = 'dynamic' WHERE id = $1", protocol.tool.app.id)

    await say(protocol, UnverifiedApps.REFUSED)

    refusals = [await protocol.why_refused(tokens.access_token) for tokens in (registered, elsewhere, here)]
    assert refusals == [None, None, Reason.ORG_POLICY]


async def test_an_app_that_was_deactivated_too_is_told_that(protocol: ProtocolWorld) -> None:
    tokens = await protocol.connect(protocol.tool)
    await came_by(protocol, AppOrigin.DYNAMIC)
    await say(protocol, UnverifiedApps.REFUSED)
    await protocol.run("UPDATE apps SET status = 'deactivated'")

    assert await protocol.why_refused(tokens.access_token) is Reason.APP_SUSPENDED


@pytest.mark.parametrize("origin", BOTH)
async def test_nobody_can_approve_such_an_app_and_no_consent_of_before_answers_for_it(
    protocol: ProtocolWorld, origin: AppOrigin
) -> None:
    await protocol.connect(protocol.web)
    before = await protocol.open_request(protocol.web)
    await protocol.run("UPDATE apps SET origin = $1", origin)
    await say(protocol, UnverifiedApps.REFUSED)
    holder = await protocol.deeds.people.find_holder(protocol.acme, protocol.bo)
    assert holder is not None
    app = await protocol.deeds.authorize.apps.find_app(protocol.web.app.client_id)
    assert app is not None

    offer = await protocol.deeds.consent.offer_of(app, before.offer.asked, holder, insists=False)

    assert before.offer.remembered
    assert (offer.refused, offer.remembered) == (True, False)
    with pytest.raises(ConflictError, match="registered themselves"):
        await protocol.deeds.consent.approve(before.pending, before.to, before.asked, offer, ["invoicing:write"])


async def test_a_device_of_such_an_app_is_not_connected(protocol: ProtocolWorld) -> None:
    devices = await build_device_world(protocol)
    codes, approved = await devices.ask(), await devices.ask()
    await devices.approve(approved.user_code)
    await came_by(protocol, AppOrigin.DYNAMIC)
    await say(protocol, UnverifiedApps.REFUSED)

    entered = await devices.enter(codes.user_code)

    assert entered.offer.refused
    with pytest.raises(ConflictError, match="registered themselves"):
        await devices.answer(entered)
    with refused(ErrorCode.ACCESS_DENIED):
        await devices.poll(approved.device_code)
    await say(protocol, UnverifiedApps.ALLOWED)
    assert (await devices.poll(approved.device_code)).access_token


async def test_the_pages_and_explanations_say_why_nothing_works(protocol: ProtocolWorld) -> None:
    tokens = await protocol.connect(protocol.tool)
    access = await protocol.access(tokens.access_token)
    assert access.connection_id is not None
    await came_by(protocol, AppOrigin.DYNAMIC)
    await say(protocol, UnverifiedApps.REFUSED)
    own = member(protocol.bo, protocol.acme, frozenset())

    [today] = await protocol.deeds.connections.list_own(own, after=None, limit=5)
    told = await protocol.deeds.explain_access.explain(OPERATOR, access.connection_id)

    assert today.paused is Reason.ORG_POLICY
    assert [(part.kind, part.state) for part in told.parts if part.state is not PartState.ACTIVE] == [
        (PartKind.APP, PartState.REFUSED)
    ]
    assert isinstance(told.refused, Refused)
    assert told.refused.reason is Reason.ORG_POLICY


async def test_an_administrator_says_it_for_the_own_organisation_and_nobody_else(protocol: ProtocolWorld) -> None:
    other = (await protocol.deeds.people.organisations.create(OPERATOR, "Other Books")).id
    administrator = member(protocol.bo, protocol.acme, frozenset({"oauth_app.manage"}))

    await say(protocol, UnverifiedApps.REFUSED, acting=administrator)
    with pytest.raises(NotFoundError):
        await say(protocol, UnverifiedApps.REFUSED, acting=administrator, organisation_id=other)
    with pytest.raises(PermissionMissingError, match=r"oauth_app\.manage"):
        await say(protocol, UnverifiedApps.ALLOWED, acting=member(protocol.bo, protocol.acme, frozenset()))

    said = await protocol.rows("SELECT name, unverified_apps FROM organisations ORDER BY name")
    assert dict(said) | {"Ledgerly Ltd": ""} == {"Acme Books": "refused", "Ledgerly Ltd": "", "Other Books": "allowed"}


async def test_the_change_is_one_event_and_saying_it_again_is_none(protocol: ProtocolWorld) -> None:
    for _ in range(2):
        await say(protocol, UnverifiedApps.REFUSED)

    events = await protocol.rows("SELECT subject, details FROM events WHERE kind = 'organisation.changed'")
    assert [(subject, details) for subject, details in events] == [(protocol.acme, '{"unverified_apps":"refused"}')]
