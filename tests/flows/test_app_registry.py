"""Registering apps and looking after them, on a real database."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from app_builders import ACME, ANA, CALLBACK, COLLEAGUE, MANAGER, OTHER, STRANGER, a_draft, add_connection, writing
from consentry.flows.app_registry import AppRegistry
from consentry.flows.app_secrets import AppSecrets
from consentry.model.acting import Acting, operator
from consentry.model.app import App, AppStatus, AppType
from consentry.model.app_draft import AppChange
from consentry.model.faults import (
    ConflictError,
    DeedError,
    InvalidInputError,
    NotFoundError,
    PermissionMissingError,
)
from consentry.model.ids import OrganisationId
from consentry.model.secret import CredentialKind, parse_credential
from consentry.oauth.redirect_uri import explain_mismatch
from consentry.oauth.scope import Scope
from consentry.storage.database import Database, Statement
from consentry.storage.events import EventStore
from small_world import FixedClock

BY_OPERATOR = operator(None, through="command line")


async def register(registry: AppRegistry, **changes: Any) -> App:
    return (await registry.register(MANAGER, a_draft(**changes))).app


async def fields_refused(registry: AppRegistry, **changes: Any) -> list[str]:
    with pytest.raises(InvalidInputError) as refusal:
        await registry.register(MANAGER, a_draft(**changes))
    assert await registry.page(MANAGER) == []
    return [fault.field for fault in refusal.value.faults]


async def kinds_of_events(database: Database) -> list[str]:
    return [event.kind.value for event in await EventStore(database).page(ACME, before=None, limit=50)]


async def test_a_confidential_app_gets_a_secret_of_which_only_the_digest_is_kept(
    registry: AppRegistry, database: Database
) -> None:
    registered = await registry.register(MANAGER, a_draft(name="  Ledgerly "))

    assert registered.app.name == "Ledgerly"
    assert registered.app.created_by == ANA
    assert registered.app.require_pkce
    assert registered.client_secret is not None
    parsed = parse_credential(registered.client_secret.reveal(), CredentialKind.CLIENT_SECRET)
    client = await registry.apps.find_client(registered.app.client_id)
    assert parsed is not None
    assert client is not None
    assert client.app == registered.app
    assert [secret.digest for secret in client.secrets] == [parsed.digest]
    assert parsed.payload.reveal() not in repr(await database.read("SELECT * FROM app_secrets"))
    assert await kinds_of_events(database) == ["app.registered"]


@pytest.mark.shows("RFC 8252 §8.1 pkce", "RFC 8252 §8.4 type-recorded")
async def test_a_public_app_gets_no_secret_and_must_use_pkce(registry: AppRegistry) -> None:
    registered = await registry.register(MANAGER, a_draft(type=AppType.PUBLIC))

    client = await registry.apps.find_client(registered.app.client_id)
    assert registered.client_secret is None
    assert client is not None
    assert client.secrets == ()
    assert registered.app.require_pkce


async def test_pkce_can_be_switched_off_for_a_confidential_app_only(registry: AppRegistry) -> None:
    app = await register(registry, require_pkce=False)

    assert not app.require_pkce
    with pytest.raises(InvalidInputError):
        await registry.register(MANAGER, a_draft(type=AppType.PUBLIC, require_pkce=False))


@pytest.mark.shows("RFC 6749 §3.1.2.2 public-registered")
@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"name": " "}, ["name"]),
        ({"redirect_uris": ()}, ["redirect_uris"]),
        ({"redirect_uris": tuple(f"https://client.test/{n}" for n in range(21))}, ["redirect_uris"]),
        ({"redirect_uris": (CALLBACK, "https://client.test/x", CALLBACK)}, ["redirect_uris.2"]),
        ({"redirect_uris": ("nonsense", CALLBACK, "https://*.client.test/cb")}, ["redirect_uris.0", "redirect_uris.2"]),
        ({"required_scopes": (), "optional_scopes": ()}, ["scopes"]),
        ({"required_scopes": ("invoicing:fly",)}, ["scopes"]),
        ({"required_scopes": ("invoice.read",)}, ["scopes"]),
        ({"required_scopes": ("a b\x00",)}, ["scopes"]),
        ({"optional_scopes": ("payroll:read",)}, ["optional_scopes"]),
        ({"optional_scopes": ("invoicing:read",)}, ["optional_scopes"]),
        ({"required_scopes": tuple(f"s{n}:read" for n in range(101))}, ["scopes"]),
        ({"name": "", "redirect_uris": ("x",), "required_scopes": ("y",)}, ["name", "redirect_uris.0", "scopes"]),
    ],
)
async def test_everything_wrong_is_told_at_once_and_nothing_is_written(
    registry: AppRegistry, changes: dict[str, Any], fields: list[str]
) -> None:
    assert await fields_refused(registry, **changes) == fields


@pytest.mark.shows("RFC 6749 §3.1.2 absolute-without-fragment", "RFC 8252 §8.4 registered")
@pytest.mark.parametrize(
    "uri",
    [
        pytest.param("https://client.test/cb#f", id="ru_06_fragment"),
        pytest.param("javascript:alert(1)", id="ru_07_javascript"),
        pytest.param("data:text/html,x", id="ru_07_data"),
        pytest.param("vbscript:x", id="ru_07_vbscript"),
        pytest.param("blob:https://client.test/x", id="ru_07_blob"),
        pytest.param("file:///etc/passwd", id="ru_07_file"),
        pytest.param("http://client.test/cb", id="ru_14_plain_http"),
        pytest.param("https://user@client.test/cb", id="ru_05_userinfo"),
        pytest.param("https://client.test/cb\x00", id="in_07_nul"),
        pytest.param("https://client.test/cb%00", id="in_07_encoded_nul"),
    ],
)
async def test_ru_06_ru_07_ru_14_in_07_an_unsafe_redirect_uri_is_refused_by_registration_and_edit_alike(
    registry: AppRegistry, uri: str
) -> None:
    assert await fields_refused(registry, redirect_uris=(CALLBACK, uri)) == ["redirect_uris.1"]
    app = await register(registry)

    with pytest.raises(InvalidInputError):
        await registry.edit(MANAGER, app.client_id, AppChange(redirect_uris=(uri,)))

    assert await registry.get(MANAGER, app.client_id) == app


@pytest.mark.parametrize(
    "change",
    [
        AppChange(name="P\u0430ypal"),
        AppChange(redirect_uris=()),
        AppChange(required_scopes=(), optional_scopes=()),
        AppChange(required_scopes=("contacts:read",)),
        AppChange(optional_scopes=("nothing:read",)),
    ],
)
async def test_tn_06_an_edit_is_held_to_the_rules_of_registration(registry: AppRegistry, change: AppChange) -> None:
    app = await register(registry)

    with pytest.raises(InvalidInputError):
        await registry.edit(MANAGER, app.client_id, change)

    assert await registry.get(MANAGER, app.client_id) == app


async def test_tn_06_pkce_cannot_be_edited_away_from_a_public_app(registry: AppRegistry) -> None:
    app = await register(registry, type=AppType.PUBLIC)

    with pytest.raises(InvalidInputError):
        await registry.edit(MANAGER, app.client_id, AppChange(require_pkce=False))


async def test_an_edit_changes_what_it_names_and_says_so_in_the_audit(
    registry: AppRegistry, database: Database, clock: FixedClock
) -> None:
    app = await register(registry)
    clock.pass_time(timedelta(minutes=1))

    await registry.edit(MANAGER, app.client_id, AppChange(name="Ledgerly 2", optional_scopes=()))

    read = await registry.get(MANAGER, app.client_id)
    assert read == replace(app, name="Ledgerly 2", optional_scopes=Scope(), updated_at=clock.present)
    newest = (await EventStore(database).page(ACME, before=None, limit=1))[0]
    assert newest.details == {"name": "Ledgerly -> Ledgerly 2", "optional_scopes": "contacts:read -> "}


async def test_an_edit_that_changes_nothing_writes_nothing(registry: AppRegistry, database: Database) -> None:
    app = await register(registry)

    await registry.edit(MANAGER, app.client_id, AppChange(name=app.name))

    assert await kinds_of_events(database) == ["app.registered"]


async def test_an_edit_loses_to_one_that_came_between(registry: AppRegistry) -> None:
    app = await register(registry)
    after = replace(app, name="Mine")
    await registry.edit(MANAGER, app.client_id, AppChange(name="Theirs"))
    event = registry._event(MANAGER, app, "app.changed", app.created_at, {})  # type: ignore[arg-type]

    assert not await registry.apps.change(app, after, event)
    assert (await registry.get(MANAGER, app.client_id)).name == "Theirs"


async def test_an_app_is_deactivated_and_reactivated(
    registry: AppRegistry, database: Database, clock: FixedClock
) -> None:
    app = await register(registry)

    clock.pass_time(timedelta(seconds=1))
    await registry.deactivate(MANAGER, app.client_id)
    assert (await registry.get(MANAGER, app.client_id)).status is AppStatus.DEACTIVATED
    with pytest.raises(ConflictError):
        await registry.deactivate(MANAGER, app.client_id)
    clock.pass_time(timedelta(seconds=1))
    await registry.reactivate(MANAGER, app.client_id)

    assert (await registry.get(MANAGER, app.client_id)).status is AppStatus.ACTIVE
    assert await kinds_of_events(database) == ["app.reactivated", "app.deactivated", "app.registered"]


async def test_a_deleted_app_is_gone_and_leaves_a_tombstone_with_its_name(
    registry: AppRegistry, database: Database, clock: FixedClock
) -> None:
    app = await register(registry)
    await add_connection(database, app.id, "con_0000000000000000000001")
    clock.pass_time(timedelta(seconds=1))

    await registry.delete(MANAGER, app.client_id, confirm_name=" Ledgerly ")

    assert await registry.apps.find_client(app.client_id) is None
    with pytest.raises(NotFoundError):
        await registry.get(MANAGER, app.client_id)
    assert await registry.page(MANAGER) == []
    assert await database.read("SELECT name, status FROM apps") == [("Ledgerly", "deleted")]
    assert await database.read("SELECT ended_by FROM connections WHERE ended_at IS NOT NULL") == [("app_deleted",)]
    assert await database.read("SELECT count(*) FROM app_secrets WHERE retired_at IS NULL") == [(0,)]
    newest = (await EventStore(database).page(ACME, before=None, limit=1))[0]
    assert newest.details == {"name": "Ledgerly", "connections_ended": "1"}


async def test_deleting_needs_the_name_typed(registry: AppRegistry) -> None:
    app = await register(registry)

    with pytest.raises(InvalidInputError) as refusal:
        await registry.delete(MANAGER, app.client_id, confirm_name="Ledgerl")

    assert refusal.value.faults[0].field == "confirm_name"
    assert await registry.get(MANAGER, app.client_id) == app


async def _every_deed(registry: AppRegistry, secrets: AppSecrets, acting: Acting, client_id: str) -> list[DeedError]:
    deeds = [
        registry.get(acting, client_id),
        registry.get_details(acting, client_id),
        registry.edit(acting, client_id, AppChange(name="Stolen")),
        registry.deactivate(acting, client_id),
        registry.reactivate(acting, client_id),
        registry.try_redirect_uri(acting, client_id, CALLBACK),
        registry.delete(acting, client_id, confirm_name=None),
        secrets.list(acting, client_id),
        secrets.add(acting, client_id),
        secrets.retire(acting, client_id, "sec_1"),
        registry.page(acting, organisation_id=ACME),
        registry.register(acting, a_draft(), organisation_id=ACME),
    ]
    refusals = []
    for deed in deeds:
        with pytest.raises(DeedError) as refusal:
            await deed
        refusals.append(refusal.value)
    return refusals


async def test_tn_01_apps_of_another_organisation_are_not_there(
    registry: AppRegistry, app_secrets: AppSecrets, database: Database
) -> None:
    app = await register(registry)

    refusals = await _every_deed(registry, app_secrets, STRANGER, app.client_id)

    assert {type(refusal) for refusal in refusals} == {NotFoundError}
    assert await registry.get(MANAGER, app.client_id) == app
    assert await registry.page(STRANGER) == []
    assert await kinds_of_events(database) == ["app.registered"]


async def test_a_member_without_the_permission_is_told_which_is_missing(
    registry: AppRegistry, app_secrets: AppSecrets
) -> None:
    app = await register(registry)

    refusals = await _every_deed(registry, app_secrets, COLLEAGUE, app.client_id)

    assert {type(refusal) for refusal in refusals} == {PermissionMissingError}
    assert await registry.get(MANAGER, app.client_id) == app


async def test_an_operator_names_the_organisation(registry: AppRegistry) -> None:
    registered = await registry.register(BY_OPERATOR, a_draft(), organisation_id=OTHER)

    assert registered.app.organisation_id == OTHER
    assert registered.app.created_by is None
    with pytest.raises(InvalidInputError):
        await registry.register(BY_OPERATOR, a_draft())
    with pytest.raises(NotFoundError):
        await registry.register(BY_OPERATOR, a_draft(), organisation_id=OrganisationId("org_nowhere"))


async def test_the_list_comes_in_pages_in_the_order_of_registration(registry: AppRegistry, clock: FixedClock) -> None:
    names = [f"App {number}" for number in range(5)]
    for name in names:
        clock.pass_time(timedelta(seconds=1))
        await register(registry, name=name)
    await registry.register(STRANGER, a_draft())

    first = await registry.page(MANAGER, limit=3)
    second = await registry.page(MANAGER, limit=3, after=first[-1].client_id)

    assert [app.name for app in (*first, *second)] == names
    assert len(await registry.page(BY_OPERATOR)) == 6


async def test_details_count_the_live_connections_and_name_who_registered_it(
    registry: AppRegistry, database: Database
) -> None:
    app = await register(registry)
    await add_connection(database, app.id, "con_0000000000000000000001")

    details = await registry.get_details(MANAGER, app.client_id)

    assert (details.live_connections, details.created_by_name, len(details.secrets)) == (1, "Ana", 1)


async def test_of_many_connections_a_thousand_are_counted(registry: AppRegistry, database: Database) -> None:
    app = await register(registry)
    user = """
    INSERT INTO users (id, email, name, standing, created_at) VALUES ($1, $1, 'Many', 'active', 0)
    """
    connection = """
    INSERT INTO connections (id, organisation_id, user_id, app_id, scopes, declined_scopes, created_at, updated_at)
    VALUES ($1, $2, $1, $3, '', '', 0, 0)
    """
    args = [(f"many_{number:017}", app.organisation_id, app.id) for number in range(1001)]
    await database.write(writing, *(Statement(user, one[:1]) for one in args))
    await database.write(writing, *(Statement(connection, one) for one in args[:1000]))

    exactly = await registry.get_details(MANAGER, app.client_id)
    await database.write(writing, Statement(connection, args[1000]))
    more = await registry.get_details(MANAGER, app.client_id)

    assert (exactly.live_connections, exactly.has_more_connections) == (1000, False)
    assert (more.live_connections, more.has_more_connections) == (1000, True)


async def test_refused_redirect_uris_are_counted_and_only_the_latest_twenty_stay(
    registry: AppRegistry, clock: FixedClock
) -> None:
    app = await register(registry)
    sent = [f"https://client.test/cb{number}" for number in range(25)] + ["https://client.test/cb24"]
    for uri in [*sent, "https://client.test/\x00" + "x" * 5000]:
        clock.pass_time(timedelta(seconds=1))
        await registry.record_redirect_refusal(app, uri, explain_mismatch(app.redirect_uris, uri))

    refusals = (await registry.get_details(MANAGER, app.client_id)).refusals

    assert len(refusals) == 20
    assert len(refusals[0].redirect_uri) == 2000
    assert (refusals[1].redirect_uri, refusals[1].times, refusals[1].closest) == (sent[-1], 2, CALLBACK)
    assert refusals[-1].redirect_uri == "https://client.test/cb6"


@pytest.mark.parametrize("client_id", ["app_nowhere", "", "a\x00b", "\ud800", "é"])
async def test_in_07_an_impossible_client_id_finds_nothing(registry: AppRegistry, client_id: str) -> None:
    with pytest.raises(NotFoundError):
        await registry.get(MANAGER, client_id)
    assert await registry.apps.find_client(client_id) is None
