"""Several processes on one database: one winner among all of them, and a revocation that holds in every one."""

import asyncio
import shutil
import threading
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from workers import Worker, together, working_on

from consentry.clock import SystemClock
from consentry.model.access import Reason
from consentry.storage.sqlite import SqliteDatabase
from device_world import build_device_world
from protocol_world import ProtocolWorld, build_protocol_world

PROCESSES = 3
REFUSED = "invalid_grant"


@pytest.fixture
async def shared(database_url: str, tmp_path: Path) -> AsyncIterator[ProtocolWorld]:
    """The world in this process, on the database of the others, with the clock that they have too."""
    world = await build_protocol_world(tmp_path / "consentry.sqlite3", SystemClock(), database_url=database_url)
    yield world
    await world.deeds.database.close()


@pytest.fixture
def workers(shared: ProtocolWorld, database_url: str, tmp_path: Path) -> Iterator[list[Worker]]:
    assert shared
    with working_on(tmp_path, database_url, PROCESSES) as started:
        yield started


def job(world: ProtocolWorld, do: str, **values: str | None) -> dict[str, str | None]:
    return {"do": do, "client_id": world.tool.app.client_id, **values}


def split(answers: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[str]]:
    won = [answer for answer in answers if answer["error"] is None]
    return won, [answer["error"] for answer in answers if answer["error"] is not None]


@pytest.mark.shows("RFC 6749 §4.1.2 once")
async def test_pk_08_one_of_all_processes_redeems_a_code(shared: ProtocolWorld, workers: list[Worker]) -> None:
    for _ in range(12):
        code = await shared.approve(shared.tool)

        won, lost = split(together(workers, [job(shared, "exchange", code=code)] * 5))

        assert (len(won), set(lost)) == (1, {REFUSED})
        assert await shared.why_refused(won[0]["access_token"]) is Reason.REVOKED
    assert await shared.rows("SELECT count(*), count(ended_at) FROM token_families") == [(12, 12)]


@pytest.mark.shows("RFC 8628 §3.5 once")
async def test_dv_04_one_of_all_processes_fetches_the_tokens_of_a_device(
    shared: ProtocolWorld, workers: list[Worker]
) -> None:
    devices = await build_device_world(shared)
    fetch = {"do": "fetch", "client_id": devices.television.app.client_id}
    for _ in range(12):
        told = await devices.ask()
        await devices.approve(told.user_code)

        won, lost = split(together(workers, [{**fetch, "code": told.device_code}] * 5))

        assert (len(won), set(lost)) == (1, {REFUSED})
        assert await shared.why_refused(won[0]["access_token"]) is None
    assert await shared.rows("SELECT count(*), count(ended_at) FROM token_families") == [(12, 0)]


async def test_rt_02_processes_that_refresh_at_once_all_get_one_successor(
    shared: ProtocolWorld, workers: list[Worker]
) -> None:
    text = (await shared.connect(shared.tool)).refresh_token
    for generation in range(2, 14):
        won, lost = split(together(workers, [job(shared, "refresh", token=text)] * 4))

        assert lost == []
        assert len({answer["refresh_token"] for answer in won}) == 1
        for answer in won:
            assert await shared.why_refused(answer["access_token"]) is None
        text = won[0]["refresh_token"]
        assert await shared.rows("SELECT generation, ended_at FROM token_families") == [(generation, None)]


async def test_rv_01_what_one_process_refreshes_while_another_revokes_is_dead_afterwards(
    shared: ProtocolWorld, workers: list[Worker]
) -> None:
    for _ in range(12):
        tokens = await shared.connect(shared.tool)
        refresh = job(shared, "refresh", token=tokens.refresh_token)
        revoke = job(shared, "revoke", token=tokens.refresh_token)

        won, lost = split(together(workers, [refresh] * 3, [revoke], [refresh] * 3))

        assert set(lost) <= {REFUSED}
        for text in (tokens.access_token, *(answer["access_token"] for answer in won if "access_token" in answer)):
            assert await shared.why_refused(text) is Reason.REVOKED


async def test_s3_an_end_acknowledged_by_one_process_holds_in_every_other(
    shared: ProtocolWorld, workers: list[Worker]
) -> None:
    for round_number in range(60):
        tokens = await shared.connect(shared.tool)
        access = await shared.access(tokens.access_token)
        check = job(shared, "check", token=tokens.access_token)
        ender, *others = workers[round_number % PROCESSES :] + workers[: round_number % PROCESSES]
        assert ender.do(check) == [{"error": None}]

        if round_number % 2:
            answer = ender.do(job(shared, "revoke", token=tokens.refresh_token))
        else:
            end = {"user": shared.bo, "organisation": shared.acme, "connection": access.connection_id}
            answer = ender.do(job(shared, "end", **end))

        assert answer == [{"error": None}]
        for worker in (*others, ender):
            assert worker.do(check) == [{"error": "revoked"}]
        assert await shared.why_refused(tokens.access_token) is Reason.REVOKED


async def test_many_writes_of_many_processes_at_once_never_find_the_database_locked(
    shared: ProtocolWorld, workers: list[Worker]
) -> None:
    texts = [(await shared.connect(shared.tool)).refresh_token for _ in range(PROCESSES * 20)]
    jobs = [
        [job(shared, "refresh", token=text) for text in texts[index * 20 : (index + 1) * 20]]
        for index in range(PROCESSES)
    ]

    for _ in range(5):
        answers, more = await asyncio.gather(
            asyncio.to_thread(together, workers, *jobs),
            asyncio.gather(*(shared.connect(shared.web) for _ in range(20))),
        )

        assert [answer["error"] for answer in answers] == [None] * len(texts)
        assert len({tokens.access_token for tokens in more}) == 20
        jobs = [
            [job(shared, "refresh", token=answer["refresh_token"]) for answer in answers[index * 20 : (index + 1) * 20]]
            for index in range(PROCESSES)
        ]


def test_servers_that_open_a_new_file_at_once_all_can(migrated_file: Path, tmp_path: Path) -> None:
    for number in range(30):
        path = tmp_path / f"{number}.sqlite3"
        shutil.copy(migrated_file, path)
        together_now = threading.Barrier(8)

        def open_and_read(path: Path = path, together_now: threading.Barrier = together_now) -> int:
            together_now.wait()

            async def read() -> int:
                database = SqliteDatabase(path)
                rows = await database.read("SELECT count(*) FROM users")
                await database.close()
                return int(rows[0][0])

            return asyncio.run(read())

        with ThreadPoolExecutor(8) as threads:
            assert list(threads.map(lambda act: act(), [open_and_read] * 8)) == [0] * 8
