"""Everything that Consentry does to its database, each thing once: what the tests of query plans listen to."""

import json
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest

from consentry.flows.access_reach import Asked, Kind
from consentry.flows.authorize import TrustedRedirect, UntrustedRequestError
from consentry.flows.fetch_document import FetchDocument
from consentry.flows.sign_in import SEEN_AGAIN_AFTER, SignedIn
from consentry.model.acting import member
from consentry.model.api_key import KeyDraft, KeyEdit, KeyOwner
from consentry.model.app_draft import AppChange
from consentry.model.ids import API_KEY, APP, ORGANISATION, RESOURCE, USER
from consentry.model.ids import OPERATOR as OPERATOR_ID
from consentry.model.organisation import Standing, UnverifiedApps
from consentry.model.registration import Registration
from consentry.model.secret import Secret
from consentry.model.what_if import MemberIsSuspended
from consentry.oauth.client_authentication import ClientCredentials
from consentry.oauth.errors import OAuthError
from consentry.oauth.parameters import Parameters
from consentry.ports.fetched_documents import KeptDocument
from consentry.ports.housekeeping import Leftover
from consentry.registration_wiring import open_client_documents
from consentry.storage.apps import SqlAppStore
from consentry.storage.database import Operation, Statement
from consentry.storage.events import EventStore
from consentry.storage.fetched_documents import SqlFetchedDocumentStore
from consentry.storage.logout import SqlLogoutStore
from device_world import DEVICE_GRANT, build_device_world
from documents_of_others import CLIENT_ID, Documents, a_document
from protocol_world import ADDRESS, CALLBACK, OPERATOR, ProtocolWorld, query_of, register
from registering_world import a_registration
from small_world import FixedClock

PASSWORD = Secret("correct horse battery")


async def do_everything(world: ProtocolWorld, clock: FixedClock) -> None:
    """Do every deed, on the world of the protocol."""
    await _people(world)
    await _sign_in(world, clock)
    await _apps(world)
    await _connections(world)
    await _credentials(world, clock)
    await _identity(world)
    await _pushed(world)
    await _acting_alone(world)
    await _devices(world)
    await _keys(world)
    await _access(world)
    await _machines(world)
    await _proofs(world, clock)
    await _registrations(world)
    await _time(world, clock)


async def _people(world: ProtocolWorld) -> None:
    people, acme, bo = world.deeds.people, world.acme, world.bo
    for after in (None, acme):
        await people.organisations.page(OPERATOR, after=after, limit=2)
    await people.organisations.named(OPERATOR, "Acme Books")
    await people.organisations.get(OPERATOR, acme)
    await people.organisations.rename(OPERATOR, acme, "Acme Books Ltd")
    await people.organisations.set_standing(OPERATOR, acme, Standing.SUSPENDED)
    await people.organisations.set_standing(OPERATOR, acme, Standing.ACTIVE)
    await people.organisations.set_unverified_apps(OPERATOR, acme, UnverifiedApps.ALLOWED)
    await people.users.page(OPERATOR, after=None, limit=2)
    await people.users.rename(OPERATOR, bo, "Bo")
    await people.users.set_standing(OPERATOR, bo, Standing.SUSPENDED)
    await people.users.set_standing(OPERATOR, bo, Standing.ACTIVE)
    await people.users.set_password(OPERATOR, bo, PASSWORD)
    await people.roles.set(OPERATOR, acme, "clerk", ["invoice.read"])
    await people.roles.list(OPERATOR, acme)
    cy = await world.add_member("cy@acme.test", "clerk")
    await world.add_member("olga@acme.test", "owner")
    await people.members.set(OPERATOR, acme, cy, ["reader"])
    await people.members.set_standing(OPERATOR, acme, cy, Standing.SUSPENDED)
    await people.members.remove(OPERATOR, acme, cy)
    await people.members.page(OPERATOR, acme, after=None, limit=2)
    await people.members.get(OPERATOR, acme, bo)
    await people.memberships_of(bo)
    manager = member(bo, acme, frozenset({"member.manage", "role.manage", "invoice.read", "client.read"}))
    await people.roles.set(manager, acme, "clerk", ["invoice.read", "client.read"])
    await people.roles.remove(OPERATOR, acme, "clerk")


async def _sign_in(world: ProtocolWorld, clock: FixedClock) -> None:
    sign_in = world.deeds.sign_in
    await sign_in.sign_in("bo@acme.test", Secret("wrong horse battery"), address=ADDRESS)
    for _ in range(2):
        signed_in = await sign_in.sign_in("bo@acme.test", PASSWORD, address=ADDRESS)
    assert isinstance(signed_in, SignedIn)
    clock.pass_time(SEEN_AGAIN_AFTER)
    live = await sign_in.find_session(signed_in.credential.reveal())
    assert live is not None
    again = await sign_in.sign_in("bo@acme.test", PASSWORD, address=ADDRESS, replacing=live)
    assert isinstance(again, SignedIn)
    app = (await register(world.deeds, world.acme, metadata={"backchannel_logout_uri": "https://client.test/out"})).app
    await SqlLogoutStore(world.deeds.database).note(live.session.id, app.id, world.bo, now=clock.now())
    await sign_in.sign_out(live)
    await world.deeds.app_registry.deactivate(OPERATOR, app.client_id)
    await world.deeds.backchannel_logout.deliver_due()
    await world.deeds.people.users.sign_out_everywhere(OPERATOR, world.bo)
    # A session that nobody ends, with an app of its own.
    left = await sign_in.sign_in("bo@acme.test", PASSWORD, address=ADDRESS)
    assert isinstance(left, SignedIn)
    await SqlLogoutStore(world.deeds.database).note(left.session.id, app.id, world.bo, now=clock.now())


async def _apps(world: ProtocolWorld) -> None:
    registry, secrets = world.deeds.app_registry, world.deeds.app_secrets
    app = (await register(world.deeds, world.acme, name="Shortly")).app
    for organisation in (None, world.acme):
        await registry.page(OPERATOR, organisation_id=organisation, after=app.client_id, limit=2)
    await registry.get_details(OPERATOR, app.client_id)
    await registry.edit(OPERATOR, app.client_id, AppChange(name="Shorter"))
    await registry.deactivate(OPERATOR, app.client_id)
    await registry.reactivate(OPERATOR, app.client_id)
    added = await secrets.add(OPERATOR, app.client_id)
    await secrets.list(OPERATOR, app.client_id)
    soon = world.deeds.clock.now() + timedelta(days=1)
    await secrets.retire(OPERATOR, app.client_id, added.record.id, expires_at=soon)
    await secrets.retire(OPERATOR, app.client_id, added.record.id, expires_at=None)
    with pytest.raises(UntrustedRequestError) as refusal:
        await world.deeds.authorize.trust(query_of(world.web, redirect_uri=f"{CALLBACK}/else"))
    error = refusal.value
    assert error.app is not None
    assert error.sent is not None
    assert error.mismatch is not None
    await registry.record_redirect_refusal(error.app, error.sent, error.mismatch)
    await registry.delete(OPERATOR, app.client_id, confirm_name=None)
    sweeping = world.deeds.housekeeping.store
    yesterday = world.deeds.clock.now() - timedelta(days=1)
    await sweeping.remove(Leftover.DELETED_APP, after="", last="~", expired_before=yesterday)


async def _connections(world: ProtocolWorld) -> None:
    connections, acme, bo = world.deeds.connections, world.acme, world.bo
    tokens = await world.connect(world.web)
    access = await world.access(tokens.access_token)
    own = member(bo, acme, frozenset())
    for client_id in (None, world.web.app.client_id):
        await connections.list_own(own, client_id=client_id)
    for organisation in (None, acme):
        for user_id in (None, bo):
            for app in (None, world.web.app.client_id):
                for ended in (True, False):
                    await connections.list_all(
                        OPERATOR, organisation, client_id=app, user_id=user_id, include_ended=ended, limit=2
                    )
    await connections.find_choices(OPERATOR, acme)
    assert access.connection_id is not None
    await connections.get(own, access.connection_id)
    await connections.end(own, access.connection_id)
    opened = await world.open_request(world.web)
    await world.deeds.consent.decline(opened.pending, opened.to, opened.offer)


async def _credentials(world: ProtocolWorld, clock: FixedClock) -> None:
    for party in (world.web, world.tool):
        code = await world.approve(party)
        with pytest.raises(OAuthError):
            await world.exchange(party, code, code_verifier="w" * 43)
        tokens = await world.exchange(party, code)
        await world.check(tokens.access_token)
        fresh = await world.refresh(party, tokens.refresh_token)
        await world.refresh(party, tokens.refresh_token)
        await world.refresh(party, fresh.refresh_token)
        await world.revoke(party, fresh.access_token)
        clock.pass_time(timedelta(minutes=2))
        with suppress(OAuthError):  # only the public app's rotate
            await world.refresh(party, tokens.refresh_token)
        with pytest.raises(OAuthError):
            await world.exchange(party, code)
        again = await world.connect(party)
        await world.revoke(party, again.refresh_token)
    opened = await world.open_request(world.web)
    await world.deeds.consent.answer_remembered(opened.to, opened.asked, opened.offer)
    with pytest.raises(OAuthError):
        await world.authenticate({**world.web.credentials, "client_secret": "wrong"})


async def _identity(world: ProtocolWorld) -> None:
    await world.deeds.user_claims.set(OPERATOR, world.bo, {"given_name": "Bo"})
    party = await world.add_app(required_scopes=("invoicing:read",), optional_scopes=("openid", "profile"))
    tokens = await world.connect(party, scope="openid profile invoicing:read")
    await world.deeds.user_info.tell(tokens.access_token)


async def _pushed(world: ProtocolWorld) -> None:
    deeds = world.deeds
    for answer in ("approve", "decline", "remembered"):
        client = await world.authenticate(world.web.credentials)
        pushed = await deeds.pushed_requests.push(query_of(world.web), client)
        sent = Parameters((("client_id", world.web.app.client_id), ("request_uri", pushed.request_uri)))
        came = await deeds.pushed_requests.present(sent)
        opened = await world.open_request(world.web)
        to = await deeds.authorize.trust(came.query, pushed=came.pushed_id)
        if answer == "approve":
            await world.answer(replace(opened, to=to))
        elif answer == "decline":
            await deeds.consent.decline(opened.pending, to, opened.offer)
        else:
            await deeds.consent.answer_remembered(to, opened.asked, opened.offer)


async def _acting_alone(world: ProtocolWorld) -> None:
    members, client_id = world.deeds.services.members, world.web.app.client_id
    await members.allow(OPERATOR, client_id)
    for _ in range(2):
        await world.token(world.web, grant_type="client_credentials")
    await members.find(OPERATOR, client_id)
    await members.stop(OPERATOR, client_id)


async def _devices(world: ProtocolWorld) -> None:
    devices = await build_device_world(world)
    told = await devices.ask()
    await devices.type_code("BBBB-BBBB")
    for _ in range(2):
        with pytest.raises(OAuthError):
            await devices.poll(told.device_code)
    await devices.approve(told.user_code)
    await devices.poll(told.device_code)
    await devices.decline(await devices.enter((await devices.ask()).user_code))
    told_of_logout = {**DEVICE_GRANT, "backchannel_logout_uri": "https://tv.test/logout"}
    screen = await world.add_app(redirect_uris=(), optional_scopes=("openid",), metadata=told_of_logout)
    told = await devices.ask(screen)
    await devices.approve(told.user_code)
    await devices.poll(told.device_code, screen)


async def _keys(world: ProtocolWorld) -> None:
    keys, acme, bo = world.deeds.api_keys, world.acme, world.bo
    draft = KeyDraft("Nightly", ("invoice.read", "client.read"), None)
    made = await keys.create(OPERATOR, draft, KeyOwner(acme, bo))
    key = made.details.key
    own = member(bo, acme, frozenset({"api_key.create"}))
    for organisation in (None, acme):
        await keys.list_own(own, organisation, after=None, limit=2)
        await keys.list_all(OPERATOR, organisation, after=key.id, limit=2)
        await keys.list_visible(OPERATOR, organisation, bo, after=None, limit=2)
    await keys.get(OPERATOR, key.id)
    await world.check(made.text.reveal(), address=ADDRESS)
    await keys.edit(OPERATOR, key.id, KeyEdit(permissions=("invoice.read",)))
    await keys.rotate(OPERATOR, key.id, timedelta(days=1))
    await keys.revoke(OPERATOR, key.id)


async def _access(world: ProtocolWorld) -> None:
    deeds, acme = world.deeds, world.acme
    token = (await world.connect(world.web)).access_token
    key = await deeds.api_keys.create(OPERATOR, KeyDraft("Daily", ("invoice.read",), None), KeyOwner(acme, world.bo))
    connection = (await world.access(token)).connection_id
    for named in (token, key.text.reveal(), key.details.key.id, connection):
        await deeds.explain_access.explain(OPERATOR, str(named))
    for kind in (None, *Kind):
        await deeds.access_reach.who_can(OPERATOR, acme, "invoice.read", Asked(kind, None, 2))
    bo = await deeds.access_reach.member_of(OPERATOR, acme, "bo@acme.test")
    await deeds.access_reach.what_if(OPERATOR, acme, MemberIsSuspended(bo))
    events = await deeds.audit.page(OPERATOR, acme, before=None, limit=200)
    await deeds.audit.names_in(events)
    kinds = (USER, OPERATOR_ID, APP, API_KEY, ORGANISATION, RESOURCE)
    await EventStore(deeds.database).names_of(frozenset(f"{kind}0" for kind in kinds))
    opened = await world.connect(world.tool)
    await world.revoke(world.tool, opened.refresh_token)
    await deeds.explain_access.explain(OPERATOR, opened.access_token)


async def _machines(world: ProtocolWorld) -> None:
    deeds = world.deeds
    made = await deeds.operators.create(OPERATOR, "Night shift")
    await deeds.operators.find(made.token.reveal())
    await deeds.operators.list(OPERATOR)
    await deeds.operators.revoke(OPERATOR, made.operator.id)
    resource = await deeds.resources.register(OPERATOR, "Books", "https://api.books.test")
    await deeds.resources.page(OPERATOR, after=None, limit=2)
    await deeds.authorize.read(query_of(world.web, resource="https://api.books.test"), (await _trusted(world)))
    await deeds.authenticate_resource_server.authenticate(
        ClientCredentials(resource.resource.client_id, resource.client_secret.reveal(), "client_secret_post"),
        address=ADDRESS,
    )
    await deeds.signing_keys.jwks()
    await deeds.signing_keys.rotate(OPERATOR)


async def _trusted(world: ProtocolWorld) -> TrustedRedirect:
    return await world.deeds.authorize.trust(query_of(world.web))


async def _proofs(world: ProtocolWorld, clock: FixedClock) -> None:
    now = clock.now()
    assert await world.deeds.dpop_proofs.used.use("proof", until=now)
    documents = world.deeds.documents.store
    await documents.keep(KeptDocument("https://client.test/jwks", "{}", None, now, now + timedelta(hours=1)))
    assert await documents.find("https://client.test/jwks") is not None


async def _time(world: ProtocolWorld, clock: FixedClock) -> None:
    await world.deeds.usage.flush()
    clock.pass_time(timedelta(days=2))
    await world.deeds.housekeeping.sweep_once()
    # Later still, what registered itself and was never connected goes too.
    clock.pass_time(timedelta(days=31))
    await world.deeds.housekeeping.sweep_once()


async def _registrations(world: ProtocolWorld) -> None:
    deeds = world.deeds
    registration = deeds.registration
    made = await registration.tokens.create(OPERATOR, "Assistants", uses=2)
    await registration.tokens.page(OPERATOR, limit=2)
    told = await registration.register.register(
        json.dumps(a_registration(token_endpoint_auth_method="client_secret_post")).encode(),
        bearer=made.token.reveal(),
        address=ADDRESS,
    )
    assert told.management_token is not None
    await registration.tokens.revoke(OPERATOR, made.record.id)
    update = a_registration(token_endpoint_auth_method="client_secret_post", client_id=told.app.client_id)
    after = await registration.manage.replace(
        told.app.client_id, told.management_token.reveal(), json.dumps(update).encode()
    )
    assert after.management_token is not None
    await registration.manage.remove(told.app.client_id, after.management_token.reveal())
    open_to_all = replace(
        registration.register, policy=replace(registration.register.policy, registration=Registration.OPEN)
    )
    for _ in range(2):
        await open_to_all.register(json.dumps(a_registration()).encode(), bearer=None, address=ADDRESS)
    documents = Documents()
    found = open_client_documents(
        deeds.settings,
        deeds.catalog,
        deeds.clock,
        deeds.secrets,
        deeds.database,
        SqlAppStore(deeds.database),
        FetchDocument(SqlFetchedDocumentStore(deeds.database), documents, deeds.clock),
    )
    for name in ("Assistant", "Renamed"):
        documents.put(a_document(client_name=name), cache_control="no-store")
        await found.find_app(CLIENT_ID, address=ADDRESS)
        await deeds.database.write(_aged, CLIENT_ID)


def _aged(url: str) -> Operation[None]:
    """Let a document have been kept too long."""
    yield Statement("UPDATE fetched_documents SET expires_at = 0 WHERE url = $1", (url,))
