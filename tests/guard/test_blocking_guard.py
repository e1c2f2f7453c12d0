"""The guard for programs of threads: many threads, forked workers, and what is written when it ends."""

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from guard_calls import ADDRESS
from guard_world import OPERATOR, GuardWorld
from products import django_product

from consentry.guard import Access, CallRefusedError, UnknownPermissionError
from consentry.guard.blocking import BlockingGuard
from consentry.guard.django import require as require_in_django
from consentry.guard.flask import require as require_in_flask
from consentry.storage.sqlite_read_pool import SqliteReadPool


async def test_threads_at_once_are_each_told_what_is_true_now(world: GuardWorld) -> None:
    token = await world.token()
    start = threading.Barrier(8)

    def ask(_: int) -> set[str]:
        start.wait(20)
        return {world.blocking.authorise([f"Bearer {token}"], "invoice.read").organisation_id for _ in range(50)}

    with ThreadPoolExecutor(8) as threads:
        told = set[str]().union(*threads.map(ask, range(8)))
        await world.deeds.connections.end(OPERATOR, world.connection_id)
        after = [threads.submit(world.blocking.authorise, [f"Bearer {token}"]).exception() for _ in range(8)]

    assert told == {world.organisation_id}
    assert {type(refusal) for refusal in after} == {CallRefusedError}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_threads_that_come_and_go_leave_no_connections_behind(world: GuardWorld) -> None:
    path = world.settings.sqlite_path
    assert path is not None
    pool = SqliteReadPool(path)

    for _ in range(20):
        asking = threading.Thread(target=asyncio.run, args=(pool.read("SELECT 1"),))
        asking.start()
        asking.join()

    assert len(pool._idle) == 1
    await pool.close()
    assert len(pool._idle) == 0


async def test_a_guard_that_is_closed_wrote_the_last_use_and_lets_nobody_in(world: GuardWorld) -> None:
    token = await world.token()
    _, key = await world.key()
    with BlockingGuard.open(world.settings, clock=world.clock) as guard:
        for credential in (token, key):
            assert isinstance(guard.check(credential, ADDRESS), Access)

    with pytest.raises(CallRefusedError) as refusal:
        guard.authorise([f"Bearer {token}"], "invoice.read", address=ADDRESS)

    connection = await world.deeds.connections.get(OPERATOR, world.connection_id)
    assert connection.details.connection.last_used_at == world.clock.now()
    assert refusal.value.answer.status == 503
    guard.close()


@pytest.mark.parametrize(
    "declare",
    [
        lambda world: world.blocking.require_known(["invoices.read"]),
        lambda world: require_in_flask(world.blocking, "invoices.read"),
        lambda world: (django_product(world), require_in_django("invoices.read")),
    ],
)
async def test_a_permission_that_the_catalog_does_not_have_is_refused_when_a_view_is_decorated(
    world: GuardWorld, declare: Callable[[GuardWorld], object]
) -> None:
    with pytest.raises(UnknownPermissionError, match=r"Did you mean invoice.read\?"):
        declare(world)


PRELOADED = """
import os, sys
from consentry.guard.blocking import BlockingGuard

guard = BlockingGuard.from_config("consentry.toml")
authorization, used_before = [f"Bearer {sys.argv[1]}"], sys.argv[2] == "used"
if used_before:
    guard.authorise(authorization, "invoice.read")
workers = []
for _ in range(2):
    worker = os.fork()
    if worker == 0:
        sys.exit(guard.authorise(authorization, "invoice.read").organisation_id != sys.argv[3])
    workers.append(worker)
codes = {os.waitstatus_to_exitcode(os.waitpid(worker, 0)[1]) for worker in workers}
if used_before:
    guard.authorise(authorization, "invoice.read")
sys.exit(codes != {0})
"""


@pytest.mark.parametrize("before", ["fresh", "used"])
async def test_workers_that_are_forked_check_for_themselves_and_write_the_last_use_when_they_end(
    world: GuardWorld, tmp_path: Path, before: str
) -> None:
    key_id, key = await world.key()
    written = f'database_url = "{world.settings.database_url}"\nsecret_key = "0123456789abcdefghijklmnopqrstuvwxyz"\n'
    (tmp_path / "consentry.toml").write_text(written, encoding="utf-8")
    clean = {name: value for name, value in os.environ.items() if not name.startswith("CONSENTRY_")}

    answer = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", PRELOADED, key, before, world.organisation_id],
        cwd=tmp_path,
        env=clean,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert (answer.returncode, answer.stdout) == (0, ""), answer.stderr
    assert (await world.deeds.api_keys.get(OPERATOR, key_id)).key.last_used_at is not None
