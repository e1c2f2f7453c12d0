"""A scope is a set of tokens, not a string to search in. RFC 6749 §3.3 and §6."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from consentry.oauth.errors import ErrorCode, OAuthError

MAX_TOKENS = 100
"""Most tokens in one scope that is read."""

MAX_TOKEN_LENGTH = 128
"""Longest scope token read, in characters."""

_TOKEN = re.compile(rf"[\x21\x23-\x5B\x5D-\x7E]{{1,{MAX_TOKEN_LENGTH}}}")


@dataclass(frozen=True, slots=True, repr=False)
class Scope:
    """A frozen set of scope tokens that reads and renders in one stable order. Made by `parse` or `of`.

    >>> str(Scope.parse("invoicing:read contacts:read"))
    'contacts:read invoicing:read'
    """

    tokens: frozenset[str] = frozenset()

    @classmethod
    def parse(cls, text: str | None) -> "Scope":
        """Read a `scope` parameter, or a stored scope; None and "" are the empty scope.

        Tokens are separated by exactly one space, as the grammar says; a repeated token counts once.
        Raises OAuthError(INVALID_SCOPE). *Source:* RFC 6749 §3.3.
        """
        if not text:
            return cls()
        # Counted before splitting, so that a hostile list costs nothing.
        if text.count(" ") >= MAX_TOKENS:
            raise _too_many()
        return cls.of(*text.split(" "))

    @classmethod
    def of(cls, *tokens: str) -> "Scope":
        """Return the scope of these tokens. Raises OAuthError(INVALID_SCOPE) for one that is not a scope token."""
        if len(tokens) > MAX_TOKENS:
            raise _too_many()
        for token in tokens:
            if _TOKEN.fullmatch(token) is None:
                raise OAuthError(
                    ErrorCode.INVALID_SCOPE,
                    f"A scope is a list of names, with one space between them, each 1 to {MAX_TOKEN_LENGTH} printable"
                    " ASCII characters other than a quotation mark and a backslash.",
                )
        return cls(frozenset(tokens))

    def __str__(self) -> str:
        return _text_of(self.tokens)

    def __repr__(self) -> str:
        return f"Scope({str(self)!r})"

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self.tokens))

    def __contains__(self, token: object) -> bool:
        return token in self.tokens

    def __len__(self) -> int:
        return len(self.tokens)

    def __le__(self, other: "Scope") -> bool:
        return self.tokens <= other.tokens

    def __and__(self, other: "Scope") -> "Scope":
        return Scope(self.tokens & other.tokens)

    def __or__(self, other: "Scope") -> "Scope":
        return Scope(self.tokens | other.tokens)

    def __sub__(self, other: "Scope") -> "Scope":
        return Scope(self.tokens - other.tokens)


@lru_cache(maxsize=4096)
def stored_scope(text: str) -> Scope:
    """Return what `Scope.parse` makes of a text that is read again and again; kept by its content."""
    return Scope.parse(text)


@lru_cache(maxsize=4096)
def _text_of(tokens: frozenset[str]) -> str:
    return " ".join(sorted(tokens))


def narrowed(held: Scope, asked: Scope | None) -> Scope:
    """Return the scope of a refreshed token: what was asked, or all that is held if nothing was asked.

    Raises OAuthError(INVALID_SCOPE) if that would widen what is held. *Source:* RFC 6749 §6.
    """
    if asked is None:
        return held
    if not asked <= held:
        raise OAuthError(
            ErrorCode.INVALID_SCOPE, f"The scope goes beyond what was approved: {asked - held} was not approved."
        )
    return asked


def _too_many() -> OAuthError:
    return OAuthError(ErrorCode.INVALID_SCOPE, f"The scope has more than {MAX_TOKENS} names.")
