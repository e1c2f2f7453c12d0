"""What the guard costs: a route that does nothing, bare and guarded, in every framework, side by side in one run.

Every product is a server process of its own, one worker on the loopback interface; bare and guarded take turns, and
each number is the median of several rounds.
"""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE / "peers"), str(HERE.parent / "tests")]

from cores import SERVER, on_core
from figures import Figure, Section, emit
from guarded_world import MEMBERS, GuardedWorld, make_world
from load import Load, loader, measure
from processes import Request, free_port, memory_of, running

from postgres_server import running_server

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
SECONDS = int(os.environ.get("BENCH_SECONDS", "3"))
CONNECTIONS = 16
TARGET = 0.6
UVICORN = ("uvicorn", "--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning")
GUNICORN = ("gunicorn", "--threads", "4", "--log-level", "warning", "--no-control-socket")


@dataclass(frozen=True)
class Product:
    """A server with the same route twice: `bare` and `guarded` are its applications, or the paths of one."""

    name: str
    module: str
    server: tuple[str, ...]
    separate_paths: bool = False


PRODUCTS = (
    Product("ASGI middleware", "asgi_product", UVICORN),
    Product("Starlette", "starlette_product", UVICORN),
    Product("FastAPI", "fastapi_product", UVICORN),
    Product("Django, asynchronous view", "django_async_product", UVICORN, separate_paths=True),
    Product("Django, view", "django_product", GUNICORN, separate_paths=True),
    Product("Flask", "flask_product", GUNICORN),
)


@dataclass(frozen=True)
class Served:
    """A running server's route, and its process."""

    url: str
    pid: int


def main() -> None:
    """Measure every product over SQLite, and the plainest over PostgreSQL too."""
    with tempfile.TemporaryDirectory() as folder:
        world = make_world(Path(folder))
        figures = [compare(product, world) for product in PRODUCTS]
    with tempfile.TemporaryDirectory() as folder, running_server() as server, server.new_database() as url:
        figures.append(compare(PRODUCTS[0], make_world(Path(folder), url), "PostgreSQL"))
    emit(
        Section(
            "A guarded route that does nothing",
            figures,
            [
                "The worst case: a route that does something loses a smaller part of its speed.",
                f"{len(world.tokens):,} access tokens of {MEMBERS} members, each as likely as another.",
                "Every guarded call reads from the database what is true at that moment.",
                "One worker process for each server: uvicorn, or gunicorn for Flask and Django's view.",
                "Uvicorn has uvloop and httptools; gunicorn has four threads.",
                f"{CONNECTIONS} connections, {ROUNDS} rounds of {SECONDS} s in turns; load by {loader()}.",
                "Where there are two cores the server has one and the load the other; PostgreSQL shares both.",
            ],
        )
    )


def compare(product: Product, world: GuardedWorld, engine: str = "SQLite") -> Figure:
    """Measure both kinds in turns."""
    with serve(product, "bare", world.folder) as bare, serve(product, "guarded", world.folder) as guarded:
        for served in (bare, guarded):
            _load(served, world, 1)
        rounds = [(_load(guarded, world), _load(bare, world)) for _ in range(ROUNDS)]
        memory = memory_of(guarded.pid).rss
    with_guard, without = (median(one[side].requests_per_second for one in rounds) for side in (0, 1))
    ratio = median(one.requests_per_second / other.requests_per_second for one, other in rounds)
    name = f"a guarded route, {product.name}, {engine}"
    print(f"{name:55} {with_guard:8,.0f} of {without:8,.0f} requests/s  {ratio:.2f}", file=sys.stderr, flush=True)
    return Figure(
        work=name,
        against="the same route bare",
        ours=with_guard,
        theirs=without,
        unit="requests/s",
        ratio=ratio,
        target=f"at least {TARGET}",
        reached=ratio >= TARGET,
        p50=median(one.p50 for one, _ in rounds),
        p99=median(one.p99 for one, _ in rounds),
        memory=memory,
    )


def _load(served: Served, world: GuardedWorld, seconds: int = SECONDS) -> Load:
    return measure(served.url, world.tokens, seconds=seconds, connections=CONNECTIONS)


@contextmanager
def serve(product: Product, kind: str, folder: Path) -> Iterator[Served]:
    """Run one server process over the world in `folder`."""
    port = free_port()
    where = ("--port", str(port)) if product.server is UVICORN else ("--bind", f"127.0.0.1:{port}")
    command = on_core(SERVER, [sys.executable, "-m", *product.server, *where, f"{product.module}:{kind}"])
    url = f"http://127.0.0.1:{port}/{kind if product.separate_paths else ''}"
    environ = {"PYTHONPATH": os.pathsep.join([str(HERE / "products"), os.environ.get("PYTHONPATH", "")])}
    with running(command, Request(url), cwd=folder, environ=environ, status=401 if kind == "guarded" else 200) as ready:
        yield Served(url, ready.process.pid)


if __name__ == "__main__":
    main()
