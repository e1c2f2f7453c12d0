"""What a credential may do now, told to those who may ask. RFC 7662."""

from datetime import timedelta

import pytest

from consentry.flows.authenticate_client import TooManyAttemptsError
from consentry.model.acting import member
from consentry.model.api_key import KeyDraft
from consentry.model.organisation import ResourceServer, Standing
from consentry.oauth.client_authentication import ClientCredentials
from consentry.oauth.errors import ErrorCode, OAuthError
from consentry.oauth.responses import IntrospectionResponse
from protocol_world import ADDRESS, ISSUER, OPERATOR, ProtocolWorld, refused
from small_world import FixedClock

INACTIVE = {"active": False}
BOOKS, PAYROLL = "https://api.books.test", "https://payroll.books.test/v1"


async def resource_server(protocol: ProtocolWorld, identifier: str) -> ResourceServer:
    registered = await protocol.deeds.resources.register(OPERATOR, "Product API", identifier)
    secret = registered.client_secret.reveal()
    credentials = ClientCredentials(registered.resource.client_id, secret, "client_secret_basic")
    return await protocol.deeds.authenticate_resource_server.authenticate(credentials, address=ADDRESS)


async def introspected(protocol: ProtocolWorld, text: str | None, caller: ResourceServer | None) -> dict[str, object]:
    answer = await protocol.deeds.introspect_token.introspect(text or "", caller)
    assert isinstance(answer, IntrospectionResponse)
    return answer.to_json_object()


@pytest.mark.shows("RFC 7662 §2.2 active")
async def test_an_active_token_is_described_as_it_stands_now(protocol: ProtocolWorld, clock: FixedClock) -> None:
    tokens = await protocol.connect(protocol.web)
    books = await resource_server(protocol, BOOKS)
    access = await protocol.access(tokens.access_token)

    assert await introspected(protocol, tokens.access_token, books) == {
        "active": True,
        "scope": "contacts:read invoicing:read invoicing:write",
        "client_id": protocol.web.app.client_id,
        "token_type": "Bearer",
        "exp": int((clock.present + timedelta(hours=1)).timestamp()),
        "iat": int(clock.present.timestamp()),
        "sub": protocol.bo,
        "iss": ISSUER,
        "permissions": ["client.read", "invoice.read", "invoice.write"],
        "organisation": protocol.acme,
        "connection": access.connection_id,
    }


@pytest.mark.shows("RFC 7662 §2.2 active", "RFC 7662 §4 checks")
async def test_rv_07_after_a_revocation_nothing_but_inactive_is_said(protocol: ProtocolWorld) -> None:
    books = await resource_server(protocol, BOOKS)
    family = await protocol.connect(protocol.web)
    alone = await protocol.connect(protocol.web)
    connection = await protocol.connect(protocol.tool)
    await protocol.revoke(protocol.web, family.refresh_token)
    await protocol.revoke(protocol.web, alone.access_token)
    await protocol.end_connection(connection.access_token)

    for tokens in (family, alone, connection):
        for caller in (books, None):
            assert await introspected(protocol, tokens.access_token, caller) == INACTIVE


@pytest.mark.shows("RFC 7662 §4 no-scanning")
async def test_rv_08_an_app_learns_of_its_own_tokens_only(protocol: ProtocolWorld) -> None:
    tokens = await protocol.connect(protocol.web)
    own = await protocol.authenticate(protocol.web.credentials)
    other = await protocol.authenticate((await protocol.add_app(name="Other")).credentials)

    for client, is_active in ((own, True), (other, False)):
        answer = await protocol.deeds.introspect_token.introspect(tokens.access_token, client)
        assert answer.active is is_active
        assert is_active or answer.to_json_object() == INACTIVE


async def test_rv_08_an_app_learns_nothing_of_an_api_key(protocol: ProtocolWorld) -> None:
    held = frozenset({"api_key.create", "invoice.read"})
    acting = member(protocol.bo, protocol.acme, held)
    shown = await protocol.deeds.api_keys.create(acting, KeyDraft("Export", ("invoice.read",), None, ()))
    text = shown.text.reveal()
    own = await protocol.authenticate(protocol.web.credentials)

    assert (await protocol.deeds.introspect_token.introspect(text, own)).to_json_object() == INACTIVE
    assert (await introspected(protocol, text, await resource_server(protocol, BOOKS)))[
        "api_key"
    ] == shown.details.key.id


@pytest.mark.shows("RFC 7662 §2.1 authenticated")
async def test_rv_08_a_resource_server_with_a_wrong_secret_or_none_may_not_ask(protocol: ProtocolWorld) -> None:
    registered = await protocol.deeds.resources.register(OPERATOR, "Product API", BOOKS)
    for client_id, secret in (
        (registered.resource.client_id, None),
        (registered.resource.client_id, protocol.web.secret),
        ("res_unknown", registered.client_secret.reveal()),
        (registered.client_secret.reveal(), registered.client_secret.reveal()),
    ):
        with refused(ErrorCode.INVALID_CLIENT):
            await protocol.deeds.authenticate_resource_server.authenticate(
                ClientCredentials(client_id, secret, "client_secret_basic"), address=ADDRESS
            )
    assert registered.client_secret.reveal()[:50] not in await protocol.dump()


async def test_tk_13_guessing_a_resource_servers_secret_is_slowed_and_its_own_secret_is_not(
    protocol: ProtocolWorld,
) -> None:
    registered = await protocol.deeds.resources.register(OPERATOR, "Product API", BOOKS)
    client_id, secret = registered.resource.client_id, registered.client_secret.reveal()
    authenticate = protocol.deeds.authenticate_resource_server.authenticate
    guess = ClientCredentials(client_id, "guess", "client_secret_basic")
    answers: list[Exception] = []
    for number in range(60):
        try:
            # One network of IPv6: it has more addresses than anybody could remember one by one.
            await authenticate(guess, address=f"2001:db8::{number:x}")
        except (OAuthError, TooManyAttemptsError) as answer:
            answers.append(answer)

    waits = [answer.retry_after for answer in answers if isinstance(answer, TooManyAttemptsError)]
    assert len(answers) == 60
    assert len(waits) >= 30
    assert all(0 < wait <= 61 for wait in waits)
    genuine = await authenticate(ClientCredentials(client_id, secret, "client_secret_basic"), address=ADDRESS)
    assert genuine.identifier == BOOKS


@pytest.mark.shows("RFC 8707 §2 audience")
async def test_mc_02_a_token_for_one_api_is_inactive_to_another(protocol: ProtocolWorld) -> None:
    books, payroll = await resource_server(protocol, BOOKS), await resource_server(protocol, PAYROLL)
    tokens = await protocol.connect(protocol.web, resource=BOOKS)

    assert (await introspected(protocol, tokens.access_token, books))["aud"] == BOOKS
    assert await introspected(protocol, tokens.access_token, payroll) == INACTIVE


async def test_rv_09_a_scope_that_the_user_no_longer_holds_anything_of_is_not_named(protocol: ProtocolWorld) -> None:
    tokens = await protocol.connect(protocol.web)

    await protocol.deeds.people.members.set(OPERATOR, protocol.acme, protocol.bo, ["reader"], ["client.read"])

    answer = await introspected(protocol, tokens.access_token, None)
    assert (answer["scope"], answer["permissions"]) == ("contacts:read", ["client.read"])


async def test_rv_11_a_suspended_users_token_is_inactive(protocol: ProtocolWorld) -> None:
    tokens = await protocol.connect(protocol.web)
    await protocol.deeds.people.users.set_standing(OPERATOR, protocol.bo, Standing.SUSPENDED)

    assert await introspected(protocol, tokens.access_token, None) == INACTIVE


@pytest.mark.parametrize("text", ["", "x", "cst_at_" + "0" * 71, "é", "\ud800", "cst_key_", "' OR 1=1 --"])
async def test_in_16_garbage_is_inactive(protocol: ProtocolWorld, text: str) -> None:
    assert await introspected(protocol, text, None) == INACTIVE


async def test_codes_refresh_tokens_and_secrets_are_inactive(protocol: ProtocolWorld) -> None:
    code = await protocol.approve(protocol.web)
    tokens = await protocol.connect(protocol.web)

    for text in (code, tokens.refresh_token, protocol.web.secret):
        assert await introspected(protocol, text, None) == INACTIVE
