"""Recording use: in memory on the way, together and at most once a minute on the disk."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import pytest

from consentry.flows import usage
from consentry.flows.usage import UsageRecorder
from consentry.model.ids import ApiKeyId, ConnectionId, SecretId
from consentry.ports.usage import Use
from consentry.storage.database import Database, to_micros
from consentry.storage.usage import SqlUsageStore
from small_world import FixedClock
from standing_builders import AT, NORTH, add_app, add_connection, add_organisations, add_user, run

SECOND = timedelta(seconds=1)
KEY, SECRET = ApiKeyId("key_1"), SecretId("sec_1")


class CountingStore:
    """Passes writes on, counts them, and can be made to fail."""

    def __init__(self, database: Database) -> None:
        self._store = SqlUsageStore(database)
        self.writes: list[int] = []
        self.broken = False

    async def write(self, uses: Sequence[Use]) -> None:
        if self.broken:
            raise OSError("The disk is full.")
        self.writes.append(len(uses))
        await self._store.write(uses)


@pytest.fixture
async def connection_id(database: Database) -> ConnectionId:
    await add_organisations(database)
    user_id = await add_user(database, "bo")
    app_id = await add_app(database, NORTH, "ledgerly")
    await run(
        database,
        "INSERT INTO api_keys (id, organisation_id, user_id, name, permissions, digest, hint, allowed_networks, "
        "created_at, updated_at) VALUES ($1, $2, $3, 'Export', 'invoice.read', $5, 'abcd', '', $4, $4)",
        KEY,
        NORTH,
        user_id,
        AT,
        b"digest",
    )
    await run(
        database,
        "INSERT INTO app_secrets (id, app_id, digest, hint, created_at) VALUES ($1, $2, $4, 'abcd', $3)",
        SECRET,
        app_id,
        AT,
        b"digest",
    )
    return await add_connection(database, 1, NORTH, user_id, app_id)


@pytest.fixture
def store(database: Database) -> CountingStore:
    return CountingStore(database)


@pytest.fixture
def recorder(store: CountingStore, clock: FixedClock) -> UsageRecorder:
    return UsageRecorder(store, clock)


async def used(database: Database) -> tuple[int | None, int | None]:
    rows = await database.read("SELECT first_used_at, last_used_at FROM connections")
    return rows[0]


async def test_first_use_is_kept_and_last_use_goes_on(
    database: Database, clock: FixedClock, recorder: UsageRecorder, connection_id: ConnectionId
) -> None:
    first = clock.present
    for _ in range(3):
        recorder.record_connection(connection_id, to_micros(clock.present))
        clock.pass_time(SECOND)
    await recorder.flush()
    clock.pass_time(timedelta(hours=1))
    recorder.record_connection(connection_id, to_micros(clock.present))
    await recorder.flush()

    assert await used(database) == (to_micros(first), to_micros(clock.present))


async def test_a_key_remembers_when_and_from_where_and_a_secret_when(
    database: Database, clock: FixedClock, recorder: UsageRecorder, connection_id: ConnectionId
) -> None:
    recorder.record_api_key(KEY, to_micros(clock.present), "192.0.2.7")
    recorder.record_api_key(KEY, to_micros(clock.present + SECOND), None)
    recorder.record_secret(SECRET, to_micros(clock.present))
    await recorder.flush()

    assert connection_id
    assert await database.read("SELECT last_used_at, last_used_from FROM api_keys") == [
        (to_micros(clock.present + SECOND), "192.0.2.7")
    ]
    assert await database.read("SELECT last_used_at FROM app_secrets") == [(to_micros(clock.present),)]


async def test_a_thousand_uses_are_one_write_and_the_next_comes_after_a_minute(
    clock: FixedClock, recorder: UsageRecorder, store: CountingStore, connection_id: ConnectionId
) -> None:
    for second in range(121):
        recorder.record_connection(connection_id, to_micros(clock.present))
        recorder.record_api_key(KEY, to_micros(clock.present), None)
        if second % 5 == 0:
            await recorder.write_due()
        clock.pass_time(SECOND)

    assert store.writes == [2, 2, 2]


async def test_a_write_that_fails_loses_nothing(
    database: Database,
    clock: FixedClock,
    recorder: UsageRecorder,
    store: CountingStore,
    connection_id: ConnectionId,
) -> None:
    first = clock.present
    recorder.record_connection(connection_id, to_micros(first))
    store.broken = True
    with pytest.raises(OSError, match="disk"):
        await recorder.write_due()
    store.broken = False
    recorder.record_connection(connection_id, to_micros(first + SECOND))

    await recorder.write_due()

    assert await used(database) == (to_micros(first), to_micros(first + SECOND))


async def test_an_older_use_written_late_by_another_process_changes_nothing(
    database: Database, clock: FixedClock, connection_id: ConnectionId
) -> None:
    here, there = (UsageRecorder(SqlUsageStore(database), clock) for _ in range(2))
    here.record_connection(connection_id, to_micros(clock.present))
    there.record_connection(connection_id, to_micros(clock.present - SECOND))
    await here.flush()
    await there.flush()

    assert (await used(database))[1] == to_micros(clock.present)


async def test_many_credentials_are_written_in_operations_of_bounded_size(
    clock: FixedClock, recorder: UsageRecorder, store: CountingStore
) -> None:
    for number in range(1201):
        recorder.record_connection(ConnectionId(f"con_{number}"), to_micros(clock.present))

    await recorder.flush()

    assert store.writes == [500, 500, 201]


async def test_the_loop_goes_on_after_a_fault_and_ends_when_cancelled(
    clock: FixedClock,
    recorder: UsageRecorder,
    store: CountingStore,
    connection_id: ConnectionId,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(usage, "WRITE_EVERY", timedelta(milliseconds=1))
    store.broken = True
    recorder.record_connection(connection_id, to_micros(clock.present))
    loop = asyncio.create_task(recorder.run())
    await asyncio.sleep(0.02)
    store.broken = False
    await asyncio.sleep(0.1)
    loop.cancel()
    with pytest.raises(asyncio.CancelledError):
        await loop

    assert store.writes == [1]
