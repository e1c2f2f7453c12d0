"""Who is at the other end of the connection: the caller's network address, and the request's own identifier."""

from __future__ import annotations

import secrets

from consentry.caller_address import UNKNOWN, caller_address

__all__ = ["REQUEST_ID", "UNKNOWN", "caller_address", "new_request_id"]

REQUEST_ID = "consentry.request_id"
"""The key of the ASGI scope under which a request's identifier stands."""

_REQUEST_ID_BYTES = 9


def new_request_id() -> str:
    """Return an identifier that a person can read out to support."""
    return f"req_{secrets.token_hex(_REQUEST_ID_BYTES)}"
