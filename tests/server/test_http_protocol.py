"""Our own HTTP protocol at the edges of a connection: idle, hanging up, flooded, and at the server's end."""

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from raw_http import Carrier, carrier, split_answers

FORM = b"POST /oauth/introspect HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
REFUSED = FORM + b"Content-Length: 7\r\n\r\ntoken=x"
MANY = 3000


@pytest.fixture
def served(database_path: Path, tmp_path: Path) -> Iterator[Carrier]:
    with carrier(f"sqlite:///{database_path}", tmp_path, idle=1) as running:
        yield running


def connected(served: Carrier) -> socket.socket:
    return socket.create_connection(("127.0.0.1", served.port), timeout=20)


def answer_of(connection: socket.socket) -> bytes:
    received = b""
    while not split_answers(received):
        piece = connection.recv(65536)
        assert piece, received
        received += piece
    return received


def test_a_connection_that_is_idle_for_too_long_is_closed(served: Carrier) -> None:
    with connected(served) as connection:
        connection.sendall(REFUSED)
        answer_of(connection)

        assert connection.recv(1) == b""


def test_a_connection_that_goes_on_asking_stays_open(served: Carrier) -> None:
    with connected(served) as connection:
        for _ in range(5):
            connection.sendall(REFUSED)
            assert answer_of(connection).startswith(b"HTTP/1.1 401 ")
            # More than the second that it may be idle, all together.
            time.sleep(0.4)


def test_a_request_under_way_at_the_end_is_answered_and_its_connection_closed(served: Carrier) -> None:
    with connected(served) as connection, connected(served) as idle:
        idle.sendall(REFUSED)
        answer_of(idle)
        connection.sendall(REFUSED[:-3])
        time.sleep(0.1)
        served.thread.begin_end()
        assert idle.recv(1) == b""

        connection.sendall(REFUSED[-3:])

        assert b"\r\nconnection: close\r\n" in answer_of(connection)
        assert connection.recv(1) == b""


def test_clients_that_go_away_do_no_harm(served: Carrier) -> None:
    for _ in range(20):
        with connected(served) as connection:
            connection.sendall(REFUSED)
        with connected(served) as connection:
            connection.sendall(REFUSED[:-3])

    with connected(served) as connection:
        connection.sendall(REFUSED)
        assert answer_of(connection).startswith(b"HTTP/1.1 401 ")


def test_a_client_that_reads_late_gets_every_answer_in_order(served: Carrier) -> None:
    page = b"GET /nothing HTTP/1.1\r\nHost: x\r\nAccept: text/html\r\n\r\n"
    with connected(served) as connection:
        connection.settimeout(60)
        connection.sendall(REFUSED * MANY + page)
        time.sleep(0.5)
        received = b""
        while len(answers := split_answers(received)) <= MANY:
            received += connection.recv(1 << 20)

    assert [answer[9:12] for answer in answers] == [b"401"] * MANY + [b"404"]


def test_at_the_end_a_request_that_comes_at_once_on_an_idle_connection_is_answered_and_is_the_last(
    served: Carrier,
) -> None:
    with connected(served) as connection:
        connection.sendall(REFUSED)
        answer_of(connection)
        ended = threading.Event()
        served.thread.loop.call_soon_threadsafe(_begin_end_of_connections, served, ended)
        assert ended.wait(10)
        connection.sendall(REFUSED)
        answer = answer_of(connection)

        assert answer.startswith(b"HTTP/1.1 401 ")
        assert b"\r\nconnection: close\r\n" in answer
        assert connection.recv(1) == b""


def test_at_the_end_an_idle_connection_is_closed_soon(served: Carrier) -> None:
    with connected(served) as connection:
        connection.sendall(REFUSED)
        answer_of(connection)
        served.thread.begin_end()

        assert connection.recv(1) == b""


def _begin_end_of_connections(served: Carrier, ended: threading.Event) -> None:
    for connection in list(served.thread.connections):
        connection.shutdown()
    ended.set()
