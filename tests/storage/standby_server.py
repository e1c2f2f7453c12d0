"""Servers in recovery: copies of the tests' own PostgreSQL that follow it until they are promoted."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import asyncpg
import pytest

from postgres_server import OPTIONS, PostgresServer, _program, _wait_until_ready


@dataclass(slots=True)
class Standby:
    """A server of its own folder, which is also its host."""

    folder: Path
    user: str | None
    running: list["subprocess.Popen[bytes]"] = field(default_factory=list)

    def start(self) -> None:
        """Start it, in recovery wherever `standby.signal` is there, and wait until it answers."""
        given = {**OPTIONS, "unix_socket_directories": str(self.folder)}
        command = [_program("postgres"), "-D", str(self.folder / "data"), *(f"--{n}={v}" for n, v in given.items())]
        with (self.folder / "log").open("ab") as log:
            process = subprocess.Popen(command, user=self.user, cwd=self.folder, stdout=log, stderr=log)
        self.running.append(process)
        _wait_until_ready(self.folder, process)

    def stop(self) -> None:
        """Stop it, as far as it runs; whoever is connected is cut off."""
        while self.running:
            process = self.running.pop()
            process.send_signal(signal.SIGINT)
            process.wait(20)

    def go_back_into_recovery(self) -> None:
        """Start again as somebody's standby would, with all that it held."""
        self.stop()
        (self.folder / "data" / "standby.signal").touch()
        self.start()

    async def promote(self) -> None:
        """Make it take writes."""
        connection = await asyncpg.connect(f"postgresql://consentry@/postgres?host={self.folder}")
        await connection.execute("SELECT pg_promote()")
        await connection.close()


@contextmanager
def two_standbys(server: PostgresServer) -> Iterator[tuple[Standby, Standby]]:
    """Lend two servers in recovery, with all databases that the server has now."""
    host = parse_qs(urlsplit(server.url).query).get("host")
    if host is None:
        pytest.skip("Standbys are made of the tests' own PostgreSQL, which CONSENTRY_TEST_POSTGRES stands in for.")
    user = "postgres" if os.getuid() == 0 else None
    both = tuple(Standby(Path(tempfile.mkdtemp(prefix="consentry-pg-")), user) for _ in range(2))
    try:
        for one in both:
            if user is not None:
                shutil.chown(one.folder, user, pwd.getpwnam(user).pw_gid)
            subprocess.run(
                [_program("pg_basebackup"), "-h", host[0], "-U", "consentry", "-D", "data", "-R", "-c", "fast"],
                check=True,
                user=user,
                cwd=one.folder,
                capture_output=True,
            )
            one.start()
        yield both[0], both[1]
    finally:
        for one in both:
            one.stop()
            shutil.rmtree(one.folder, ignore_errors=True)
