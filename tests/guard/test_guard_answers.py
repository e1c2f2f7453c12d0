"""What a guarded API tells each kind of caller, whatever serves the API."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from guard_calls import ADDRESS, API
from guard_world import OPERATOR, GuardWorld, connect
from products import call_everywhere

from app_builders import writing
from consentry.model.app_draft import AppChange
from consentry.model.organisation import Standing
from consentry.storage.database import Statement

Deed = Callable[[GuardWorld], Awaitable[object]]
CHALLENGE = f'Bearer realm="consentry", resource_metadata="{API}/.well-known/oauth-protected-resource"'
EITHER = f'{CHALLENGE}, DPoP algs="ES256 RS256 PS256 EdDSA"'


async def test_a_valid_token_is_let_through_with_its_organisation(world: GuardWorld) -> None:
    told = await call_everywhere(world, await world.token())

    assert (told.status, told.body) == (200, {"organisation": world.organisation_id})


@pytest.mark.shows("RFC 6750 §3.1 nothing-sent", "RFC 6750 §3 challenge")
async def test_a_call_without_a_credential_is_told_the_scheme_and_no_error(world: GuardWorld) -> None:
    told = await call_everywhere(world, None)

    assert (told.status, told.challenge, told.caching) == (401, EITHER, "no-store")
    assert (told.body["reason"], told.body["missing"]) == ("credential_missing", "token")


async def test_another_scheme_is_no_credential(world: GuardWorld) -> None:
    told = await call_everywhere(world, None, headers=[("Authorization", "Basic YTpi")])

    assert (told.status, told.challenge) == (401, EITHER)


@pytest.mark.shows("RFC 6750 §5.3 not-in-cookie")
@pytest.mark.parametrize("name", ["access_token", "Authorization", "token", "Bearer"])
async def test_a_credential_in_a_cookie_is_none(world: GuardWorld, name: str) -> None:
    told = await call_everywhere(world, None, headers=[("Cookie", f"{name}={await world.token()}")])

    assert (told.status, told.body["reason"]) == (401, "credential_missing")


@pytest.mark.shows("RFC 6750 §3.1 invalid-request")
@pytest.mark.parametrize(
    "headers",
    [
        [("Authorization", "Bearer one"), ("Authorization", "Bearer two")],
        [("Authorization", "Bearer one, Bearer two")],
        [("Authorization", "Bearer")],
        [("Authorization", "Bearer a b")],
        [("Authorization", "Bearer " + "a" * 5000)],
    ],
)
async def test_a_malformed_request_is_a_bad_request(world: GuardWorld, headers: list[tuple[str, str]]) -> None:
    told = await call_everywhere(world, None, headers=headers)

    assert (told.status, told.body["error"], told.body["reason"]) == (400, "invalid_request", "malformed_request")


@pytest.mark.shows("RFC 6750 §2 one-way")
async def test_two_good_credentials_at_once_are_refused(world: GuardWorld) -> None:
    token, (_, key) = await world.token(), await world.key()

    told = await call_everywhere(world, None, headers=[("Authorization", f"Bearer {t}") for t in (token, key)])

    assert (told.status, told.body["error"]) == (400, "invalid_request")


@pytest.mark.shows("RFC 6750 §5.3 not-in-address", "OAuth 2.1 §5.1 no-query")
@pytest.mark.parametrize("name", ["access_token", "api_key", "%61ccess_token", "key"])
async def test_tn_10_a_credential_in_the_address_is_refused_even_beside_a_good_one(
    world: GuardWorld, name: str
) -> None:
    token, (_, key) = await world.token(), await world.key()

    alone = await call_everywhere(world, None, query=f"?page=1&{name}={key}")
    beside = await call_everywhere(world, token, query=f"?{name}={key}")

    assert {alone.status, beside.status} == {400}
    assert key not in str(alone.body)


async def test_a_query_that_holds_no_credential_is_the_products_own_business(world: GuardWorld) -> None:
    told = await call_everywhere(world, await world.token(), query="?api_key=of-something-else&status=sent&%ff&=")

    assert told.status == 200


@pytest.mark.shows("RFC 6750 §3.1 invalid-token")
@pytest.mark.parametrize(
    ("bearer", "reason"),
    [
        ("abc", "malformed_credential"),
        ("cst_at_" + "0" * 71, "malformed_credential"),
        ("cst_key_x", "malformed_credential"),
    ],
)
async def test_a_text_that_is_no_credential_is_an_invalid_token(world: GuardWorld, bearer: str, reason: str) -> None:
    told = await call_everywhere(world, bearer)

    assert (told.status, told.body["error"], told.body["reason"]) == (401, "invalid_token", reason)
    assert told.challenge is not None
    assert 'error="invalid_token"' in told.challenge


async def test_a_token_that_nobody_issued_is_unknown(world: GuardWorld) -> None:
    token = await world.token()
    await world.deeds.database.write(writing, Statement("DELETE FROM access_tokens", ()))

    told = await call_everywhere(world, token)

    assert (told.status, told.body["reason"]) == (401, "unknown_credential")


async def test_rt_07_a_refresh_token_opens_no_api(world: GuardWorld) -> None:
    told = await call_everywhere(world, "cst_rt_" + "0" * 99)

    assert (told.status, told.body["error"]) == (401, "invalid_token")


async def _end_connection(world: GuardWorld) -> None:
    await world.deeds.connections.end(OPERATOR, world.connection_id)


async def _deactivate_app(world: GuardWorld) -> None:
    await world.deeds.app_registry.deactivate(OPERATOR, world.app_id)


async def _suspend_member(world: GuardWorld) -> None:
    await world.deeds.people.members.set_standing(OPERATOR, world.organisation_id, world.user_id, Standing.SUSPENDED)


async def _remove_member(world: GuardWorld) -> None:
    await world.deeds.people.members.remove(OPERATOR, world.organisation_id, world.user_id)


async def _suspend_user(world: GuardWorld) -> None:
    await world.deeds.people.users.set_standing(OPERATOR, world.user_id, Standing.SUSPENDED)


async def _suspend_organisation(world: GuardWorld) -> None:
    await world.deeds.people.organisations.set_standing(OPERATOR, world.organisation_id, Standing.SUSPENDED)


async def _let_the_token_expire(world: GuardWorld) -> None:
    world.clock.pass_time(world.settings.access_token_lifetime)


@pytest.mark.shows("RFC 6750 §3.1 invalid-token")
@pytest.mark.parametrize(
    ("deed", "reason"),
    [
        pytest.param(_let_the_token_expire, "expired", id="expired"),
        pytest.param(_end_connection, "revoked", id="rv_01_connection_ended"),
        pytest.param(_deactivate_app, "app_suspended", id="rv_12_app_deactivated"),
        pytest.param(_suspend_member, "member_suspended", id="rv_11_member_suspended"),
        pytest.param(_remove_member, "member_removed", id="rv_11_member_removed"),
        pytest.param(_suspend_user, "user_suspended", id="rv_11_user_suspended"),
        pytest.param(_suspend_organisation, "organisation_suspended", id="organisation_suspended"),
    ],
)
async def test_rv_01_11_12_a_token_that_worked_is_refused_on_the_very_next_call(
    world: GuardWorld, deed: Deed, reason: str
) -> None:
    token = await world.token()
    before = await call_everywhere(world, token)

    await deed(world)
    after = await call_everywhere(world, token)

    assert before.status == 200
    assert (after.status, after.body["error"], after.body["reason"]) == (401, "invalid_token", reason)
    assert after.body["missing"] == "token"


@pytest.mark.parametrize(
    ("deed", "reason"),
    [
        (_suspend_member, "member_suspended"),
        (_remove_member, "member_removed"),
        (_suspend_user, "user_suspended"),
        (_suspend_organisation, "organisation_suspended"),
    ],
)
async def test_rv_11_an_api_key_stops_with_its_owner(world: GuardWorld, deed: Deed, reason: str) -> None:
    _, key = await world.key()
    before = await call_everywhere(world, key)

    await deed(world)
    after = await call_everywhere(world, key)

    assert (before.status, after.status, after.body["reason"]) == (200, 401, reason)


async def test_rv_09_a_narrowed_role_holds_on_the_next_call_and_is_said_to_be_the_users_side(
    world: GuardWorld,
) -> None:
    token = await world.token()
    await world.deeds.people.roles.set(OPERATOR, world.organisation_id, "clerk", ["client.read"])
    before = await call_everywhere(world, token)

    await world.set_role("clerk")
    after = await call_everywhere(world, token)

    assert (before.status, after.status) == (200, 403)
    assert after.body["error"] == "access_denied"
    assert after.body["reason"] == "user_lacks_permission"
    assert (after.body["missing"], after.body["permission"]) == ("user_permission", "invoice.read")
    assert "scope" not in after.body
    assert after.challenge is not None
    assert "insufficient_scope" not in after.challenge


async def test_rv_10_a_scope_taken_from_the_app_is_taken_from_its_tokens(world: GuardWorld) -> None:
    token = await world.token()

    change = AppChange(required_scopes=("contacts:write",))
    await world.deeds.app_registry.edit(OPERATOR, world.app_id, change)
    told = await call_everywhere(world, token)

    assert (told.status, told.body["reason"]) == (403, "app_lacks_scope")


@pytest.mark.shows("RFC 6750 §3.1 insufficient-scope")
async def test_rv_13_a_missing_scope_can_be_asked_for(world: GuardWorld) -> None:
    token = await world.token(scope="")

    told = await call_everywhere(world, token)

    assert (told.status, told.body["error"]) == (403, "insufficient_scope")
    # The narrowest that the app may ask for: it is not registered for invoicing:read.
    assert (told.body["scope"], told.body["missing"]) == ("invoicing:write", "scope")
    assert told.challenge is not None
    assert 'error="insufficient_scope"' in told.challenge
    assert 'scope="invoicing:write"' in told.challenge


async def test_rv_13_a_scope_that_the_app_may_not_ask_for_is_never_named(world: GuardWorld) -> None:
    await world.set_role("owner")
    token = await world.token()
    await world.deeds.app_registry.edit(OPERATOR, world.app_id, AppChange(required_scopes=("invoicing:write",)))

    told = await call_everywhere(world, token, "/mailings")

    assert (told.status, told.body["error"], told.body["reason"]) == (403, "access_denied", "app_lacks_scope")
    assert (told.body["missing"], told.body["permission"]) == ("app_scope", "client.write")
    assert "scope" not in told.body
    assert told.challenge is not None
    assert " scope=" not in told.challenge


async def test_all_scopes_of_an_operation_are_named_at_once_with_those_in_use(world: GuardWorld) -> None:
    await world.set_role("owner")

    partly = await call_everywhere(world, await world.token(scope="invoicing:write"), "/mailings")
    nothing = await call_everywhere(world, await world.token(scope=""), "/mailings")

    assert {told.body["error"] for told in (partly, nothing)} == {"insufficient_scope"}
    assert {told.body["scope"] for told in (partly, nothing)} == {"contacts:write invoicing:write"}
    assert (partly.body["permission"], nothing.body["permission"]) == ("client.write", "invoice.send client.write")


async def test_rv_13_what_the_user_lacks_is_said_before_what_the_app_could_ask_for(world: GuardWorld) -> None:
    told = await call_everywhere(world, await world.token(scope=""), "/mailings")

    assert (told.status, told.body["error"]) == (403, "access_denied")
    assert told.body["reason"] == "user_lacks_permission"


async def test_a_permission_that_no_scope_reaches_cannot_be_asked_for(world: GuardWorld) -> None:
    await world.set_role("owner")

    told = await call_everywhere(world, await world.token(), "/payments")

    assert (told.status, told.body["error"], told.body["reason"]) == (403, "access_denied", "scope_not_granted")
    assert "scope" not in told.body


async def test_tn_07_an_api_key_does_what_it_was_given_and_no_more(world: GuardWorld) -> None:
    await world.set_role("owner")
    _, key = await world.key("invoice.read")

    allowed = await call_everywhere(world, key)
    refused = await call_everywhere(world, key, "/payments")

    assert allowed.status == 200
    assert (refused.status, refused.body["error"]) == (403, "access_denied")
    assert (refused.body["reason"], refused.body["missing"]) == ("permission_not_in_key", "key_permission")


async def test_tn_07_an_expired_or_revoked_key_is_refused_at_once(world: GuardWorld) -> None:
    _, short = await world.key(lifetime=timedelta(minutes=30))
    key_id, revoked = await world.key()
    before = {(await call_everywhere(world, key)).status for key in (short, revoked)}

    world.clock.pass_time(timedelta(minutes=30))
    await world.deeds.api_keys.revoke(OPERATOR, key_id)
    after = [await call_everywhere(world, key) for key in (short, revoked)]

    assert before == {200}
    assert [(told.status, told.body["reason"]) for told in after] == [(401, "expired"), (401, "revoked")]


async def test_a_key_works_from_its_own_networks_only(world: GuardWorld) -> None:
    _, key = await world.key(networks=("203.0.113.0/24",))

    inside = await call_everywhere(world, key, address=ADDRESS)
    outside = await call_everywhere(world, key, address="198.51.100.1")
    nowhere = await call_everywhere(world, key, address="unknown")

    assert (inside.status, outside.status, nowhere.status) == (200, 401, 401)
    assert outside.body["reason"] == "address_not_allowed"


async def test_a_caller_cannot_choose_its_address_by_a_header(world: GuardWorld) -> None:
    _, key = await world.key(networks=("203.0.113.0/24",))
    headers = [("Authorization", f"Bearer {key}"), ("X-Forwarded-For", ADDRESS)]

    told = await call_everywhere(world, None, headers=headers, address="198.51.100.1")

    assert told.body["reason"] == "address_not_allowed"


async def test_tn_02_a_token_of_another_organisation_yields_that_organisation_and_never_ours(
    world: GuardWorld,
) -> None:
    people = world.deeds.people
    south = await people.organisations.create(OPERATOR, "South Books")
    eve = await people.users.create(OPERATOR, "eve@south.test")
    await people.members.set(OPERATOR, south.id, eve.id, ["bookkeeper"])
    theirs = await connect(world.deeds, 2, south.id, eve.id, world.app_id)

    told = await call_everywhere(world, await world.token(connection_id=theirs))

    assert (told.status, told.body) == (200, {"organisation": south.id})


@pytest.mark.shows("RFC 8707 §2 audience", "RFC 9728 §7.4 audience")
async def test_tn_02_a_token_for_another_api_is_refused(world: GuardWorld) -> None:
    ours = await call_everywhere(world, await world.token(resource="https://api.books.test"))
    other = await call_everywhere(world, await world.token(resource="https://payroll.test"))

    assert ours.status == 200
    assert (other.status, other.body["error"], other.body["reason"]) == (401, "invalid_token", "wrong_audience")


async def test_if_the_check_itself_fails_nobody_is_let_in(world: GuardWorld) -> None:
    token = await world.token()
    await world.guard.close()
    world.blocking.close()

    told = await call_everywhere(world, token)

    assert (told.status, told.body["error"]) == (503, "temporarily_unavailable")
    assert (told.challenge, told.caching) == (None, "no-store")
