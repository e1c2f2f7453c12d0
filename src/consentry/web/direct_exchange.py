"""One request that is answered without ASGI, and its answer on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from consentry.web.program_endpoint import ProgramEndpoint, ProgramRequest


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
