"""Connections are revoked one after the other while other processes call with their tokens as fast as they can.

    bench/.venv/bin/python bench/revocation.py [--revocations 10000] [--engine sqlite|postgresql]

No call that began after a revocation returned may be accepted: by a server of two workers, or by a guard in a process
of the product's. Prints how long a revocation takes meanwhile, too.
"""

import argparse
import asyncio
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median, quantiles

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent / "tests")]

from figures import Figure, Section, emit
from population import Population, fill, population_of
from processes import free_port, running
from revocation_board import ACCEPTED, BROKEN, REFUSED, RIGHT, WRONG, Board

from consentry.model.acting import operator
from consentry.model.ids import ConnectionId
from consentry.settings import load_settings
from consentry.wiring import Deeds, open_deeds
from postgres_server import running_server
from small_world import SMALL_CATALOG

HERE = Path(__file__).parent
WORKERS = 2
GUARDS = 2
STARTING_SECONDS = 60
OPERATOR = operator("opr_000000000000000bench1")
POSTGRES = {"listen_addresses": "", "max_connections": "100", "shared_buffers": "256MB"}


@dataclass(frozen=True)
class Run:
    """What came of the revocations. `times` are milliseconds."""

    revocations: int
    accepted: int
    refused: int
    broken: int
    accepted_after: int
    refused_after: int
    by_caller: tuple[int, ...]
    times: list[float]
    seconds: float


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--revocations", type=int, default=10_000)
    parser.add_argument("--engine", choices=["sqlite", "postgresql"], action="append")
    given = parser.parse_args()
    figures = []
    for engine in given.engine or ["sqlite", "postgresql"]:
        with tempfile.TemporaryDirectory() as folder, database(engine, Path(folder)) as url:
            figures += figures_of(engine, revoke_under_load(url, given.revocations, Path(folder)))
    emit(Section("Revocation under full load", figures, NOTES))


NOTES = [
    (
        f"Calls come from {GUARDS} processes with a guard each and from one that introspects at a server of {WORKERS} "
        "workers, 16 at once in each, all with tokens of connections that are about to be revoked or just were. The "
        "connections are ended one after the other by a process of its own. Both note the machine's monotonic clock: "
        "a call before it is sent, a revocation after it has returned."
    ),
    "Ours: accepted calls that began after the revocation returned. Theirs: refused calls that began after it.",
]


@contextlib.contextmanager
def database(engine: str, folder: Path) -> Iterator[str]:
    """Lend the URL of an empty database."""
    if engine == "sqlite":
        yield f"sqlite:///{folder / 'consentry.sqlite3'}"
        return
    with running_server(POSTGRES) as server, server.new_database() as url:
        yield url


def revoke_under_load(url: str, revocations: int, folder: Path) -> Run:
    """Fill the database, start the callers, end so many connections and return what was seen."""
    population = population_of(10 * max(revocations, 100))
    fill(url, population)
    (folder / "catalog.toml").write_text(SMALL_CATALOG, encoding="utf-8")
    port = free_port()
    environ = {
        "CONSENTRY_DATABASE_URL": url,
        "CONSENTRY_CATALOG": str(folder / "catalog.toml"),
        "CONSENTRY_SECRET_KEY": "a key that protects nothing: 0123456789",
        "CONSENTRY_ISSUER": f"http://127.0.0.1:{port}",
    }
    deeds = open_deeds(load_settings(None, environ))
    board = Board.open(folder / "board", population.connections)
    serve = [sys.executable, "-m", "consentry", "serve", "--workers", str(WORKERS), "--port", str(port)]
    with running(serve, f"http://127.0.0.1:{port}/readyz", environ=environ, cwd=folder):
        return asyncio.run(_revoke(deeds, board, population, revocations, environ, folder))


async def _revoke(
    deeds: Deeds, board: Board, population: Population, revocations: int, environ: dict[str, str], folder: Path
) -> Run:
    made = await deeds.resources.register(OPERATOR, "Books", "https://api.books.test")
    server = {
        "url": f"{environ['CONSENTRY_ISSUER']}/oauth/introspect",
        "client": [made.resource.client_id, made.client_secret.reveal()],
    }
    times = []
    with calling([{"environ": environ}] * GUARDS + [server], board, population, folder) as callers:
        begun = time.perf_counter()
        for number in range(revocations):
            started = time.perf_counter()
            await deeds.connections.end(OPERATOR, ConnectionId(population.connection_id(number)))
            board.returned(number)
            times.append((time.perf_counter() - started) * 1000)
        seconds = time.perf_counter() - begun
        # What was called last is called some more, now that nothing else happens.
        await asyncio.sleep(0.3)
        ended = [caller.poll() for caller in callers]
    await deeds.database.close()
    if any(code is not None for code in ended):
        raise RuntimeError("A caller ended before its time.")
    return Run(
        revocations,
        *(board.counted(what) for what in (ACCEPTED, REFUSED, BROKEN, WRONG, RIGHT)),
        by_caller=tuple(board.counted_by(caller, RIGHT) for caller in range(GUARDS + 1)),
        times=times,
        seconds=seconds,
    )


@contextlib.contextmanager
def calling(
    kinds: list[dict[str, object]], board: Board, population: Population, folder: Path
) -> Iterator[list["subprocess.Popen[bytes]"]]:
    """Run a caller of each kind, and return once all of them call."""
    started = []
    try:
        for caller, kind in enumerate(kinds):
            ready = folder / f"ready-{caller}"
            given = {
                "board": str(folder / "board"),
                "caller": caller,
                "population": asdict(population),
                "ready": str(ready),
                **kind,
            }
            command = [sys.executable, str(HERE / "revocation_caller.py"), json.dumps(given)]
            started.append(subprocess.Popen(command, cwd=folder, env={**os.environ}))
        deadline = time.monotonic() + STARTING_SECONDS
        while not all((folder / f"ready-{caller}").exists() for caller in range(len(kinds))):
            if time.monotonic() > deadline or any(process.poll() is not None for process in started):
                raise RuntimeError("A caller did not start.")
            time.sleep(0.02)
        yield started
    finally:
        board.stop()
        for process in started:
            process.wait(30)


def figures_of(engine: str, run: Run) -> list[Figure]:
    parts = quantiles(run.times, n=100)
    calls = run.accepted + run.refused
    rate = calls / run.seconds
    print(
        f"{engine}: {run.accepted_after} of {run.revocations}; {run.accepted:,} accepted, {run.refused:,} refused, of "
        f"which {run.refused_after:,} after {run.by_caller}; {rate:,.0f} calls/s; {median(run.times):.2f} ms",
        file=sys.stderr,
    )
    name = f"accepted calls that began after one of {run.revocations:,} revocations returned, {engine}"
    return [
        Figure(
            name,
            f"refused calls that did, of {calls:,} calls ({rate:,.0f} a second meanwhile)",
            run.accepted_after,
            run.refused_after,
            "calls",
            float(run.accepted_after),
            target="0",
            reached=run.accepted_after == 0 and run.refused_after > 0 and run.broken == 0,
        ),
        Figure(
            f"time of one revocation under that load, {engine}",
            "its 99th percentile",
            round(median(run.times), 2),
            round(parts[98], 2),
            "ms",
            round(median(run.times) / parts[98], 2),
            p50=round(parts[49], 2),
            p99=round(parts[98], 2),
        ),
    ]


if __name__ == "__main__":
    main()
