"""Several workers on one database, as real processes: they share the work, are replaced, and end without losing any."""

import os
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from served import PATIENCE_SECONDS, SECRET, Served, environ_of, is_there, served

from consentry.cli.supervisor import LONGEST_PAUSE_SECONDS, pause_after
from consentry.model.secret import Secret
from consentry.wiring import open_deeds
from protocol_world import OPERATOR, ProtocolWorld, fill_protocol_world, settings_for


@pytest.fixture
def environ(database_url: str, tmp_path: Path) -> dict[str, str]:
    return environ_of(database_url, tmp_path)


def is_healthy(server: Served) -> bool:
    """Ask on a connection of its own, which any worker may take."""
    return httpx.get(f"{server.url}/readyz", trust_env=False, timeout=PATIENCE_SECONDS).is_success


@contextmanager
def half_a_request(server: Served) -> Iterator[socket.socket]:
    """A request that a worker is in the middle of: its head is there, and half of its body."""
    host, port = server.url.removeprefix("http://").split(":")
    body = b"token=nothing"
    head = (
        b"POST /oauth/introspect HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        b"Content-Length: %d\r\n\r\n" % len(body)
    )
    with socket.create_connection((host, int(port)), PATIENCE_SECONDS) as connection:
        connection.sendall(head + body[:5])
        # Long enough for a worker to read it. Were it not, the answer would be missing and the test would fail.
        time.sleep(0.5)
        yield connection


def finish(connection: socket.socket) -> bytes:
    """Send the rest of the body; return the whole answer."""
    connection.sendall(b"token=nothing"[5:])
    parts = []
    while part := connection.recv(65536):
        parts.append(part)
    return b"".join(parts)


def test_a_worker_that_is_killed_is_replaced_and_requests_go_on(environ: dict[str, str], tmp_path: Path) -> None:
    with served(tmp_path, environ, workers=3) as server:
        before = server.wait_for_workers(3)
        os.kill(min(before), signal.SIGKILL)
        after = server.wait_for_workers(3, without=frozenset({min(before)}))

        assert len(after - before) == 1
        assert all(is_healthy(server) for _ in range(40))
        assert "killed by SIGKILL" in server.wait_until_it_said("ended by itself")
        assert server.end() == 0
        assert not any(is_there(pid) for pid in before | after)


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_what_is_under_way_is_answered_before_the_end(
    environ: dict[str, str], tmp_path: Path, workers: int, number: int
) -> None:
    with served(tmp_path, environ, workers=workers) as server:
        pids = server.wait_for_workers(workers) if workers > 1 else {server.process.pid}
        with half_a_request(server) as connection:
            server.process.send_signal(number)
            time.sleep(0.5)
            answer = finish(connection)

        assert answer.startswith(b"HTTP/1.1 401")
        assert b"invalid_client" in answer
        assert server.process.wait(PATIENCE_SECONDS) == 0
        assert not any(is_there(pid) for pid in pids)
        assert "Traceback" not in server.said.read_text()


def test_told_to_end_while_a_worker_is_being_replaced_it_ends_and_leaves_nobody(
    environ: dict[str, str], tmp_path: Path
) -> None:
    with served(tmp_path, environ, workers=2) as server:
        before = server.wait_for_workers(2)
        os.kill(min(before), signal.SIGKILL)
        server.wait_until_it_said("ended by itself")
        replaced = server.workers()

        assert server.end() == 0
        assert not any(is_there(pid) for pid in before | replaced)


def test_workers_end_when_their_supervisor_is_killed(environ: dict[str, str], tmp_path: Path) -> None:
    with served(tmp_path, environ, workers=2) as server:
        workers = server.wait_for_workers(2)
        server.process.kill()
        server.process.wait()
        until = time.monotonic() + PATIENCE_SECONDS
        while any(is_there(pid) for pid in workers) and time.monotonic() < until:
            time.sleep(0.05)

        assert not any(is_there(pid) for pid in workers)


def test_a_worker_that_cannot_start_is_tried_again_ever_later_and_says_why(
    environ: dict[str, str], tmp_path: Path
) -> None:
    with served(tmp_path, environ, workers=2) as server:
        first, second = sorted(server.wait_for_workers(2))
        # Both have read the catalog by then.
        server.wait_until_it_said("Started server process", times=2)
        (tmp_path / "catalog.toml").rename(tmp_path / "away.toml")
        os.kill(first, signal.SIGKILL)
        said = server.wait_until_it_said("ended by itself (exit code", times=2)

        assert "in 1 s" in said
        assert f"{tmp_path / 'catalog.toml'}" in said
        assert is_there(second)
        assert is_healthy(server)
        (tmp_path / "away.toml").rename(tmp_path / "catalog.toml")
        server.wait_for_workers(2)
        assert server.end() == 0


def test_the_pause_before_another_try_grows_up_to_its_longest() -> None:
    assert [pause_after(deaths) for deaths in range(5)] == [0, 0, 1, 2, 4]
    assert pause_after(100) == LONGEST_PAUSE_SECONDS


async def test_a_revocation_is_seen_by_every_worker_at_the_next_request(
    environ: dict[str, str], database_url: str, tmp_path: Path
) -> None:
    settings = settings_for(tmp_path / "consentry.sqlite3", database_url=database_url, secret_key=Secret(SECRET))
    deeds = open_deeds(settings)
    world: ProtocolWorld = await fill_protocol_world(deeds)
    token = (await world.connect(world.web)).access_token
    resource = await deeds.resources.register(OPERATOR, "Books API", "https://api.books.test")
    credentials = (resource.resource.id, resource.client_secret.reveal())

    def active_seen(server: Served) -> set[bool]:
        # A connection each, so that all workers take some.
        return {
            httpx.post(
                f"{server.url}/oauth/introspect", data={"token": token}, auth=credentials, trust_env=False
            ).json()["active"]
            for _ in range(24)
        }

    with served(tmp_path, environ, workers=3) as server:
        assert active_seen(server) == {True}
        await world.end_connection(token)

        assert active_seen(server) == {False}
        assert server.end() == 0
    await deeds.database.close()
