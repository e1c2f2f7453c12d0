"""The demo's servers, together in one process and one event loop: they start together and stop together."""

import asyncio
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from types import FrameType

import httpx
import uvicorn
from starlette.types import ASGIApp

from consentry.demo.failure import DemoError
from consentry.demo.listeners import Listener

_GRACE_SECONDS = 3
_START_SECONDS = 30
_BETWEEN_TRIES = 0.05


class _Server(uvicorn.Server):
    """A server among others: signals are the demo's business, not that of any one of them."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@dataclass(slots=True)
class Stop:
    """Whether somebody asked the demo to stop, by Ctrl-C or by ending the process."""

    asked: bool = False
    servers: list[uvicorn.Server] = field(default_factory=list)

    def ask(self, _number: int = 0, _frame: FrameType | None = None) -> None:
        """Stop the servers; asked a second time, do not wait for open connections."""
        for server in self.servers:
            server.force_exit = self.asked
            server.should_exit = True
        self.asked = True

    @contextmanager
    def on_signals(self) -> Iterator[None]:
        """Let Ctrl-C and the wish to end the process ask for the stop."""
        before = {number: signal.signal(number, self.ask) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


async def serve_together(
    apps: Sequence[tuple[Listener, ASGIApp]],
    addresses: Mapping[str, str],
    stop: Stop,
    tell_ready: Callable[[], None],
) -> None:
    """Serve until somebody asks to stop; call `tell_ready` once every one of `addresses` (name → URL) answers.

    Raises DemoError if one of the servers stops by itself, or does not answer; the others are stopped then.
    """
    stop.servers.extend(_Server(_config(app)) for _, app in apps)
    for server in stop.servers:
        # Asked while the demo was still being prepared: each starts and stops at once, and so closes what it holds.
        server.should_exit = stop.asked
    tasks = [
        asyncio.create_task(server.serve(list(listener.sockets)))
        for server, (listener, _) in zip(stop.servers, apps, strict=True)
    ]
    try:
        await _wait_for(addresses, stop, tasks)
        if not stop.asked:
            tell_ready()
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        if not stop.asked:
            raise DemoError("One of the demo's servers stopped, so all of them were. Its own message stands above.")
    finally:
        for server in stop.servers:
            server.should_exit = True
        await asyncio.gather(*tasks, return_exceptions=True)


async def _wait_for(addresses: Mapping[str, str], stop: Stop, tasks: Sequence[asyncio.Task[None]]) -> None:
    deadline = asyncio.get_running_loop().time() + _START_SECONDS
    # Not through a proxy that the environment may name: these are our own addresses.
    async with httpx.AsyncClient(trust_env=False, timeout=_START_SECONDS) as client:
        for name, address in addresses.items():
            while not (stop.asked or any(task.done() for task in tasks)):
                with suppress(httpx.HTTPError):
                    if (await client.get(address)).is_success:
                        break
                if asyncio.get_running_loop().time() > deadline:
                    raise DemoError(f"{name} at {address} does not answer.")
                await asyncio.sleep(_BETWEEN_TRIES)


def _config(app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http="httptools",
        ws="none",
        lifespan="on",
        # The query of an authorization response holds a code.
        access_log=False,
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )
