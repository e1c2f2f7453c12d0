"""JSON answers of the endpoints that programs call."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import orjson

from consentry.web.program_endpoint import Header, ProgramAnswer, send_answer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from starlette.types import Send

_JSON: Header = (b"content-type", b"application/json")
_UNSTORED: tuple[Header, ...] = (_JSON, (b"cache-control", b"no-store"), (b"pragma", b"no-cache"))
_encode = partial(orjson.dumps, option=orjson.OPT_UTC_Z)


def json_answer(body: Mapping[str, object], *, status: int = 200, headers: tuple[Header, ...] = ()) -> ProgramAnswer:
    """Return `body` as JSON, never to be stored (RFC 6749 §5.1)."""
    return ProgramAnswer(status, _UNSTORED + headers if headers else _UNSTORED, _encode(body))


def json_document(body: Mapping[str, object], *, cache: bytes, headers: tuple[Header, ...]) -> ProgramAnswer:
    """Return `body` as JSON that may be stored as `cache` says."""
    return ProgramAnswer(200, (_JSON, (b"cache-control", cache), *headers), _encode(body))


async def send_json(send: Send, body: Mapping[str, object], *, status: int = 200) -> None:
    """Send `body` as JSON, never to be stored."""
    await send_answer(send, json_answer(body, status=status))


async def send_bytes(send: Send, body: bytes, *, status: int, headers: Sequence[Header]) -> None:
    """Send a whole answer with its length."""
    await send_answer(send, ProgramAnswer(status, tuple(headers), body))
