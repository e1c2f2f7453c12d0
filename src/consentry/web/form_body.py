"""Read a posted form once, within limits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from consentry.oauth.parameters import MAX_FORM_BYTES, Parameters

if TYPE_CHECKING:
    from starlette.types import Receive, Scope

_FORM_TYPE = b"application/x-www-form-urlencoded"


class UnsupportedMediaTypeError(Exception):
    """The body is not a form; answer 415."""


class BodyTooLargeError(Exception):
    """The body is larger than the limit; answer 413."""


class ClientGoneError(Exception):
    """The client went away before the body was complete; there is nobody to answer."""


async def read_form(scope: Scope, receive: Receive, *, limit: int = MAX_FORM_BYTES) -> Parameters:
    """Return the parameters of a form body of at most `limit` bytes.

    Raises UnsupportedMediaTypeError, BodyTooLargeError (as soon as it is known, buffering no more than
    `limit`: IN-04), ClientGoneError, and what `Parameters.from_form` raises for a body that is no
    form.
    """
    headers = dict(scope["headers"])
    media_type = headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
    if media_type != _FORM_TYPE:
        raise UnsupportedMediaTypeError("Send the form as application/x-www-form-urlencoded.")
    declared = headers.get(b"content-length", b"0")
    if declared.isdigit() and (len(declared) > len(str(limit)) or int(declared) > limit):
        raise BodyTooLargeError(f"The form may hold {limit} bytes.")
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGoneError("The client went away.")
        chunk: bytes = message.get("body", b"")
        if len(body) + len(chunk) > limit:
            raise BodyTooLargeError(f"The form may hold {limit} bytes.")
        body += chunk
        if not message.get("more_body", False):
            return Parameters.from_form(bytes(body))
