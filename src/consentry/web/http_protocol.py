"""HTTP/1.1 for the endpoints that programs call, without ASGI between the parsed request and the answer's bytes.

uvicorn's own protocol with a shorter way for what a platform's API asks on every request: no scope, no messages, no
event and no timer for each request, and one write for each answer. Only the plain case goes that way: a GET or POST of
HTTP/1.1 to an endpoint of `DirectEndpoints`, with its body, if any, announced by its length and within the limit, on a
connection that owes no answer. Everything else, and everything that an endpoint refuses unread, goes the way of ASGI,
where uvicorn answers as it always does. Both ways give the same bytes.

A program that asks again on a connection mostly sends the very same head. Where it does, byte for byte, what was read
from it the first time still holds, and only the body is new: the parser is not asked again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from consentry.web.direct_endpoints import DirectEndpoints
from consentry.web.direct_exchange import DirectExchange, Repeatable
from consentry.web.program_endpoint import ProgramRequest

if TYPE_CHECKING:
    import asyncio

    from uvicorn.config import Config
    from uvicorn.server import ServerState

    from consentry.web.direct_endpoints import Written

LAST_REQUEST_SECONDS = 0.5
"""For so long a connection waits for a request that was sent before its client could know that the server ends."""

_UNUSUAL = frozenset({b"transfer-encoding", b"expect", b"upgrade"})
_METHODS = {b"GET": "GET", b"POST": "POST"}


class HttpProtocol(HttpToolsProtocol):
    """One connection. Given to uvicorn by name, as `http="consentry.web.http_protocol:HttpProtocol"`."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._direct = _direct_endpoints_of(config)
        self._receiving: DirectExchange | None = None
        self._usual = True
        self._may_go_direct = True
        self._idle_since: float | None = None
        self._peer: str | None = None
        self._dropping = False
        self._ending = False
        self._between_messages = True
        self._piece: bytes | None = None
        self._repeatable: Repeatable | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        """Begin."""
        super().connection_made(transport)
        self._peer = self.client[0] if self.client else None

    def connection_lost(self, exc: Exception | None) -> None:
        """End, whatever is under way: its answer has nobody to go to."""
        self._receiving = None
        if self.timeout_keep_alive_task is not None:
            self.timeout_keep_alive_task.cancel()
            self.timeout_keep_alive_task = None
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what the client sent."""
        again = self._repeatable
        if again is not None and again.is_again(data) and self._is_free():
            self._idle_since = None
            self._answer(again.exchange(), data[again.head_length :])
            return
        # One answer for each piece of what comes in; more that were sent with it wait their turn, as in uvicorn.
        self._may_go_direct = True
        self._repeatable = None
        self._piece = data if self._between_messages else None
        super().data_received(data)
        self._piece = None

    def _is_free(self) -> bool:
        """Tell whether nothing is under way on the connection that what comes in now would have to wait for."""
        return (
            self._between_messages
            and self.cycle.response_complete
            and not self.flow.write_paused
            and not self.transport.is_closing()
        )

    def on_message_begin(self) -> None:
        """Begin a request."""
        # After another one in the same piece: what the piece begins with is not all of it.
        self._repeatable = None
        self._between_messages = False
        self.url = b""
        self.headers = []
        self._usual = True

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header."""
        name = name.lower()
        if name in _UNUSUAL:
            self._usual = False
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        """Choose the way."""
        if self.transport.is_closing():
            # It came behind a request that was the last on this connection. Nothing of it is done.
            self._dropping = True
            return
        self._receiving = self._find_exchange()
        if self._receiving is None:
            self._begin_asgi()
        else:
            self.cycle = self._receiving  # type: ignore[assignment]  # it has what uvicorn asks of a cycle

    def _find_exchange(self) -> DirectExchange | None:
        direct = self._direct
        if direct is None or not self._usual or not self._may_go_direct or self.flow.write_paused:
            return None
        if self.cycle is not None and not self.cycle.response_complete:
            return None
        found = direct.find(self.url)
        if found is None or self.parser.get_http_version() != "1.1":
            return None
        method = _METHODS.get(self.parser.get_method())
        if method is None:
            return None
        request = ProgramRequest(method, found.path, found.query, self.headers, self._peer)
        endpoint = found.endpoint
        if endpoint.refuse(request) is not None or (not endpoint.body_limit and request.values(b"content-length")):
            return None
        return DirectExchange(direct, endpoint, request, self.parser.should_keep_alive() and not self._ending)

    def _begin_asgi(self) -> None:
        url, headers = self.url, self.headers
        super().on_message_begin()
        self.url = url
        for name, value in headers:
            super().on_header(name, value)
        super().on_headers_complete()
        if self._ending:
            self.cycle.keep_alive = False

    def on_body(self, body: bytes) -> None:
        """Take a piece of the body."""
        if self._receiving is not None:
            self._receiving.pieces.append(body)
        elif not self._dropping:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """Answer, or let uvicorn."""
        exchange, piece = self._receiving, self._piece
        self._receiving = self._piece = None
        self._between_messages = True
        if exchange is not None:
            self._may_go_direct = False
            body = b"".join(exchange.pieces)
            if piece is not None and exchange.keep_alive:
                self._repeatable = Repeatable.of(piece, body, exchange)
            self._answer(exchange, body)
        elif not self._dropping:
            super().on_message_complete()

    def _answer(self, exchange: DirectExchange, body: bytes) -> None:
        self.cycle = exchange  # type: ignore[assignment]  # it has what uvicorn asks of a cycle
        exchange.direct.read_together()
        exchange.task = self.loop.create_task(self._finish(exchange, body))
        self.tasks.add(exchange.task)

    async def _finish(self, exchange: DirectExchange, body: bytes) -> None:
        try:
            written = await exchange.direct.answer(exchange.endpoint, exchange.request, body)
            if self.flow.write_paused and not exchange.disconnected:
                await self.flow.drain()
        except BaseException:
            # Cancelled, because the server's time to stop is over.
            self.transport.close()
            raise
        finally:
            self.tasks.discard(exchange.task)
        self._write(exchange, written)

    def _write(self, exchange: DirectExchange, written: Written) -> None:
        if exchange.disconnected:
            return
        last = not exchange.keep_alive or written.hang_up
        closing = b"connection: close\r\n\r\n" if last and not written.hang_up else b"\r\n"
        exchange.response_complete = True
        date = exchange.direct.date_line(self.server_state.default_headers)
        self.transport.write(b"".join((written.status, date, written.head, closing, written.body)))
        if last:
            self.transport.close()
        self.on_response_complete()

    # uvicorn closes idle connections as soon as the server is told to end, and resets those whose next request is on
    # its way: under load, nearly all of them. Here that request is still answered.

    def shutdown(self) -> None:
        """End after the request that is under way, or after one more that comes at once, or soon without any."""
        self._ending = True
        self._repeatable = None
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.keep_alive = False
        else:
            self.loop.call_later(LAST_REQUEST_SECONDS, self._end_soon_unless_asked)

    def _end_soon_unless_asked(self) -> None:
        # A loop that is late runs this before it reads what has come in meanwhile; by the turn after next it has.
        self.loop.call_soon(self.loop.call_soon, self._end_unless_asked)

    def _end_unless_asked(self) -> None:
        if self.transport.is_closing():
            return
        if not self._between_messages:
            # The head of a request is coming in. The server's time to stop is what ends this.
            self.loop.call_later(LAST_REQUEST_SECONDS, self._end_soon_unless_asked)
        elif self.cycle is None or self.cycle.response_complete:
            self.transport.close()

    # The time that a connection may be idle. uvicorn sets a timer after each answer and takes it back at the next
    # request; here one timer looks, when it is due, whether the connection was idle all the time.

    def _unset_keepalive_if_required(self) -> None:
        self._idle_since = None

    def on_response_complete(self) -> None:
        """Go on: with the next request that waits, or waiting for one."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            cycle, app = self.pipeline.pop()
            self._start_asgi_task(cycle, app)
            return
        self._idle_since = self.loop.time()
        if self.timeout_keep_alive_task is None:
            self._look_again(self.timeout_keep_alive)

    def timeout_keep_alive_handler(self) -> None:
        """Close the connection if it was idle for so long."""
        self.timeout_keep_alive_task = None
        if self._idle_since is None or self.transport.is_closing():
            return
        left = self._idle_since + self.timeout_keep_alive - self.loop.time()
        if left > 0:
            self._look_again(left)
        else:
            self.transport.close()

    def _look_again(self, after: float) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(after, self.timeout_keep_alive_handler)


def _direct_endpoints_of(config: Config) -> DirectEndpoints | None:
    """Return the endpoints of our application; None where uvicorn was asked for what only its own way does."""
    if config.access_log or config.root_path or config.limit_concurrency is not None:
        return None
    direct = getattr(config.loaded_app, "direct", None)
    return direct if isinstance(direct, DirectEndpoints) else None
