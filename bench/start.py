"""How long a server takes from its start to the first answer, and what one worker holds in memory.

    bench/.venv/bin/python bench/start.py

Measured against the least that can be served here: uvicorn with an application of five lines. Both sides take turns.
"""

import asyncio
import base64
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from urllib.parse import urlencode

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "tests")]

import httpx
from figures import Figure, Section, emit
from processes import Memory, Request, first_answer, free_port, memory_of, running

from consentry.model.secret import Secret
from consentry.storage.schema import migrate
from consentry.wiring import open_deeds
from postgres_server import running_server
from protocol_world import OPERATOR, fill_protocol_world, settings_for

ROUNDS = 9
REQUESTS = 2000
AT_ONCE = 16
KEY = "0123456789abcdefghijklmnopqrstuvwxyz"
METADATA = "/.well-known/oauth-authorization-server"
SCRIPTS = Path(sys.executable).parent
MOST_SECONDS = 0.31
MOST_MEBIBYTES = 60.0

BARE = """
async def app(scope, receive, send):
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"{}"})
"""


@dataclass(frozen=True)
class Side:
    """A server that can be started on a port, and what it is asked first."""

    command: tuple[str, ...]
    folder: Path
    environ: Mapping[str, str]
    body: str | None = None
    headers: Mapping[str, str] | None = None

    def started_in(self, path: str) -> float:
        """Start the server, ask it, end it; return the seconds."""
        port = free_port()
        request = Request(f"http://127.0.0.1:{port}{path}", self.body, self.headers or {})
        return first_answer((*self.command, "--port", str(port)), request, cwd=self.folder, environ=self.environ)

    def memory_after(self, path: str) -> Memory:
        """Return what the server holds once it has answered `REQUESTS`."""
        port = free_port()
        request = Request(f"http://127.0.0.1:{port}{path}", self.body, self.headers or {})
        command = (*self.command, "--port", str(port))
        with running(command, request, cwd=self.folder, environ=self.environ) as started:
            asyncio.run(_ask(request))
            return memory_of(started.process.pid)


async def _ask(request: Request) -> None:
    method = "GET" if request.body is None else "POST"
    async with httpx.AsyncClient(trust_env=False, timeout=60) as client:

        async def some() -> None:
            for _ in range(REQUESTS // AT_ONCE):
                answer = await client.request(method, request.url, content=request.body, headers=dict(request.headers))
                answer.raise_for_status()

        await asyncio.gather(*(some() for _ in range(AT_ONCE)))


async def introspecting(url: str, folder: Path) -> Side:
    """Return our server over a database with a token in it, asked about that token."""
    settings = settings_for(folder / "consentry.sqlite3", database_url=url, secret_key=Secret(KEY))
    deeds = open_deeds(settings)
    world = await fill_protocol_world(deeds)
    token = (await world.connect(world.web)).access_token
    made = await deeds.resources.register(OPERATOR, "Books API", "https://api.books.test")
    await deeds.database.close()
    secret = base64.b64encode(f"{made.resource.id}:{made.client_secret.reveal()}".encode()).decode()
    environ = {"CONSENTRY_DATABASE_URL": url, "CONSENTRY_SECRET_KEY": KEY}
    headers = {"Authorization": f"Basic {secret}", "Content-Type": "application/x-www-form-urlencoded"}
    command = (str(SCRIPTS / "consentry"), "serve")
    return Side(command, folder, environ, urlencode({"token": token}), headers)


def compare(engine: str, ours: Side, bare: Side) -> list[Figure]:
    """Measure both kinds of a first answer, and the memory."""
    figures = []
    reading = Side(ours.command, ours.folder, ours.environ)
    for work, side, path in (("metadata", reading, METADATA), ("introspection", ours, "/oauth/introspect")):
        print(f"first answer, {work}, {engine} ...", file=sys.stderr, flush=True)
        side.started_in(path)
        bare.started_in("/")
        rounds = [(side.started_in(path), bare.started_in("/")) for _ in range(ROUNDS)]
        mine, theirs = (median(one[kind] for one in rounds) for kind in (0, 1))
        ratio = median(first / second for first, second in rounds)
        target = f"under {MOST_SECONDS} s"
        name = f"first answer after the start: {work}, {engine}"
        figures.append(Figure(name, "a bare uvicorn", mine, theirs, "s", ratio, target, mine < MOST_SECONDS))
    print(f"memory, {engine} ...", file=sys.stderr, flush=True)
    held, least = ours.memory_after("/oauth/introspect"), bare.memory_after("/")
    name = f"memory of one worker after {REQUESTS} introspections, {engine}"
    target, reached = f"under {MOST_MEBIBYTES:.0f} MiB", held.rss < MOST_MEBIBYTES
    figures.append(
        Figure(name, "a bare uvicorn", held.rss, least.rss, "MiB RSS", held.rss / least.rss, target, reached)
    )
    return figures


def main() -> None:
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory() as name, running_server() as server, server.new_database("template0") as url:
        for engine, address in (("SQLite", f"sqlite:///{name}/SQLite/consentry.sqlite3"), ("PostgreSQL", url)):
            folder = Path(name) / engine
            folder.mkdir()
            (folder / "bare_app.py").write_text(BARE)
            migrate(address)
            ours = asyncio.run(introspecting(address, folder))
            least = (sys.executable, "-m", "uvicorn", "--loop", "uvloop", "--http", "httptools", "--no-access-log")
            bare = Side((*least, "--lifespan", "off", "bare_app:app"), folder, {})
            figures += compare(engine, ours, bare)
    notes = [
        f"From the exec of the command to the last byte of the first answer: median of {ROUNDS} starts, files cached.",
        "Memory is the resident set. One worker; pages and the management API were not asked for, so not loaded.",
    ]
    emit(Section("Start and memory", figures, notes))


if __name__ == "__main__":
    main()
