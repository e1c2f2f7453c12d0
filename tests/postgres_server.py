"""A private PostgreSQL for tests, from Debian's package: no port, a socket in a folder of its own, gone at the end.

`CONSENTRY_TEST_POSTGRES` names another server to use: a URL of a user who may create databases.
"""

import asyncio
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Coroutine, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from consentry.storage.schema import migrate

VARIABLE = "CONSENTRY_TEST_POSTGRES"
TEMPLATE = f"consentry_test_{os.getpid()}"
OPTIONS = {
    "listen_addresses": "",
    "max_connections": "100",
    "shared_buffers": "64MB",
    # What would be lost in a crash of the machine is lost with the test anyway.
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "deadlock_timeout": "100ms",
}

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """A server in which every test gets a migrated database of its own, copied from a template."""

    url: str
    _numbers: Iterator[int] = field(default_factory=count)
    _clean: list[str] = field(default_factory=list)

    def url_of(self, database: str) -> str:
        """Return the URL of one of its databases."""
        return urlunsplit(urlsplit(self.url)._replace(path=f"/{database}"))

    def make_template(self) -> None:
        """Create the database that the others are copied from."""
        self.execute(f'CREATE DATABASE "{TEMPLATE}"')
        migrate(self.url_of(TEMPLATE))

    @contextmanager
    def database(self) -> Iterator[str]:
        """Lend the URL of a migrated database without rows. It must come back with the tables that it had."""
        url = self._clean.pop() if self._clean else self._create(TEMPLATE)
        try:
            yield url
        finally:
            in_thread(_empty(url))
            self._clean.append(url)

    @contextmanager
    def new_database(self, template: str = TEMPLATE) -> Iterator[str]:
        """Lend the URL of a database in which anything may be done: a migrated one, or `template0` without a table."""
        url = self._create(template)
        try:
            yield url
        finally:
            self.drop(url)

    def close(self) -> None:
        """Leave nothing behind."""
        for url in (*self._clean, self.url_of(TEMPLATE)):
            self.drop(url)

    def drop(self, url: str) -> None:
        """Drop a database, whoever is connected to it."""
        self.execute(f'DROP DATABASE "{urlsplit(url).path[1:]}" WITH (FORCE)')

    def _create(self, template: str) -> str:
        # A quarter of a second, which is why databases are used again.
        name = f"{TEMPLATE}_{next(self._numbers)}"
        self.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return self.url_of(name)

    def execute(self, sql: str) -> None:
        """Run one statement in the server's own database."""
        in_thread(self._execute(sql))

    async def _execute(self, sql: str) -> None:
        connection = await asyncpg.connect(self.url)
        try:
            await connection.execute(sql)
        finally:
            await connection.close()


@contextmanager
def running_server(options: Mapping[str, str] = OPTIONS) -> Iterator[PostgresServer]:
    """Start a server with these settings, or use the one that the environment names."""
    if VARIABLE in os.environ:
        yield from _with_template(PostgresServer(os.environ[VARIABLE]))
        return
    folder = Path(tempfile.mkdtemp(prefix="consentry-pg-"))
    # PostgreSQL refuses to run as root.
    user = "postgres" if os.getuid() == 0 else None
    try:
        if user is not None:
            shutil.chown(folder, user, pwd.getpwnam(user).pw_gid)
        yield from _started(folder, user, options)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _started(folder: Path, user: str | None, options: Mapping[str, str]) -> Iterator[PostgresServer]:
    data = folder / "data"
    initdb = [_program("initdb"), "-D", str(data), "-U", "consentry", "-A", "trust", "-E", "UTF8", "--no-sync"]
    subprocess.run(initdb, check=True, user=user, cwd=folder, capture_output=True, timeout=60)
    given = {**options, "unix_socket_directories": str(folder)}
    command = [_program("postgres"), "-D", str(data), *(f"--{name}={value}" for name, value in given.items())]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, user=user, cwd=folder, stdout=log, stderr=log)
    try:
        _wait_until_ready(folder, process)
        yield from _with_template(PostgresServer(f"postgresql://consentry@/postgres?host={folder}"))
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(20)


def _wait_until_ready(folder: Path, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 30
    while subprocess.run([_program("pg_isready"), "-q", "-h", str(folder)], check=False).returncode:
        assert process.poll() is None, (folder / "log").read_text()
        assert time.monotonic() < deadline, (folder / "log").read_text()
        time.sleep(0.05)


def _with_template(server: PostgresServer) -> Iterator[PostgresServer]:
    server.make_template()
    try:
        yield server
    finally:
        server.close()


async def _empty(url: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        # The newest first, because a table refers to older ones only.
        tables = await connection.fetch(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace "
            "AND relname NOT IN ('alembic_version', 'schema_floor') ORDER BY oid DESC"
        )
        await connection.execute(";".join(f'DELETE FROM "{name}"' for (name,) in tables))  # noqa: S608 - see above
    finally:
        await connection.close()


def _program(name: str) -> str:
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name), reverse=True)
    found = shutil.which(name, path=os.pathsep.join([*map(str, folders), os.environ.get("PATH", "")]))
    assert found is not None, f"{name} is missing: run scripts/setup tests, or set {VARIABLE} to a server's URL."
    return found


def in_thread(work: Coroutine[Any, Any, T]) -> T:
    """Return the result of `work`, run in a loop of its own beside the test's."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()
