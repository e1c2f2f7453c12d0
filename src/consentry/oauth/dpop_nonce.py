"""Nonces that a server hands out for proofs, without keeping any. RFC 9449 §8, §9.

A nonce is a stretch of time and a MAC over it, so that every process with the key takes those of every other.
"""

import hmac
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256

from consentry.oauth.jwt import encode_base64url

STRETCH = timedelta(minutes=2)
"""How long one nonce is handed out; it is taken for as long again."""

_MAC_BYTES = 16
_TIME_BYTES = 8


@dataclass(frozen=True, slots=True)
class DpopNonces:
    """Hands nonces out and takes them back. `key` is a secret of at least 32 bytes."""

    key: bytes = field(repr=False)

    def current(self, now: datetime) -> str:
        """Return the nonce to hand out now. *Source:* RFC 9449 §8: it cannot be predicted."""
        return self._of(_number(now))

    def accepts(self, nonce: str, now: datetime) -> bool:
        """Tell whether the nonce was handed out not long ago."""
        number = _number(now)
        given = nonce.encode()
        return any(hmac.compare_digest(given, self._of(one).encode()) for one in (number, number - 1))

    def _of(self, number: int) -> str:
        stretch = number.to_bytes(_TIME_BYTES)
        return encode_base64url(stretch + hmac.new(self.key, stretch, sha256).digest()[:_MAC_BYTES])


def _number(now: datetime) -> int:
    return int(now.timestamp() // STRETCH.total_seconds())
