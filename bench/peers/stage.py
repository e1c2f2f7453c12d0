"""Where a run happens: a folder of its own, the database servers that it needs, and every side filled once."""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parent.parent / "tests")]

from contenders import Contender, endpoints
from cores import SERVER, on_core
from driving import Endpoint
from processes import Request, Started, free_port, running

from postgres_server import PostgresServer, running_server

# PostgreSQL as it comes, but for more memory and for no port: what it acknowledges is on the disk.
DURABLE = {"listen_addresses": "", "max_connections": "100", "shared_buffers": "512MB"}
REDIS_DURABLE = ("--appendonly", "yes", "--appendfsync", "always")


@dataclass(frozen=True)
class Filled:
    """A side with its rows written; `folder` has its credentials, of which so many of each kind are `used` up."""

    contender: Contender
    folder: Path
    database: str
    used: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Running:
    """A side that serves."""

    process: Started
    endpoints: dict[str, Endpoint]


@dataclass
class Stage:
    """Fills sides and starts their servers; all ends with `open_stage`."""

    folder: Path
    durable: bool
    _ends: contextlib.ExitStack
    _filled: dict[str, Filled] = field(default_factory=dict)
    _postgres: PostgresServer | None = None

    def fill(self, contender: Contender, **counts: int) -> Filled:
        """Return the side with so many rows, filled the first time."""
        if contender.title not in self._filled:
            begun = time.perf_counter()
            folder = self.folder / f"side{len(self._filled)}"
            folder.mkdir()
            database = self._database(contender, folder)
            command = contender.filling(folder, database, **counts)
            environ = {**os.environ, **contender.environ, "BENCH_DATABASE": database}
            ran = subprocess.run(command, env=environ, capture_output=True, text=True, check=False, timeout=600)
            if ran.returncode:
                raise RuntimeError(f"{contender.title} could not be filled: {ran.stderr[-3000:]}")
            say(f"filled {contender.title} in {time.perf_counter() - begun:.1f} s")
            self._filled[contender.title] = Filled(contender, folder, database)
        return self._filled[contender.title]

    @contextlib.contextmanager
    def serve(self, filled: Filled) -> Iterator[Running]:
        """Run the side's server, one worker, until the end of the block."""
        port = free_port()
        there = endpoints(filled.folder, port)
        with running(*self.start(filled, port), cwd=filled.contender.place, environ=environ_of(filled)) as process:
            yield Running(process, there)

    def start(self, filled: Filled, port: int) -> tuple[list[str], Request]:
        """Return the command of the side's server, and what is asked of it first: an introspection."""
        command = filled.contender.serving(filled.folder, filled.database, port)
        asking = endpoints(filled.folder, port)["introspection"]
        token = first_line(asking.credentials)
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Authorization": asking.authorization}
        return on_core(SERVER, command), Request(asking.url, asking.body.replace("@", token), headers)

    def _database(self, contender: Contender, folder: Path) -> str:
        if contender.engine == "SQLite":
            return str(folder / "data.sqlite3")
        if contender.engine == "Redis":
            return self._ends.enter_context(_redis(folder, durable=self.durable))
        if self._postgres is None:
            self._postgres = self._ends.enter_context(running_server(DURABLE))
        return self._ends.enter_context(self._postgres.new_database("template0"))


def environ_of(filled: Filled) -> dict[str, str]:
    """Return what the side's server finds in its environment."""
    return {**filled.contender.environ, "BENCH_DATABASE": filled.database}


def first_line(file: Path) -> str:
    """Return the first credential of a file."""
    with file.open() as lines:
        return lines.readline().strip()


@contextlib.contextmanager
def open_stage(*, durable: bool) -> Iterator[Stage]:
    """Make the folder. `durable` says whether Redis has to have written to the disk what it acknowledges."""
    with tempfile.TemporaryDirectory(prefix="consentry-bench-") as name, contextlib.ExitStack() as ends:
        yield Stage(Path(name), durable, ends)


@contextlib.contextmanager
def _redis(folder: Path, *, durable: bool) -> Iterator[str]:
    program = shutil.which("redis-server")
    if program is None:
        raise RuntimeError("redis-server is missing: run scripts/setup bench.")
    port = free_port()
    settings = ("--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder), *(REDIS_DURABLE if durable else ()))
    with (folder / "redis.log").open("wb") as log:
        process = subprocess.Popen([program, *settings], stdout=log, stderr=log)
    try:
        yield f"redis://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)


def say(text: str) -> None:
    """Tell whoever waits."""
    print(text, file=sys.stderr, flush=True)
