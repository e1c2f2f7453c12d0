"""Two secrets at once, so that an app changes its secret without a pause (R2)."""

import asyncio
from datetime import timedelta

import pytest

from app_builders import MANAGER, a_draft
from consentry.flows.app_registry import AppRegistry
from consentry.flows.app_secrets import AppSecrets
from consentry.model.app import App, AppType
from consentry.model.faults import ConflictError, InvalidInputError, NotFoundError
from consentry.storage.database import Database
from consentry.storage.events import EventStore
from small_world import FixedClock


@pytest.fixture
async def app(registry: AppRegistry, clock: FixedClock) -> App:
    registered = await registry.register(MANAGER, a_draft())
    clock.pass_time(timedelta(minutes=1))
    return registered.app


async def live_ids(app_secrets: AppSecrets, app: App) -> list[str]:
    return [secret.id for secret in await app_secrets.list(MANAGER, app.client_id)]


async def test_a_second_secret_works_beside_the_first(app_secrets: AppSecrets, app: App) -> None:
    (first,) = await live_ids(app_secrets, app)

    added = await app_secrets.add(MANAGER, app.client_id)

    assert await live_ids(app_secrets, app) == [first, added.record.id]
    assert added.client_secret.reveal().endswith(added.record.hint)


async def test_a_third_secret_is_refused_until_one_is_retired(app_secrets: AppSecrets, app: App) -> None:
    (first,) = await live_ids(app_secrets, app)
    await app_secrets.add(MANAGER, app.client_id)

    with pytest.raises(ConflictError):
        await app_secrets.add(MANAGER, app.client_id)
    await app_secrets.retire(MANAGER, app.client_id, first)
    await app_secrets.add(MANAGER, app.client_id)

    assert len(await live_ids(app_secrets, app)) == 2


async def test_of_many_adding_at_once_one_wins(app_secrets: AppSecrets, app: App) -> None:
    outcomes = await asyncio.gather(
        *(app_secrets.add(MANAGER, app.client_id) for _ in range(8)), return_exceptions=True
    )

    assert sum(not isinstance(outcome, BaseException) for outcome in outcomes) == 1
    assert len(await live_ids(app_secrets, app)) == 2


async def test_a_public_app_gets_no_secret(registry: AppRegistry, app_secrets: AppSecrets) -> None:
    app = (await registry.register(MANAGER, a_draft(type=AppType.PUBLIC))).app

    with pytest.raises(ConflictError):
        await app_secrets.add(MANAGER, app.client_id)


async def test_the_old_secret_works_until_its_expiry_and_then_leaves_room(
    app_secrets: AppSecrets, app: App, clock: FixedClock
) -> None:
    (first,) = await live_ids(app_secrets, app)
    await app_secrets.add(MANAGER, app.client_id)

    await app_secrets.retire(MANAGER, app.client_id, first, expires_at=clock.now() + timedelta(days=7))
    assert first in await live_ids(app_secrets, app)
    clock.pass_time(timedelta(days=7))

    assert first not in await live_ids(app_secrets, app)
    await app_secrets.add(MANAGER, app.client_id)


async def test_a_secret_that_ended_is_not_revived(app_secrets: AppSecrets, app: App, clock: FixedClock) -> None:
    (first,) = await live_ids(app_secrets, app)
    await app_secrets.retire(MANAGER, app.client_id, first)

    with pytest.raises(NotFoundError):
        await app_secrets.retire(MANAGER, app.client_id, first, expires_at=clock.now() + timedelta(days=7))

    assert await live_ids(app_secrets, app) == []


async def test_an_expiry_in_the_past_is_refused(app_secrets: AppSecrets, app: App, clock: FixedClock) -> None:
    (first,) = await live_ids(app_secrets, app)

    with pytest.raises(InvalidInputError):
        await app_secrets.retire(MANAGER, app.client_id, first, expires_at=clock.now())

    assert await live_ids(app_secrets, app) == [first]


async def test_tn_01_a_secret_of_another_app_cannot_be_retired_through_this_one(
    registry: AppRegistry, app_secrets: AppSecrets, app: App
) -> None:
    other = (await registry.register(MANAGER, a_draft(name="Other"))).app
    (foreign,) = await live_ids(app_secrets, other)

    with pytest.raises(NotFoundError):
        await app_secrets.retire(MANAGER, app.client_id, foreign)

    assert await live_ids(app_secrets, other) == [foreign]


async def test_tn_03_the_audit_and_the_records_never_hold_the_secret(
    app_secrets: AppSecrets, app: App, database: Database
) -> None:
    added = await app_secrets.add(MANAGER, app.client_id)

    events = await EventStore(database).page(app.organisation_id, before=None, limit=10)

    assert added.client_secret.reveal() not in repr((events, added, await app_secrets.list(MANAGER, app.client_id)))
    assert [event.kind.value for event in events] == ["app.secret_added", "app.registered"]
