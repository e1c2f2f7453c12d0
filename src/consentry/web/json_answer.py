"""JSON answers of the bare ASGI endpoints."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from starlette.types import Send

_JSON = (b"content-type", b"application/json")
_NO_STORE = ((b"cache-control", b"no-store"), (b"pragma", b"no-cache"))
_encode = msgspec.json.Encoder().encode

Header = tuple[bytes, bytes]


async def send_json(
    send: Send,
    body: Mapping[str, object],
    *,
    status: int = 200,
    headers: Sequence[Header] = (),
    cache: bytes | None = None,
) -> None:
    """Send `body` as JSON, never to be stored unless `cache` says how (RFC 6749 §5.1)."""
    caching = _NO_STORE if cache is None else ((b"cache-control", cache),)
    await send_bytes(send, _encode(body), status=status, headers=(_JSON, *caching, *headers))


async def send_bytes(send: Send, body: bytes, *, status: int, headers: Sequence[Header]) -> None:
    """Send a whole answer with its length."""
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [*headers, (b"content-length", str(len(body)).encode())],
        }
    )
    await send({"type": "http.response.body", "body": body})
