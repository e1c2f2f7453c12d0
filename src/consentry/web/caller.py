"""Who is at the other end of the connection: the caller's network address, and the request's own identifier."""

from __future__ import annotations

import secrets

from consentry.caller_address import UNKNOWN, caller_address

__all__ = ["REQUEST_ID", "UNKNOWN", "caller_address", "new_request_id"]

REQUEST_ID = "consentry.request_id"
"""The key of the ASGI scope under which a request's identifier stands."""

_LENGTH, _DRAWN_AT_ONCE = 18, 256
_drawn: list[str] = []


def new_request_id() -> str:
    """Return an identifier that a person can read out to support."""
    if not _drawn:
        # Many with one call of the system. Whichever thread takes one, nobody else gets it.
        drawn = secrets.token_hex(_LENGTH // 2 * _DRAWN_AT_ONCE)
        _drawn.extend(f"req_{drawn[start : start + _LENGTH]}" for start in range(0, len(drawn), _LENGTH))
    return _drawn.pop()
