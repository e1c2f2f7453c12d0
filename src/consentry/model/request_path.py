"""The path of a call as a gateway saw it: read in one way only, or not at all.

A gateway, this server and the API behind it each read the path. Whatever two of them could read differently is refused,
so that what was judged is what is served (CWE-436). RFC 3986 §3.3, §6.2.2.
"""

import re
from urllib.parse import unquote_to_bytes

# RFC 3986 §3.3, without `;`: some servers cut a path's parameters off before they look for the route.
_PATH = re.compile(r"/(?:[A-Za-z0-9._~!$&'()*+,=:@/-]|%[0-9A-Fa-f]{2})*")
# Whoever decodes twice, or before splitting, reads these as what they stand for.
_RESERVED = re.compile(r"[/\\%?#;\x00-\x1f\x7f-\x9f]")
_METHOD = re.compile(r"[A-Z]{1,20}(?:-[A-Z]{1,20})?")


class AmbiguousRequestError(Exception):
    """A call that a gateway and the API behind it could read differently. The text says what to send instead."""


def read_method(method: str) -> str:
    """Return the method, which is compared exactly: RFC 9110 §9.1. Raises AmbiguousRequestError."""
    if _METHOD.fullmatch(method) is None:
        raise AmbiguousRequestError("Send the method in capital letters.")
    return method


def read_path(path: str) -> tuple[str, ...]:
    """Return the decoded segments of a path as it was sent, without its query.

    A slash at the end is passed over, as many servers do. Raises AmbiguousRequestError for encoded slashes, dot
    segments, empty segments, path parameters, text that is encoded twice or not as RFC 3986 says.

    >>> read_path("/invoices/caf%C3%A9/")
    ('invoices', 'café')
    """
    if _PATH.fullmatch(path) is None:
        raise AmbiguousRequestError("Send a path that begins with / and has other characters percent-encoded.")
    sent = path[1:].removesuffix("/").split("/")
    return () if sent == [""] and path == "/" else tuple(_decoded(segment) for segment in sent)


def _decoded(segment: str) -> str:
    try:
        decoded = unquote_to_bytes(segment).decode("utf-8")
    except UnicodeDecodeError:
        raise AmbiguousRequestError("Send a path whose percent-encoded characters are UTF-8.") from None
    if not decoded:
        raise AmbiguousRequestError("Send a path with one slash between its parts.")
    if decoded in {".", ".."}:
        raise AmbiguousRequestError("Send a path without the parts . and .., encoded or not.")
    if _RESERVED.search(decoded) is not None:
        raise AmbiguousRequestError(r"Send a path without / \ % ? # ; or control characters in encoded form.")
    return decoded
