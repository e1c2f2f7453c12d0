"""One request that is answered without ASGI, its answer on the way, and the same head sent again."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio

    from consentry.web.direct_endpoints import DirectEndpoints
    from consentry.web.program_endpoint import ProgramEndpoint, ProgramRequest


class _NobodyWaits:
    """Stands where uvicorn keeps an event for each request."""

    def set(self) -> None:
        """Wake nobody."""


class DirectExchange:
    """A request, its body as far as it came, and what uvicorn wants to know of a request that is under way.

    The task that answers is held here, because the loop holds none.
    """

    __slots__ = ("direct", "disconnected", "endpoint", "keep_alive", "pieces", "request", "response_complete", "task")

    message_event = _NobodyWaits()

    def __init__(
        self,
        direct: DirectEndpoints,
        endpoint: ProgramEndpoint,
        request: ProgramRequest,
        keep_alive: bool,  # noqa: FBT001 - one is made for each request, and a keyword costs
    ) -> None:
        self.direct = direct
        self.endpoint = endpoint
        self.request = request
        self.keep_alive = keep_alive
        self.response_complete = False
        self.disconnected = False
        self.pieces: list[bytes] = []
        self.task: asyncio.Task[None] | None = None


class Repeatable:
    """A request whose head may come again: the same bytes say the same, whatever the body after them is."""

    __slots__ = ("_first", "_head", "_length", "head_length")

    def __init__(self, head: bytes, body_length: int, first: DirectExchange) -> None:
        self._head = head
        self.head_length = len(head)
        self._length = self.head_length + body_length
        self._first = first

    @classmethod
    def of(cls, piece: bytes, body: bytes, exchange: DirectExchange) -> Repeatable | None:
        """Return what came in this piece, if it is one whole message: a head, and the body that the head announced."""
        head = piece[: len(piece) - len(body)]
        if not head.endswith(b"\r\n\r\n") or not piece.endswith(body):
            return None
        return cls(head, len(body), exchange)

    def is_again(self, piece: bytes) -> bool:
        """Tell whether the piece is the same head with a body of the same length."""
        return len(piece) == self._length and piece.startswith(self._head)

    def exchange(self) -> DirectExchange:
        """Return an exchange for another request with this head."""
        first = self._first
        return DirectExchange(first.direct, first.endpoint, first.request, True)  # noqa: FBT003 - see there
