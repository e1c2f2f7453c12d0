"""Code exchange and refresh with rotation, in process, 64 waiting: writes that share commits against one commit each.

    bench/.venv/bin/python bench/exchange_in_process.py

The deeds are the product's, as the token endpoint calls them after it has authenticated the client. Both sides read,
check, mint and write alike; they differ in one thing: whether those who wait share a commit.
"""

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from statistics import median

import uvloop

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "bench")]

from figures import Figure, Section, emit

from consentry.clock import SystemClock
from consentry.flows.authorization_code_grant import AuthorizationCodeGrant
from consentry.flows.refresh_token_grant import RefreshTokenGrant
from consentry.model.client import Client
from consentry.model.credential import AuthorizationCode
from consentry.model.ids import CodeId, ConnectionId
from consentry.model.secret import CredentialKind, digest, format_credential
from consentry.oauth.pkce import challenge_of
from consentry.oauth.scope import Scope
from consentry.oauth.token_request import AuthorizationCodeRequest, RefreshTokenRequest
from consentry.storage.credential_writes import inserting_code
from consentry.storage.credentials import SqlCredentialStore
from consentry.storage.database import Database, KeyedRead, Operation, P, Row, SetWrite, T, Value
from consentry.storage.schema import migrate
from consentry.storage.sqlite import SqliteDatabase
from consentry.wiring import open_deeds
from postgres_server import running_server
from protocol_world import CALLBACK, VERIFIER, ProtocolWorld, fill_protocol_world, settings_for

WAITING = 64
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "7"))
SECONDS = int(os.environ.get("BENCH_SECONDS", "3"))
REQUESTS = 800 * SECONDS
TARGET = 4.0
# Its own defaults otherwise: fsync and synchronous_commit are on.
POSTGRES = {"listen_addresses": "", "shared_buffers": "256MB"}

Request = Callable[[], Awaitable[object]]


@dataclass(frozen=True)
class Run:
    """One round of one side: requests a second, and latencies in milliseconds."""

    rate: float
    p50: float
    p99: float


@dataclass(frozen=True)
class Grants:
    """The two deeds of one side."""

    exchange: AuthorizationCodeGrant
    refresh: RefreshTokenGrant


class OneTransactionEach:
    """The database with every request's write in a transaction of its own, on the connections of the same pool."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def read(self, sql: str, *args: Value) -> Sequence[Row]:
        """Read as the other side does."""
        return await self._database.read(sql, *args)

    async def read_by_key(self, read: KeyedRead, key: str) -> Sequence[Row]:
        """Read as the other side does."""
        return await self._database.read_by_key(read, key)

    async def write(self, operation: Callable[P, Operation[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run the operation as one transaction."""
        return await self._database.write(operation, *args, **kwargs)

    async def write_set(self, write: SetWrite, *values: Value) -> bool:
        """Do the write for one caller alone."""
        return await self._database.write(write.one, *values)

    async def close(self) -> None:
        """Leave the database to its owner."""


@contextmanager
def engines() -> Iterator[dict[str, str]]:
    """Lend the URL of a migrated database on each engine, on a disk."""
    with tempfile.TemporaryDirectory() as folder, running_server(POSTGRES) as server, server.new_database() as url:
        file = f"sqlite:///{folder}/bench.sqlite3"
        migrate(file)
        yield {"SQLite": file, "PostgreSQL": url}


def one_commit_each(database: Database) -> Database:
    """Return the other side of the comparison over the same rows."""
    if not isinstance(database, SqliteDatabase):
        return OneTransactionEach(database)
    alone = SqliteDatabase(database.path)
    alone.writer.group_most = 1
    return alone


async def new_codes(world: ProtocolWorld, count: int) -> list[AuthorizationCodeRequest]:
    """Write so many codes of one connection; return the requests that redeem them."""
    deeds, app = world.deeds, world.tool.app
    rows = await deeds.database.read("SELECT id FROM connections WHERE app_id = $1 AND ended_at IS NULL", app.id)
    connection_id, now = ConnectionId(rows[0][0]), deeds.clock.now()
    codes, requests = [], []
    for _ in range(count):
        code_id, secret = CodeId(deeds.secrets.new_id()), deeds.secrets.new_secret()
        bound = (connection_id, app.id, CALLBACK, challenge_of(VERIFIER), Scope.of("invoicing:write"), None, None)
        codes.append(AuthorizationCode(code_id, digest(secret), *bound, now, now + timedelta(minutes=10)))
        text = format_credential(CredentialKind.AUTHORIZATION_CODE, code_id, secret).reveal()
        requests.append(AuthorizationCodeRequest(code=text, redirect_uri=CALLBACK, code_verifier=VERIFIER, resource=()))

    def writing() -> Operation[None]:
        for code in codes:
            yield inserting_code(code, connection_id)

    await deeds.database.write(writing)
    return requests


async def drive(requests: Sequence[Request]) -> Run:
    """Make the requests, so many at a time that 64 always wait."""
    left, taken = iter(requests), []

    async def ask() -> None:
        for request in left:
            begun = time.perf_counter()
            await request()
            taken.append(time.perf_counter() - begun)

    begun = time.perf_counter()
    await asyncio.gather(*(ask() for _ in range(WAITING)))
    rate = len(taken) / (time.perf_counter() - begun)
    taken.sort()
    return Run(rate, taken[len(taken) // 2] * 1000, taken[len(taken) * 99 // 100] * 1000)


async def exchange(world: ProtocolWorld, grants: Grants, client: Client, count: int) -> Run:
    """Exchange so many new codes."""
    requests = await new_codes(world, count)
    return await drive([partial(grants.exchange.exchange, each, client) for each in requests])


async def refresh(world: ProtocolWorld, grants: Grants, client: Client, count: int) -> Run:
    """Refresh, with rotation, as many families as wait, one after another."""
    codes = await new_codes(world, WAITING)
    opened = await asyncio.gather(*(grants.exchange.exchange(code, client) for code in codes))
    current = [tokens.refresh_token or "" for tokens in opened]

    async def one() -> None:
        request = RefreshTokenRequest(refresh_token=current.pop(), scope=None, resource=())
        current.insert(0, (await grants.refresh.refresh(request, client)).refresh_token or "")

    return await drive([one] * count)


async def measure(engine: str, url: str) -> list[Figure]:
    """Return the two figures of one engine, measured in turns."""
    with tempfile.TemporaryDirectory() as folder:
        deeds = open_deeds(settings_for(Path(folder) / "any.sqlite3", database_url=url), clock=SystemClock())
    world = await fill_protocol_world(deeds)
    await world.connect(world.tool)
    client = await world.authenticate(world.tool.credentials)
    other = one_commit_each(deeds.database)
    together = Grants(deeds.authorization_code_grant, deeds.refresh_token_grant)
    store = SqlCredentialStore(other)
    alone = Grants(replace(together.exchange, credentials=store), replace(together.refresh, credentials=store))
    figures = []
    for name, work in (("code exchange", exchange), ("refresh with rotation", refresh)):
        for grants in (together, alone):
            await work(world, grants, client, WAITING)
        rounds = []
        for _ in range(ROUNDS):
            ours = await work(world, together, client, REQUESTS)
            theirs = await work(world, alone, client, REQUESTS // 3)
            rounds.append((ours, theirs))
            _say(f"{engine}, {name}: {ours.rate:.0f}/s and {theirs.rate:.0f}/s, {ours.rate / theirs.rate:.2f} times")
        figures.append(_figure(f"{name}, in process, {engine}, {WAITING} waiting", rounds))
    await other.close()
    await deeds.database.close()
    return figures


def _figure(work: str, rounds: Sequence[tuple[Run, Run]]) -> Figure:
    ratio = median(ours.rate / theirs.rate for ours, theirs in rounds)
    return Figure(
        work=work,
        against="one commit for each request",
        ours=median(ours.rate for ours, _ in rounds),
        theirs=median(theirs.rate for _, theirs in rounds),
        unit="requests/s",
        ratio=ratio,
        target="4 times",
        reached=ratio >= TARGET,
        p50=median(ours.p50 for ours, _ in rounds),
        p99=median(ours.p99 for ours, _ in rounds),
    )


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")


def main() -> None:
    """Measure on a new SQLite file and on a PostgreSQL of the benchmark's own."""
    figures = []
    with engines() as urls:
        for engine, url in urls.items():
            figures += uvloop.run(measure(engine, url))
    emit(
        Section(
            "Writes that wait share a commit",
            figures,
            [
                "SQLite: WAL, synchronous=FULL, one writer; one commit each is the same writer with groups of one.",
                (
                    "PostgreSQL: its own defaults (fsync and synchronous_commit on), over a socket; one commit each is "
                    "one transaction of two or three statements for each request, on the connections of the pool. The "
                    "reads before the writes share round trips on both sides."
                ),
            ],
        )
    )


if __name__ == "__main__":
    main()
