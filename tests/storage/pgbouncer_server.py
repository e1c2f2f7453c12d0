"""A private PgBouncer, from Debian's package, in front of the tests' own PostgreSQL: no port, a socket in a folder."""

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from postgres_server import PostgresServer

PORT = 6432
# Fewer than the connections that one process opens, so that transactions of many share them.
SERVER_CONNECTIONS = 2


@contextmanager
def pgbouncer_before(server: PostgresServer, mode: str, **options: str) -> Iterator[str]:
    """Run PgBouncer in this pool mode; lend the URL that leads to it, with `{database}` and `{ours}` to fill in."""
    program = shutil.which("pgbouncer", path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin"]))
    if program is None:
        pytest.skip("PgBouncer is not installed, and this system has no package of it.")
    host = parse_qs(urlsplit(server.url).query).get("host")
    if host is None:
        pytest.skip("PgBouncer is tried before the tests' own PostgreSQL, which CONSENTRY_TEST_POSTGRES stands in for.")
    folder = Path(tempfile.mkdtemp(prefix="consentry-pgbouncer-"))
    user = "postgres" if os.getuid() == 0 else None
    if user is not None:
        shutil.chown(folder, user, pwd.getpwnam(user).pw_gid)
    configuration = folder / "pgbouncer.ini"
    configuration.write_text(_configuration(folder, host[0], mode, options), encoding="utf-8")
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([program, str(configuration)], user=user, cwd=folder, stdout=log, stderr=log)
    try:
        _wait_for(folder / f".s.PGSQL.{PORT}", process, folder / "log")
        yield f"postgresql://consentry@/{{database}}?host={folder}&port={PORT}{{ours}}"
    finally:
        process.terminate()
        process.wait(20)
        shutil.rmtree(folder, ignore_errors=True)


def _configuration(folder: Path, host: str, mode: str, options: dict[str, str]) -> str:
    settings = {
        "listen_addr": "",
        "listen_port": str(PORT),
        "unix_socket_dir": str(folder),
        "auth_type": "any",
        "pool_mode": mode,
        "default_pool_size": str(SERVER_CONNECTIONS),
        **options,
    }
    lines = [f"{name} = {value}" for name, value in settings.items()]
    return "\n".join(["[databases]", f"* = host={host} user=consentry", "[pgbouncer]", *lines, ""])


def _wait_for(socket: Path, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + 20
    while not socket.exists():
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.02)
