"""Query strings and form bodies, decoded once and strictly. RFC 6749 §3.1, §3.2 and Appendix B."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import unquote_to_bytes

from consentry.oauth.errors import ErrorCode, OAuthError

MAX_QUERY_BYTES = 32 * 1024
"""Longest query string read, in bytes: room for a `state` of 8192 characters, each percent-encoded."""

MAX_FORM_BYTES = 64 * 1024
"""Longest form body read, in bytes."""

MAX_FIELDS = 200
"""Most fields read from one query string or form body."""

_BROKEN_PERCENT = re.compile(rb"%(?![0-9A-Fa-f]{2})")


@dataclass(frozen=True, slots=True)
class Parameters:
    """The decoded fields of one request, in the order sent.

    An empty value counts as absent, a repeated name is refused when it is read, an unknown name is never read and so
    ignored: RFC 6749 §3.1 and §3.2. Values are left out of the representation, as some are secrets.

    >>> Parameters.from_query("client_id=app_1&state=").one("state") is None
    True
    """

    pairs: tuple[tuple[str, str], ...] = field(default=(), repr=False)

    @classmethod
    def from_query(cls, raw: bytes | str) -> "Parameters":
        """Decode a query string (without its question mark).

        Raises OAuthError(INVALID_REQUEST) for broken percent-encoding, invalid UTF-8, a NUL byte, more than
        MAX_QUERY_BYTES or more than MAX_FIELDS. *Source:* RFC 6749 Appendix B.
        """
        if isinstance(raw, str):
            try:
                raw = raw.encode()
            except UnicodeEncodeError as error:
                raise _invalid("The query is not valid UTF-8.") from error
        return cls(tuple(_decode(raw, "query", MAX_QUERY_BYTES)))

    @classmethod
    def from_form(cls, body: bytes) -> "Parameters":
        """Decode an `application/x-www-form-urlencoded` body.

        Refuses what `from_query` refuses, with MAX_FORM_BYTES as the limit. *Source:* RFC 6749 Appendix B.
        """
        return cls(tuple(_decode(body, "form", MAX_FORM_BYTES)))

    @property
    def names(self) -> tuple[str, ...]:
        """The names sent, each once, in the order of their first use, those with an empty value included."""
        return tuple(dict.fromkeys(name for name, _ in self.pairs))

    def one(self, name: str) -> str | None:
        """Return the value of `name`, or None if it is absent or empty.

        Raises OAuthError(INVALID_REQUEST) if the name was sent twice, even with an empty value: two readers of such a
        request could disagree about what it says. *Source:* RFC 6749 §3.1.
        """
        found: str | None = None
        for key, value in self.pairs:
            if key == name:
                if found is not None:
                    raise _repeated(name)
                found = value
        return found or None

    def required(self, name: str) -> str:
        """Return the value of `name`; raises OAuthError(INVALID_REQUEST) if it is absent, empty or repeated."""
        value = self.one(name)
        if value is None:
            raise _invalid(f"The parameter {name} is missing.")
        return value

    def all(self, name: str) -> tuple[str, ...]:
        """Return every value of `name` that is not empty, for the few parameters that may repeat (RFC 8707 §2)."""
        return tuple([value for key, value in self.pairs if key == name and value])

    def refuse_repeated(self, *names: str) -> None:
        """Raise OAuthError(INVALID_REQUEST), naming the parameter, if one of `names` was sent more than once."""
        for name in names:
            if sum(key == name for key, _ in self.pairs) > 1:
                raise _repeated(name)


def _decode(raw: bytes, kind: str, limit: int) -> Iterable[tuple[str, str]]:
    if len(raw) > limit:
        raise _invalid(f"The {kind} is longer than {limit} bytes.")
    if raw.count(b"&") >= MAX_FIELDS:
        raise _invalid(f"The {kind} has more than {MAX_FIELDS} fields.")
    if b"%" in raw and _BROKEN_PERCENT.search(raw):
        raise _invalid(f"The {kind} has a percent sign that is not followed by two hexadecimal digits.")
    if not raw.isascii() or b"\0" in raw:
        parts = [part.partition(b"=") for part in raw.split(b"&")]
        return [(_text(name, kind), _text(value, kind)) for name, equals, value in parts if name or equals]
    # As most programs post it: little in it is encoded, or nothing.
    texts = [part.partition("=") for part in raw.decode("ascii").split("&")]
    if b"%" not in raw and b"+" not in raw:
        return [(name, value) for name, equals, value in texts if name or equals]
    return [(_decoded(name, kind), _decoded(value, kind)) for name, equals, value in texts if name or equals]


def _decoded(text: str, kind: str) -> str:
    return _text(text.encode("ascii"), kind) if "%" in text or "+" in text else text


def _text(raw: bytes, kind: str) -> str:
    try:
        text = (unquote_to_bytes(raw.replace(b"+", b" ")) if b"%" in raw or b"+" in raw else raw).decode()
    except UnicodeDecodeError as error:
        raise _invalid(f"The {kind} is not valid UTF-8.") from error
    if "\0" in text:  # PostgreSQL text refuses NUL: without this line it would be a 500 much later
        raise _invalid(f"The {kind} contains a NUL character.")
    return text


def _repeated(name: str) -> OAuthError:
    return _invalid(f"The parameter {name} was sent more than once.")


def _invalid(description: str) -> OAuthError:
    return OAuthError(ErrorCode.INVALID_REQUEST, description)
