"""One request that is answered without ASGI, and its answer on the way."""

from __future__ import annotations

import types
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Coroutine, Generator

    from consentry.web.program_endpoint import ProgramEndpoint, ProgramRequest

T = TypeVar("T")


class _NobodyWaits:
    """Stands where uvicorn keeps an event for each request."""

    def set(self) -> None:
        """Wake nobody."""


class DirectExchange:
    """A request, its body as far as it came, and what uvicorn wants to know of a request that is under way."""

    __slots__ = ("disconnected", "endpoint", "keep_alive", "pieces", "request", "response_complete")

    message_event = _NobodyWaits()

    def __init__(
        self, endpoint: ProgramEndpoint | None, request: ProgramRequest | None, *, keep_alive: bool, done: bool = False
    ) -> None:
        self.endpoint = endpoint
        self.request = request
        self.keep_alive = keep_alive
        self.response_complete = done
        self.disconnected = False
        self.pieces: list[bytes] = []

    @classmethod
    def ignored(cls) -> DirectExchange:
        """Return one that is over before it began: its body is dropped."""
        return cls(None, None, keep_alive=False, done=True)


@types.coroutine
def resumed(work: Coroutine[Any, Any, T], waits_for: Any) -> Generator[Any, Any, T]:
    """Go on with `work` in the task that awaits this. It began without one, and now waits for what it yielded."""
    while True:
        try:
            try:
                sent = yield waits_for
            except BaseException as fault:  # noqa: BLE001 - a cancellation, above all, must reach the work
                waits_for = work.throw(fault)
            else:
                waits_for = work.send(sent)
        except StopIteration as done:
            result: T = done.value
            return result
