"""The server is told to end while many ask: whatever it took is answered, and answered whole.

What comes on a kept connection later than the server waits for it may find the connection closed.
"""

import http.client
import math
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from served import PATIENCE_SECONDS, Served, environ_of, served

from consentry.web.http_protocol import LAST_REQUEST_SECONDS

CALLERS = 16
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture
def environ(database_url: str, tmp_path: Path) -> dict[str, str]:
    return environ_of(database_url, tmp_path)


@dataclass(slots=True)
class Callers:
    """Threads that ask again and again, each on a connection that it keeps, until nobody listens any more."""

    server: Served
    answered: Counter[tuple[int, bool]] = field(default_factory=Counter)
    lost: list[str] = field(default_factory=list)
    told_at: float = math.inf

    def wait_until_all_ask(self) -> None:
        """Return once there are so many answers that each caller has some, or nearly."""
        while not self.lost and sum(self.answered.values()) < CALLERS * 10:
            time.sleep(0.02)

    def tell_to_end(self) -> None:
        self.told_at = time.monotonic()
        self.server.process.send_signal(signal.SIGTERM)

    def run(self) -> None:
        host, port = self.server.url.removeprefix("http://").split(":")
        while True:
            connection = http.client.HTTPConnection(host, int(port), timeout=PATIENCE_SECONDS)
            with closing(connection):
                try:
                    connection.connect()
                except OSError:
                    return
                self._ask_while_it_is_open(connection)

    def _ask_while_it_is_open(self, connection: http.client.HTTPConnection) -> None:
        asked = 0
        sent_at: float | None = None
        try:
            while True:
                sent_at = None
                connection.request("POST", "/oauth/introspect", b"token=nothing", FORM)
                sent_at = time.monotonic()
                answer = connection.getresponse()
                self.answered[answer.status, b"invalid_client" in answer.read()] += 1
                asked += 1
                if answer.will_close:
                    return
        except (OSError, http.client.HTTPException) as fault:
            # One that came as the door was closed, and was never taken, is refused like those who come later.
            if asked and (sent_at or time.monotonic()) < self.told_at + LAST_REQUEST_SECONDS:
                self.lost.append(repr(fault))

    @contextmanager
    def asking(self) -> Iterator[None]:
        threads = [threading.Thread(target=self.run) for _ in range(CALLERS)]
        for thread in threads:
            thread.start()
        yield
        for thread in threads:
            thread.join()


@pytest.mark.parametrize("workers", [1, 2])
def test_no_request_is_lost_on_a_connection_that_the_server_took(
    environ: dict[str, str], tmp_path: Path, workers: int
) -> None:
    with served(tmp_path, environ, workers=workers) as server:
        callers = Callers(server)
        with callers.asking():
            callers.wait_until_all_ask()
            callers.tell_to_end()

        assert server.process.wait(PATIENCE_SECONDS) == 0
        assert "Traceback" not in server.said.read_text()

    assert callers.lost == []
    assert set(callers.answered) == {(401, True)}
