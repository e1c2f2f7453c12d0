"""One application behind both of its carriers, and raw bytes sent to each: uvicorn's ASGI, and our own protocol."""

import contextlib
import re
import socket
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from consentry.ports.directory import LiveDirectory
from consentry.settings import load_settings
from consentry.web.main import Application, app_over
from consentry.wiring import Deeds, open_deeds
from live_server import OUR_HTTP, ServerThread, free_socket
from people_builders import CountingPasswords
from small_world import SMALL_CATALOG

_CHANGING = re.compile(rb"(?<=\ndate: )[^\r]*|(?<=req_)[0-9a-f]{18}")
_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)\r\n")


@dataclass(frozen=True, slots=True)
class Carrier:
    """A server on a port of its own."""

    deeds: Deeds
    thread: ServerThread
    port: int
    application: Application

    def exchange(self, *pieces: bytes, answers: int = 1, head_only: bool = False) -> bytes:
        """Send the pieces one after the other; return so many whole answers, or all that came until the end.

        What differs from one request to the next, date and request identifier, is taken out.
        """
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as connection:
            for number, piece in enumerate(pieces):
                connection.sendall(piece)
                if number + 1 < len(pieces):
                    # Long enough for the server to read one before the next comes, in most runs: it must not matter.
                    time.sleep(0.03)
            return without_changes(read_answers(connection, answers, head_only=head_only))


def read_answers(connection: socket.socket, count: int, *, head_only: bool = False) -> bytes:
    """Return what came, once it holds so many whole answers or nothing more comes; a closed end is marked."""
    received = b""
    while len(split_answers(received, head_only=head_only)) < count:
        try:
            piece = connection.recv(65536)
        except ConnectionResetError:
            piece = b""
        if not piece:
            return received + b"<closed>"
        received += piece
    connection.settimeout(0.05)
    with contextlib.suppress(TimeoutError, ConnectionResetError):
        rest = connection.recv(65536)
        received += rest or b"<closed>"
    return received


def split_answers(received: bytes, *, head_only: bool = False) -> Sequence[bytes]:
    """Return the whole answers in what came. An interim answer belongs to the one that follows it."""
    answers, start = [], 0
    while (end := received.find(b"\r\n\r\n", start)) >= 0:
        head, after = received[start : end + 2], end + 4
        if head.startswith(b"HTTP/1.1 100 "):
            start = after
            continue
        length = _LENGTH.search(head)
        after += 0 if head_only or length is None else int(length[1])
        if len(received) < after:
            break
        answers.append(received[start:after])
        start = after
    return answers


def without_changes(received: bytes) -> bytes:
    """Take out the date and the request's identifier."""
    return _CHANGING.sub(b"", received)


@contextlib.contextmanager
def carrier(
    database_url: str, folder: Path, *, http: str = OUR_HTTP, idle: int = 5, directory: LiveDirectory | None = None
) -> Iterator[Carrier]:
    """Serve the database, other files in the folder; a connection may be idle for so many seconds."""
    catalog, routes = folder / "catalog.toml", folder / "routes.toml"
    catalog.write_text(SMALL_CATALOG, encoding="utf-8")
    routes.write_text('[routes]\n"GET /invoices" = "invoice.read"\n"GET /status" = "public"\n', encoding="utf-8")
    environ = {
        "CONSENTRY_ISSUER": "http://127.0.0.1:8000",
        "CONSENTRY_DATABASE_URL": database_url,
        "CONSENTRY_SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyz",
        "CONSENTRY_CATALOG": str(catalog),
        "CONSENTRY_GUARD_ROUTES": str(routes),
        "CONSENTRY_TRUSTED_PROXIES": "127.0.0.1",
    }
    deeds = open_deeds(load_settings(None, environ), passwords=CountingPasswords(), directory=directory)
    listening, port = free_socket()
    application = app_over(deeds)
    thread = ServerThread(application, listening, http=http, idle=idle)
    thread.begin()
    try:
        yield Carrier(deeds, thread, port, application)
    finally:
        thread.end()
        listening.close()


@contextlib.contextmanager
def both_carriers(
    database_url: str, folder: Path, directory: LiveDirectory | None = None
) -> Iterator[tuple[Carrier, Carrier]]:
    """Serve the same database by uvicorn's own protocol and by ours."""
    with (
        carrier(database_url, folder, http="httptools", directory=directory) as by_asgi,
        carrier(database_url, folder, directory=directory) as by_us,
    ):
        yield by_asgi, by_us
