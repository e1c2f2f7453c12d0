"""An endpoint that programs call: from what was asked to what is answered, whoever carries the two.

Written once and carried twice: by any ASGI server (`serve_over_asgi`), and by our own HTTP protocol, which spends
nothing between the parsed request and the answer's bytes (web/http_protocol.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar, cast

from consentry.web.form_body import BodyTooLargeError, ClientGoneError, read_body

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from starlette.types import Receive, Scope, Send

Header = tuple[bytes, bytes]
T = TypeVar("T")


class ProgramRequest:
    """What was asked, without its body. `path` and `query` are as they were sent; header names are in lower case.

    `client` is the address at the other end of the connection, None where there is none. None of it changes, and one
    connection's requests with the same head share one of these.
    """

    __slots__ = ("_read", "client", "headers", "method", "path", "query")

    def __init__(self, method: str, path: bytes, query: bytes, headers: Sequence[Header], client: str | None) -> None:
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers
        self.client = client
        self._read: dict[Callable[[ProgramRequest], object], object] = {}

    def read(self, reading: Callable[[ProgramRequest], T]) -> T:
        """Return `reading(self)`, made once however often the same head comes.

        `reading` must be pure, and no authority: of the same head it makes the same at any time. What it raises is not
        kept.
        """
        try:
            return cast("T", self._read[reading])
        except KeyError:
            made = self._read[reading] = reading(self)
            return made

    def values(self, name: bytes) -> list[bytes]:
        """Return the values of every header of this name."""
        return [value for known, value in self.headers if known == name]


class ProgramAnswer(NamedTuple):
    """What is answered. `headers` are few and known beforehand; `varying` are those of this one answer.

    The length is added by whoever sends it.
    """

    status: int
    headers: tuple[Header, ...]
    body: bytes
    varying: tuple[Header, ...] = ()

    def all_headers(self) -> list[Header]:
        """Return the headers in the order in which they are sent, the length last."""
        return [*self.headers, *self.varying, (b"content-length", b"%d" % len(self.body))]


class ProgramEndpoint(Protocol):
    """An endpoint under one path, or under one and all below it."""

    @property
    def body_limit(self) -> int:
        """The bytes that the body may have; 0 for an endpoint that reads none."""
        ...

    def refuse(self, request: ProgramRequest) -> ProgramAnswer | None:
        """Return what is answered before the body is read, or None where it must be read first."""
        ...

    async def answer(self, request: ProgramRequest, body: bytes | None) -> ProgramAnswer:
        """Return the answer to a request that was not refused; `body` is None where it proved longer than the limit."""
        ...


async def serve_over_asgi(endpoint: ProgramEndpoint, scope: Scope, receive: Receive, send: Send) -> None:
    """Carry one request and its answer over ASGI."""
    client = scope.get("client")
    path: bytes = scope.get("raw_path") or scope["path"].encode()
    request = ProgramRequest(
        scope["method"],
        path.partition(b"?")[0],
        scope["query_string"],
        scope["headers"],
        client[0] if client else None,
    )
    answer = endpoint.refuse(request)
    if answer is None:
        body: bytes | None = b""
        if endpoint.body_limit:
            try:
                body = await read_body(receive, endpoint.body_limit)
            except BodyTooLargeError:
                body = None
            except ClientGoneError:
                return
        answer = await endpoint.answer(request, body)
    await send_answer(send, answer)


async def send_answer(send: Send, answer: ProgramAnswer) -> None:
    """Send a whole answer with its length."""
    await send({"type": "http.response.start", "status": answer.status, "headers": answer.all_headers()})
    await send({"type": "http.response.body", "body": answer.body})
