"""The endpoints that programs call, for a server that has the parsed request in its hands and wants bytes to write.

What it adds to an endpoint's answer, and what it answers where the endpoint fails, is what the ASGI application adds
and answers: the same functions say it (web/request_frame.py, web/browser_safety.py).
"""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING, NamedTuple

from consentry.web.caller import new_request_id
from consentry.web.gateway_request import FORWARD_AUTH_PATH
from consentry.web.request_frame import framed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from consentry.web.browser_safety import BrowserSafety
    from consentry.web.program_endpoint import Header, ProgramAnswer, ProgramEndpoint, ProgramRequest
    from consentry.web.request_frame import RequestFrame

_BELOW = f"{FORWARD_AUTH_PATH}/".encode()
_KEPT_MOST = 256
_ID_MARK, _LENGTH_MARK, _VARYING_MARK = b"\0id", b"\0length", b"\0varying"
_UNSENDABLE = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")


class Found(NamedTuple):
    """An endpoint and the address that led to it, as it was sent."""

    endpoint: ProgramEndpoint
    path: bytes
    query: bytes


class Written(NamedTuple):
    """An answer as it goes out, but for the date, which the server knows. `hang_up` asks for the connection's end."""

    status: bytes
    head: bytes
    body: bytes
    hang_up: bool


class _Head(NamedTuple):
    before_length: bytes
    after_length: bytes
    after_id: bytes
    hang_up: bool


class DirectEndpoints:
    """Finds endpoints by the address as it was sent, and writes their answers.

    `read_together` is called for each request before any step of answering it: see storage/database.py.
    """

    def __init__(
        self,
        programs: Mapping[str, ProgramEndpoint],
        frame: RequestFrame,
        safety: BrowserSafety,
        read_together: Callable[[], None],
    ) -> None:
        self.read_together = read_together
        self._frame = frame
        self._safety = safety
        self._found = {path.encode(): Found(endpoint, path.encode(), b"") for path, endpoint in programs.items()}
        self._forward_auth = programs[FORWARD_AUTH_PATH]
        self._heads: dict[tuple[int, tuple[Header, ...], tuple[bytes, ...]], _Head] = {}
        self._dated: tuple[Sequence[Header], bytes] = ((), b"")

    def find(self, url: bytes) -> Found | None:
        """Return the endpoint at this address, or None for whatever is not plainly the address of one."""
        found = self._found.get(url)
        if found is None and url.startswith(_BELOW) and b"#" not in url:
            path, _, query = url.partition(b"?")
            return Found(self._forward_auth, path, query)
        return found

    async def answer(self, endpoint: ProgramEndpoint, request: ProgramRequest, body: bytes) -> Written:
        """Return the answer to a request that the endpoint did not refuse unread. It raises nothing."""
        request_id = new_request_id()
        try:
            return self._write(await endpoint.answer(request, body), request_id.encode())
        except Exception as fault:  # noqa: BLE001 - the last room before the server: whatever it is, it is answered
            answer = self._frame.answer_fault(fault, request.path.decode("latin-1"), request_id)
            return self._write(answer, request_id.encode())

    def date_line(self, headers: Sequence[Header]) -> bytes:
        """Return the headers that the server gives every answer, as they go out. It makes them anew each second."""
        if headers is not self._dated[0]:
            self._dated = headers, b"".join(_line(*header) for header in headers)
        return self._dated[1]

    def _write(self, answer: ProgramAnswer, request_id: bytes) -> Written:
        key = (answer.status, answer.headers, _names(answer.varying) if answer.varying else ())
        head = self._heads.get(key) or self._head(*key)
        varying = b"".join(_line(*header) for header in answer.varying) if answer.varying else b""
        return Written(
            _STATUS_LINES[answer.status],
            b"%b%bcontent-length: %d%b%b%b"
            % (head.before_length, varying, len(answer.body), head.after_length, request_id, head.after_id),
            answer.body,
            head.hang_up,
        )

    def _head(self, status: int, headers: tuple[Header, ...], varying: tuple[bytes, ...]) -> _Head:
        """Return what is the same in all answers with this status and these headers. Pure, kept by its content."""
        whole = [*headers, *((name, _VARYING_MARK) for name in varying), (b"content-length", _LENGTH_MARK)]
        # No program's endpoint is a step of a flow in the browser, so all paths have the same headers.
        protected = self._safety.protected("", framed(whole, status, _ID_MARK))
        text = b"".join(name + b": " + value + b"\r\n" for name, value in protected if value != _VARYING_MARK)
        before, _, rest = text.partition(b"content-length: " + _LENGTH_MARK)
        after_length, _, after_id = rest.partition(_ID_MARK)
        hang_up = (b"connection", b"close") in protected
        head = _Head(before, after_length, after_id, hang_up)
        if len(self._heads) >= _KEPT_MOST:
            self._heads.clear()
        self._heads[status, headers, varying] = head
        return head


def _status_line(status: HTTPStatus) -> bytes:
    return f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode()


_STATUS_LINES = {status.value: _status_line(status) for status in HTTPStatus}


def _names(headers: tuple[Header, ...]) -> tuple[bytes, ...]:
    return tuple(name for name, _ in headers)


def _line(name: bytes, value: bytes) -> bytes:
    if _UNSENDABLE.search(value):
        raise ValueError(f"The header {name.decode()} has a character that would end it.")
    return name + b": " + value + b"\r\n"
