"""What the guard costs: a route that does nothing, bare and guarded, in every framework, side by side in one run.

    make bench

Every product is a server process of its own, one worker on the loopback interface; bare and guarded take turns, and
each number is the median of several rounds. It prints a table and writes docs/benchmarks.md.
"""

import contextlib
import os
import platform
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE)]

from guarded_world import GuardedWorld, make_world
from load import Load, loader, measure

ROUNDS = 5
SECONDS = 3
CONNECTIONS = 16
PAGE = HERE.parent / "docs" / "benchmarks.md"
UVICORN = ("uvicorn", "--no-access-log", "--log-level", "warning")
GUNICORN = ("gunicorn", "--threads", "4", "--log-level", "warning", "--no-control-socket")


@dataclass(frozen=True)
class Product:
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
HEADINGS = ("", "bare, requests/s", "guarded, requests/s", "guarded ÷ bare", "p50 bare → guarded", "p99 bare → guarded")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        world = make_world(Path(folder))
        rows = [compare(product, world, Path(folder)) for product in PRODUCTS]
    table = "\n".join(f"| {' | '.join(row)} |" for row in (HEADINGS, ["---"] * len(HEADINGS), *rows))
    print(table)
    PAGE.write_text(PAGE_TEXT.format(table=table, machine=machine(), loader=loader()), encoding="utf-8")


def compare(product: Product, world: GuardedWorld, folder: Path) -> list[str]:
    """Measure both kinds in turns; return a row of the table."""
    print(f"{product.name} ...", file=sys.stderr, flush=True)
    with serve(product, "bare", folder) as bare, serve(product, "guarded", folder) as guarded:
        urls = (bare, guarded)
        for url in urls:
            measure(url, world.token, seconds=1, connections=CONNECTIONS)
        rounds = [
            tuple(measure(url, world.token, seconds=SECONDS, connections=CONNECTIONS) for url in urls)
            for _ in range(ROUNDS)
        ]
    without, with_guard = (_median([one[kind] for one in rounds]) for kind in (0, 1))
    ratio = median(second.requests_per_second / first.requests_per_second for first, second in rounds)
    return [
        product.name,
        f"{without.requests_per_second:,.0f}",
        f"{with_guard.requests_per_second:,.0f}",
        f"{ratio:.2f}",
        f"{without.p50:.1f} → {with_guard.p50:.1f} ms",
        f"{without.p99:.1f} → {with_guard.p99:.1f} ms",
    ]


def _median(rounds: list[Load]) -> Load:
    return Load(*(median(getattr(one, name) for one in rounds) for name in ("requests_per_second", "p50", "p99")))


@contextlib.contextmanager
def serve(product: Product, kind: str, folder: Path) -> Iterator[str]:
    """Run one server process; yield the URL of its route."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port = listening.getsockname()[1]
    where = ("--port", str(port)) if product.server is UVICORN else ("--bind", f"127.0.0.1:{port}")
    command = [sys.executable, "-m", *product.server, *where, f"{product.module}:{kind}"]
    environ = os.environ | {"PYTHONPATH": str(HERE / "products")}
    process = subprocess.Popen(command, cwd=folder, env=environ)
    try:
        _wait_for(port, process)
        yield f"http://127.0.0.1:{port}/{kind if product.separate_paths else ''}"
    finally:
        process.terminate()
        process.wait(20)


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise TimeoutError("A server did not start.")


def machine() -> str:
    """Describe the machine without naming it."""
    cores = os.cpu_count()
    return f"{cores} cores ({platform.machine()}), {platform.system()}, Python {platform.python_version()}"


PAGE_TEXT = """# Benchmarks
What the guard costs a route that does nothing: the worst case, since every route that does something loses a smaller
part of its speed. `make bench` measures it anew and writes this page.

{table}

- Every call carries an access token, and every guarded one reads from the database what is true at that moment: nothing
  is remembered from one call to the next.
- {machine}.
- One worker process for each server: uvicorn, and gunicorn with four threads for Django's view and Flask. The load came
  from {loader}, on the same machine over loopback, 16 connections at once.
- Each number is the median of five rounds of three seconds. Bare and guarded took turns, in one run; the ratio is the
  median of the rounds' own. Compare ratios, not machines.
- Latencies are those of a server that is given all that it can take; at a load below that they are shorter.
"""


if __name__ == "__main__":
    main()
