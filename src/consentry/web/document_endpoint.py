"""A public JSON document under one path, readable from any origin. RFC 8414 §3, RFC 7517 §5."""

from __future__ import annotations

from typing import TYPE_CHECKING

from consentry.web.form_endpoint import CORS, preflight, refuse_method
from consentry.web.json_answer import json_document

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from consentry.web.program_endpoint import ProgramAnswer, ProgramRequest

_PUBLIC_CACHE = b"public, max-age=300"


class DocumentEndpoint:
    """Answers with what `read` returns now; others may keep it for five minutes."""

    body_limit = 0

    def __init__(self, read: Callable[[], Awaitable[dict[str, object]]]) -> None:
        self._read = read

    def refuse(self, request: ProgramRequest) -> ProgramAnswer | None:
        """Return the answer to whoever does not simply read."""
        if request.method in {"GET", "HEAD"}:
            return None
        return preflight() if request.method == "OPTIONS" else refuse_method(b"GET, HEAD, OPTIONS")

    async def answer(self, _request: ProgramRequest, _body: bytes | None) -> ProgramAnswer:
        """Return the document."""
        return json_document(await self._read(), cache=_PUBLIC_CACHE, headers=CORS)
