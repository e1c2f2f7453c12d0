"""What a strict introspection costs over HTTP: the endpoint as it is, beside the same one that reads nothing.

One worker each, 64 connections, every token as likely as another; the two take turns. The second is the same server
with the rows of its reads in memory: the caller is authenticated, the credential judged and the answer written all the
same.
"""

import asyncio
import base64
import os
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from statistics import median

HERE = Path(__file__).parent
TESTS = HERE.parent / "tests"
sys.path[:0] = [str(HERE), str(TESTS / "guard"), str(TESTS)]

import httpx
from figures import Figure, Section, emit
from guard_world import OPERATOR, build_guard_world
from load import Load, RefusedError, _milliseconds
from processes import Request, free_port, memory_of, running

from consentry.clock import SystemClock
from consentry.storage.schema import migrate_sqlite
from postgres_server import running_server
from small_world import FixedClock

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
SECONDS = int(os.environ.get("BENCH_SECONDS", "3"))
CONNECTIONS = 64
TOKENS = 2000
TARGETS = {"SQLite": 0.65, "PostgreSQL": 0.6}
CONFIG = """issuer = "http://127.0.0.1:{port}"
database_url = "{url}"
catalog = "catalog.toml"
secret_key = "{key}"
"""
SCRIPT = """
local tokens = {{}}
for line in io.lines("{tokens}") do tokens[#tokens + 1] = "token=" .. line end
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
wrk.headers["Authorization"] = "Basic {basic}"
request = function() return wrk.format(nil, nil, nil, tokens[math.random(#tokens)]) end
"""
NOTES = (
    (
        f"`POST /oauth/introspect` by a resource server with HTTP Basic, {TOKENS:,} tokens at random, {CONNECTIONS} "
        f"connections, one worker; {ROUNDS} rounds of {SECONDS} s each, in turns."
    ),
    (
        "Left out: both reads (the caller's secret, and the token with all it hangs on). Everything else is done: "
        "parsing, authentication, judging, recording the use, the answer."
    ),
    "Load by wrk with one thread, on the same machine.",
)
_RESULT = re.compile(r"\n +50%\s+(\S+).*\n +99%\s+(\S+).*Requests/sec:\s+(\S+)", re.DOTALL)


@dataclass(frozen=True)
class World:
    """A database with so many tokens of one connection, and a resource server that may ask about them."""

    folder: Path
    url: str
    client_id: str
    client_secret: str


def main() -> None:
    if shutil.which("wrk") is None:
        raise SystemExit("This benchmark needs wrk: apt-get install wrk")
    figures = []
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "sqlite" / "consentry.sqlite3"
        database.parent.mkdir()
        migrate_sqlite(database)
        figures.append(compare("SQLite", make_world(database.parent, f"sqlite:///{database}")))
    with tempfile.TemporaryDirectory() as folder, running_server() as server, server.new_database() as url:
        figures.append(compare("PostgreSQL", make_world(Path(folder), url)))
    emit(
        Section(
            "Introspection over HTTP: with its reads, and with them left out",
            figures,
            list(NOTES),
        )
    )


def compare(engine: str, world: World) -> Figure:
    """Measure both servers in turns."""
    with ExitStack() as stack:
        ours = stack.enter_context(serve(world))
        bare = stack.enter_context(serve(world, "without_reads"))
        for port, _ in (ours, bare):
            require_active(world, port)
            load(world, port, 1)
        rounds = [(load(world, ours[0]), load(world, bare[0])) for _ in range(ROUNDS)]
        memory = memory_of(ours[1]).rss
    strict, free = (median(one[side].requests_per_second for one in rounds) for side in (0, 1))
    ratio = median(one.requests_per_second / other.requests_per_second for one, other in rounds)
    print(f"{engine}: {strict:,.0f} against {free:,.0f} requests/s, {ratio:.2f}", file=sys.stderr)
    return Figure(
        work=f"introspection over HTTP, {engine}",
        against="the same endpoint with the reads left out",
        ours=strict,
        theirs=free,
        unit="requests/s",
        ratio=ratio,
        target=f"at least {TARGETS[engine]}",
        reached=ratio >= TARGETS[engine],
        p50=median(one.p50 for one, _ in rounds),
        p99=median(one.p99 for one, _ in rounds),
        memory=memory,
    )


def make_world(folder: Path, url: str) -> World:
    tokens, client_id, client_secret = asyncio.run(_fill(folder, url))
    (folder / "tokens").write_text("".join(f"{token}\n" for token in tokens))
    return World(folder, url, client_id, client_secret)


async def _fill(folder: Path, url: str) -> tuple[list[str], str, str]:
    clock = FixedClock()
    clock.present = SystemClock().now()
    world = await build_guard_world(url, folder, clock)
    tokens = [await world.token(lifetime=timedelta(days=1)) for _ in range(TOKENS)]
    made = await world.deeds.resources.register(OPERATOR, "Books API", "https://api.books.test")
    await world.guard.close()
    world.blocking.close()
    await world.deeds.database.close()
    return tokens, made.resource.client_id, made.client_secret.reveal()


@contextmanager
def serve(world: World, kind: str = "consentry") -> Iterator[tuple[int, int]]:
    """Run a server of one worker over the world; give its port and its process."""
    port = free_port()
    config = world.folder / f"{kind}.toml"
    config.write_text(CONFIG.format(port=port, url=world.url, key=secrets.token_urlsafe(32)))
    if kind == "consentry":
        program = [str(Path(sys.executable).with_name("consentry")), "serve"]
    else:
        program = [sys.executable, str(HERE / "introspection_without_reads.py")]
    command = [*program, "--config", str(config), "--port", str(port)]
    with running(command, Request(f"http://127.0.0.1:{port}/healthz")) as started:
        yield port, started.process.pid


def require_active(world: World, port: int) -> None:
    """Return if the server says of a token that it works; raises RefusedError."""
    token = (world.folder / "tokens").read_text().partition("\n")[0]
    answer = httpx.post(
        f"http://127.0.0.1:{port}/oauth/introspect", data={"token": token}, auth=(world.client_id, world.client_secret)
    )
    if answer.json().get("active") is not True:
        raise RefusedError(answer.text)


def load(world: World, port: int, seconds: int = SECONDS) -> Load:
    """Introspect for so long. Raises RefusedError."""
    basic = base64.b64encode(f"{world.client_id}:{world.client_secret}".encode()).decode()
    script = world.folder / "introspect.lua"
    script.write_text(SCRIPT.format(tokens=world.folder / "tokens", basic=basic))
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency", "-s", str(script)]
    url = f"http://127.0.0.1:{port}/oauth/introspect"
    text = subprocess.run([*command, url], capture_output=True, text=True, check=True, timeout=seconds + 30).stdout
    found = _RESULT.search(text)
    if found is None or "Non-2xx" in text or "Socket errors" in text:
        raise RefusedError(text)
    p50, p99, rate = found.groups()
    return Load(float(rate), _milliseconds(p50), _milliseconds(p99))


if __name__ == "__main__":
    main()
