"""An app that acts for the organisation that owns it, as deeds over either engine. RFC 6749 §4.4."""

from datetime import timedelta

import pytest

from consentry.flows.housekeeping import ROWS_PER_BATCH
from consentry.model.access import Access, Reason
from consentry.model.acting import Acting, member
from consentry.model.app import AppType
from consentry.model.app_draft import AppChange
from consentry.model.event import EventKind
from consentry.model.faults import ConflictError, InvalidInputError, NotFoundError, PermissionMissingError
from consentry.model.ids import OrganisationId
from consentry.model.organisation import Standing
from consentry.model.service_member import service_email, service_user_id
from consentry.oauth.client_metadata import CLIENT_CREDENTIALS, ClientMetadata
from consentry.oauth.errors import ErrorCode
from protocol_world import OPERATOR, Party, ProtocolWorld, outcomes, refused
from small_world import FixedClock

MANAGER = frozenset({"oauth_app.manage", "member.manage", "invoice.read", "invoice.write", "client.read"})


@pytest.fixture
async def robot(protocol: ProtocolWorld) -> Party:
    """A confidential app of Ledgerly's, which may act for it."""
    party = await protocol.add_app(
        name="Robot", required_scopes=("invoicing:write",), optional_scopes=("contacts:read",)
    )
    await protocol.deeds.services.members.allow(OPERATOR, party.app.client_id)
    return party


def manager(protocol: ProtocolWorld, permissions: frozenset[str] = MANAGER) -> Acting:
    return member(protocol.bo, owner_of(protocol), permissions)


def owner_of(protocol: ProtocolWorld) -> OrganisationId:
    return protocol.web.app.organisation_id


async def token_of(protocol: ProtocolWorld, party: Party, **fields: str) -> str:
    return (await protocol.token(party, grant_type="client_credentials", **fields)).access_token


@pytest.mark.shows("RFC 6749 §4.4.3 no-refresh-token")
async def test_the_app_gets_an_access_token_and_no_refresh_token(protocol: ProtocolWorld, robot: Party) -> None:
    answer = await protocol.token(robot, grant_type="client_credentials")

    access = await protocol.access(answer.access_token)
    assert answer.refresh_token is None
    assert "refresh_token" not in answer.to_json_object()
    assert str(answer.scope) == "contacts:read invoicing:write"
    assert answer.expires_in == 3600
    assert access.permissions == {"invoice.read", "invoice.write", "invoice.send", "client.read"}
    assert access.organisation_id == owner_of(protocol)
    assert access.user_id == service_user_id(robot.app.id)
    assert access.client_id == robot.app.client_id


@pytest.mark.shows("RFC 6749 §4.4.2")
async def test_the_app_may_ask_for_less_and_not_for_more(protocol: ProtocolWorld, robot: Party) -> None:
    access = await protocol.access(await token_of(protocol, robot, scope="contacts:read"))

    assert access.permissions == {"client.read"}
    for scope in ("contacts:write", "unknown:read"):
        with refused(ErrorCode.INVALID_SCOPE):
            await token_of(protocol, robot, scope=scope)


@pytest.mark.shows("RFC 8707 §2.2")
async def test_the_token_is_for_the_api_that_was_named(protocol: ProtocolWorld, robot: Party) -> None:
    api, other = "https://api.books.test", "https://other.books.test"
    for name, identifier in (("Books", api), ("Other", other)):
        await protocol.deeds.resources.register(OPERATOR, name, identifier)

    token = await token_of(protocol, robot, resource=api)

    assert isinstance(await protocol.check(token, resource=api), Access)
    assert not isinstance(await protocol.check(token, resource=other), Access)
    with refused(ErrorCode.INVALID_TARGET):
        await token_of(protocol, robot, resource="https://unknown.test")


@pytest.mark.shows("RFC 6749 §5.2")
async def test_tk_12_an_app_that_is_not_registered_for_the_grant_is_refused(protocol: ProtocolWorld) -> None:
    with refused(ErrorCode.UNAUTHORIZED_CLIENT):
        await token_of(protocol, protocol.web)


async def test_tk_12_an_app_that_nobody_lets_act_is_refused(protocol: ProtocolWorld) -> None:
    party = await protocol.add_app(metadata={"grant_types": [CLIENT_CREDENTIALS]}, redirect_uris=())

    with refused(ErrorCode.UNAUTHORIZED_CLIENT):
        await token_of(protocol, party)


@pytest.mark.shows("OAuth 2.1 §4.2 confidential-only")
@pytest.mark.shows("RFC 6749 §4.4 confidential-only")
async def test_a_public_app_cannot_be_let_act(protocol: ProtocolWorld) -> None:
    with pytest.raises(InvalidInputError):
        await protocol.deeds.services.members.allow(OPERATOR, protocol.tool.app.client_id)
    with pytest.raises(InvalidInputError):
        await protocol.add_app(type=AppType.PUBLIC, metadata={"grant_types": [CLIENT_CREDENTIALS]})


async def test_allowing_needs_whoever_manages_apps_and_members(protocol: ProtocolWorld) -> None:
    members, client_id = protocol.deeds.services.members, protocol.web.app.client_id

    for missing in ("oauth_app.manage", "member.manage"):
        with pytest.raises(PermissionMissingError):
            await members.allow(manager(protocol, MANAGER - {missing}), client_id)
    with pytest.raises(NotFoundError):
        await members.allow(member(protocol.bo, protocol.acme, MANAGER), client_id)


async def test_the_app_gets_no_more_than_whoever_allows_it_holds(protocol: ProtocolWorld) -> None:
    await protocol.deeds.services.members.allow(manager(protocol), protocol.web.app.client_id)

    access = await protocol.access(await token_of(protocol, protocol.web))

    assert access.permissions == {"invoice.read", "invoice.write", "client.read"}


async def test_one_who_holds_nothing_of_it_cannot_allow_it(protocol: ProtocolWorld) -> None:
    holding_nothing = frozenset({"oauth_app.manage", "member.manage"})

    with pytest.raises(InvalidInputError):
        await protocol.deeds.services.members.allow(manager(protocol, holding_nothing), protocol.web.app.client_id)


async def test_the_member_is_in_the_list_of_people_and_cannot_sign_in(protocol: ProtocolWorld, robot: Party) -> None:
    people = await protocol.deeds.people.members.page(OPERATOR, owner_of(protocol), after=None, limit=10)

    assert [one.user.email for one in people] == [service_email(robot.app.id)]
    assert people[0].user.name == "Robot"
    rows = await protocol.rows("SELECT password_hash, service_of FROM users WHERE id = $1", people[0].user.id)
    assert rows == [(None, robot.app.id)]


async def test_an_administrator_sees_the_connection_and_can_end_it(protocol: ProtocolWorld, robot: Party) -> None:
    token = await token_of(protocol, robot)
    listed = await protocol.deeds.connections.list_all(OPERATOR, owner_of(protocol))

    await protocol.deeds.connections.end(OPERATOR, listed[0].details.connection.id)

    assert [one.details.user_name for one in listed] == ["Robot"]
    assert await protocol.why_refused(token) is Reason.REVOKED
    with refused(ErrorCode.UNAUTHORIZED_CLIENT):
        await token_of(protocol, robot)
    assert await protocol.deeds.services.members.find(OPERATOR, robot.app.client_id) is None


async def test_stopping_and_allowing_again_revives_no_token(protocol: ProtocolWorld, robot: Party) -> None:
    members, client_id = protocol.deeds.services.members, robot.app.client_id
    before = await token_of(protocol, robot)

    for _ in range(2):
        await members.stop(OPERATOR, client_id)
    await members.allow(OPERATOR, client_id)

    assert await protocol.why_refused(before) is Reason.REVOKED
    assert await protocol.why_refused(await token_of(protocol, robot)) is None


async def test_suspending_the_member_stops_the_app_and_allowing_it_again_does_not_reinstate(
    protocol: ProtocolWorld, robot: Party
) -> None:
    token, user_id = await token_of(protocol, robot), service_user_id(robot.app.id)
    people = protocol.deeds.people.members

    await people.set_standing(OPERATOR, owner_of(protocol), user_id, Standing.SUSPENDED)
    assert await protocol.why_refused(token) is Reason.MEMBER_SUSPENDED
    await protocol.deeds.services.members.allow(OPERATOR, robot.app.client_id)
    with refused(ErrorCode.UNAUTHORIZED_CLIENT):
        await token_of(protocol, robot)

    await people.set_standing(OPERATOR, owner_of(protocol), user_id, Standing.ACTIVE)
    assert await protocol.why_refused(token) is None


async def test_removing_the_member_stops_the_app(protocol: ProtocolWorld, robot: Party) -> None:
    token = await token_of(protocol, robot)

    await protocol.deeds.people.members.remove(OPERATOR, owner_of(protocol), service_user_id(robot.app.id))

    assert await protocol.why_refused(token) is Reason.MEMBER_REMOVED
    with refused(ErrorCode.UNAUTHORIZED_CLIENT):
        await token_of(protocol, robot)


async def test_narrowing_the_member_or_the_app_narrows_tokens_at_once(protocol: ProtocolWorld, robot: Party) -> None:
    token, user_id = await token_of(protocol, robot), service_user_id(robot.app.id)

    await protocol.deeds.people.members.set(OPERATOR, owner_of(protocol), user_id, ["reader"], ["invoice.read"])
    assert (await protocol.access(token)).permissions == {"invoice.read"}
    assert str((await protocol.token(robot, grant_type="client_credentials")).scope) == "invoicing:write"

    change = AppChange(required_scopes=("contacts:read",), optional_scopes=())
    await protocol.deeds.app_registry.edit(OPERATOR, robot.app.client_id, change)
    assert (await protocol.access(token)).permissions == frozenset()
    with refused(ErrorCode.INVALID_SCOPE):
        await token_of(protocol, robot)


async def test_deactivating_the_app_stops_it(protocol: ProtocolWorld, robot: Party) -> None:
    token = await token_of(protocol, robot)

    await protocol.deeds.app_registry.deactivate(OPERATOR, robot.app.client_id)

    assert await protocol.why_refused(token) is Reason.APP_SUSPENDED
    with pytest.raises(ConflictError):
        await protocol.deeds.services.members.allow(OPERATOR, robot.app.client_id)


async def test_deleting_the_app_ends_all_of_it(protocol: ProtocolWorld, robot: Party) -> None:
    token = await token_of(protocol, robot)

    await protocol.deeds.app_registry.delete(OPERATOR, robot.app.client_id, confirm_name=None)

    found = await protocol.deeds.people.members.get(OPERATOR, owner_of(protocol), service_user_id(robot.app.id))
    assert await protocol.why_refused(token) is Reason.REVOKED
    assert found.member.standing is Standing.SUSPENDED


async def test_scopes_that_the_app_got_since_need_the_administrator_again(
    protocol: ProtocolWorld, robot: Party
) -> None:
    change = AppChange(optional_scopes=("contacts:read", "contacts:write"))
    await protocol.deeds.app_registry.edit(OPERATOR, robot.app.client_id, change)
    with refused(ErrorCode.INVALID_SCOPE):
        await token_of(protocol, robot, scope="contacts:write")

    await protocol.deeds.services.members.allow(OPERATOR, robot.app.client_id)

    access = await protocol.access(await token_of(protocol, robot, scope="contacts:write"))
    assert access.permissions == {"client.read", "client.write"}


async def test_scopes_about_a_person_mean_nothing_for_an_app(protocol: ProtocolWorld) -> None:
    party = await protocol.add_app(required_scopes=("openid", "contacts:read"), optional_scopes=())
    await protocol.deeds.services.members.allow(OPERATOR, party.app.client_id)

    assert str((await protocol.token(party, grant_type="client_credentials")).scope) == "contacts:read"
    with refused(ErrorCode.INVALID_SCOPE):
        await token_of(protocol, party, scope="openid")


async def test_all_tokens_of_an_app_hang_on_one_family(protocol: ProtocolWorld, robot: Party) -> None:
    tokens, _ = await outcomes(*[token_of(protocol, robot) for _ in range(5)])

    assert len(set(tokens)) == 5
    assert len(await protocol.rows("SELECT id FROM token_families")) == 1


async def test_a_family_that_was_swept_away_is_opened_again(
    protocol: ProtocolWorld, robot: Party, clock: FixedClock
) -> None:
    await token_of(protocol, robot)
    clock.pass_time(timedelta(days=400))
    assert 1 <= await protocol.deeds.housekeeping.sweep_once() < ROWS_PER_BATCH

    assert await protocol.why_refused(await token_of(protocol, robot)) is None


async def test_the_audit_tells_who_let_the_app_act_and_with_what(protocol: ProtocolWorld) -> None:
    await protocol.deeds.services.members.allow(manager(protocol), protocol.web.app.client_id)

    events = await protocol.deeds.audit.page(OPERATOR, owner_of(protocol), before=None, limit=10)
    event = next(one for one in events if one.kind is EventKind.APP_MAY_ACT)
    assert event.subject == protocol.web.app.id
    assert event.actor.user_id == protocol.bo
    assert event.details["permissions"] == "client.read invoice.read invoice.write"


async def test_nobody_makes_the_user_of_an_app_by_hand(protocol: ProtocolWorld) -> None:
    users = protocol.deeds.people.users

    with pytest.raises(InvalidInputError):
        await users.create(OPERATOR, service_email(protocol.web.app.id))


@pytest.mark.shows("RFC 6749 §5.2")
async def test_tk_12_every_grant_needs_its_registration(protocol: ProtocolWorld) -> None:
    tokens = await protocol.connect(protocol.web)
    code = await protocol.approve(protocol.web)
    change = AppChange(metadata={"grant_types": [CLIENT_CREDENTIALS]})
    await protocol.deeds.app_registry.edit(OPERATOR, protocol.web.app.client_id, change)

    with refused(ErrorCode.UNAUTHORIZED_CLIENT):
        await protocol.refresh(protocol.web, tokens.refresh_token)
    with refused(ErrorCode.UNAUTHORIZED_CLIENT):
        await protocol.exchange(protocol.web, code)
    with refused(ErrorCode.UNAUTHORIZED_CLIENT):
        await protocol.open_request(protocol.web)


async def test_an_app_without_the_refresh_grant_gets_no_refresh_token(protocol: ProtocolWorld) -> None:
    party = await protocol.add_app(metadata={"grant_types": ["authorization_code"]})

    assert (await protocol.connect(party)).refresh_token is None
    assert party.app.metadata == ClientMetadata(grant_types=("authorization_code",))
