"""Read a posted form once, within limits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from consentry.oauth.parameters import MAX_FORM_BYTES, Parameters

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.types import Receive, Scope

_FORM_TYPE = b"application/x-www-form-urlencoded"


class UnsupportedMediaTypeError(Exception):
    """The body is not a form; answer 415."""


class BodyTooLargeError(Exception):
    """The body is larger than the limit; answer 413."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"The form may hold {limit} bytes.")


class ClientGoneError(Exception):
    """The client went away before the body was complete; there is nobody to answer."""


async def read_form(scope: Scope, receive: Receive, *, limit: int = MAX_FORM_BYTES) -> Parameters:
    """Return the parameters of a form body of at most `limit` bytes.

    Raises UnsupportedMediaTypeError, BodyTooLargeError (as soon as it is known, buffering no more than
    `limit`: IN-04), ClientGoneError, and what `Parameters.from_form` raises for a body that is no
    form.
    """
    require_form(scope["headers"], limit)
    return Parameters.from_form(await read_body(receive, limit))


def require_form(headers: Iterable[tuple[bytes, bytes]], limit: int) -> None:
    """Return if the headers announce a form of at most `limit` bytes, or of no length that they tell.

    Raises UnsupportedMediaTypeError and BodyTooLargeError.
    """
    named = dict(headers)
    media_type = named.get(b"content-type", b"")
    if media_type != _FORM_TYPE and media_type.partition(b";")[0].strip().lower() != _FORM_TYPE:
        raise UnsupportedMediaTypeError("Send the form as application/x-www-form-urlencoded.")
    if announces_more(named.get(b"content-length", b"0"), limit):
        raise BodyTooLargeError(limit)


def announces_more(declared: bytes, limit: int) -> bool:
    """Tell whether a Content-Length is a number, and larger than `limit`. However long it is, it is told at once."""
    return declared.isdigit() and (len(declared) > len(str(limit)) or int(declared) > limit)


async def read_body(receive: Receive, limit: int) -> bytes:
    """Return the body. Raises BodyTooLargeError as soon as it is longer than `limit`, and ClientGoneError."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGoneError("The client went away.")
        chunk: bytes = message.get("body", b"")
        if len(body) + len(chunk) > limit:
            raise BodyTooLargeError(limit)
        body += chunk
        if not message.get("more_body", False):
            return bytes(body)
