"""The outermost room: every request gets an identifier, and no fault of ours leaves without an answer."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING

from consentry.log import Log
from consentry.oauth.errors import ErrorCode
from consentry.ports.directory import DirectoryUnavailableError
from consentry.web.caller import REQUEST_ID, new_request_id
from consentry.web.json_answer import json_answer
from consentry.web.program_endpoint import Header, ProgramAnswer, send_answer
from consentry.web.rest_of_body import RestOfBody

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from consentry.wiring import Deeds

_log = Log(__name__)
_TOO_LARGE, _FAULT, _UNAVAILABLE = 413, 500, 503
_FOR_PROGRAMS = (
    "/oauth/token",
    "/oauth/revoke",
    "/oauth/introspect",
    "/oauth/jwks",
    "/guard/",
    "/api/",
    "/.well-known/",
)


class RequestFrame:
    """ASGI middleware around the whole application.

    A fault is logged by its kind and the lines that it came through, never by its text, which may hold data (threats
    OP-02); whoever asked is told the request's identifier and nothing of the inside (OP-04).
    """

    def __init__(self, app: ASGIApp, deeds: Deeds) -> None:
        self._app = app
        self._deeds = deeds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and answer for it where that fails."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = new_request_id()
        scope[REQUEST_ID] = request_id
        started = too_large = False
        body = RestOfBody(receive)

        async def send_with_id(message: Message) -> None:
            nonlocal started, too_large
            if message["type"] == "http.response.start":
                started, too_large = True, message["status"] == _TOO_LARGE
                headers = framed(message.get("headers", ()), message["status"], request_id.encode())
                message = {**message, "headers": headers}
            elif too_large and not message.get("more_body", False):
                # The whole answer first; with the last message the server hangs up.
                await send({**message, "more_body": True})
                await body.drop()
                message = {"type": "http.response.body", "body": b""}
            await send(message)

        try:
            await self._app(scope, body.receive, send_with_id)
        except Exception as fault:  # noqa: BLE001 - the last room before the server: whatever it is, it is answered
            answer = self.answer_fault(fault, scope["path"], request_id)
            if not started:
                await send_answer(send_with_id, answer)

    def answer_fault(self, fault: Exception, path: str, request_id: str) -> ProgramAnswer:
        """Log the fault, and return the answer for whoever asked for `path`."""
        lines = traceback.extract_tb(fault.__traceback__)
        _log.error(
            "request_failed",
            request_id=request_id,
            path=path,
            fault=type(fault).__name__,
            came_through=[f"{line.filename}:{line.lineno} {line.name}" for line in lines],
        )
        status = _UNAVAILABLE if isinstance(fault, DirectoryUnavailableError) else _FAULT
        if path.startswith(_FOR_PROGRAMS):
            sentence = f"Something went wrong on our side. Request {request_id}."
            error = ErrorCode.TEMPORARILY_UNAVAILABLE if status == _UNAVAILABLE else ErrorCode.SERVER_ERROR
            return json_answer({"error": error.value, "error_description": sentence}, status=status)
        return self._page(status, request_id)

    def _page(self, status: int, request_id: str) -> ProgramAnswer:
        # Loaded here because a program's endpoint shows no page, and a server starts without them.
        from consentry.web.pages import Frame, render  # noqa: PLC0415 - see above
        from consentry.web.views.problem import plain_problem  # noqa: PLC0415 - see above

        page = plain_problem(status, request_id=request_id)
        settings = self._deeds.settings
        response = render(
            "problem", frame=Frame(settings.product_name, page.heading, self._deeds.clock.now()), view=page
        )
        headers = ((b"content-type", b"text/html; charset=utf-8"),)
        return ProgramAnswer(status, headers, bytes(response.body))


def framed(headers: Iterable[Header], status: int, request_id: bytes) -> list[Header]:
    """Return the headers of an answer with those that the frame adds."""
    # Whoever sends too much would go on sending: the server soon hangs up instead of reading it (IN-04).
    last = ((b"connection", b"close"),) if status == _TOO_LARGE else ()
    return [*headers, (b"x-request-id", request_id), *last]
