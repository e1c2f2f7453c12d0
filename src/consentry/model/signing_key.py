"""The keys that sign what this server says to other programs: ID tokens, the guard's answer, signed introspection."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

LEAD = timedelta(hours=1)
"""How long a new key is published before it signs, so that whoever keeps the key set for a while has it in time."""

OVERLAP = timedelta(days=1)
"""How long a retired key is still published. What a key signs lives for an hour, so that nothing signed is cut off."""

KEPT = timedelta(days=30)
"""How long a retired key is kept: an app may bring an old ID token of ours back as a hint."""

ES256 = "ES256"
"""ECDSA on P-256 with SHA-256, with which everything is signed that nobody asked otherwise for. RFC 7518 §3.4."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """One key as it is kept.

    `id` is the `kid`; `public` the JSON text of its public JWK (RFC 7517); `sealed` the private JWK, encrypted. At
    `retired_at` it stops signing, which may lie ahead: until then it signs, and its successor is only published. The
    newest key of an algorithm has none, and for each algorithm there is at most one such.
    """

    id: str
    public: str
    sealed: bytes = field(repr=False)
    created_at: datetime
    retired_at: datetime | None = None
    algorithm: str = ES256

    def is_published(self, now: datetime) -> bool:
        """Tell whether others check signatures with it, those to come or those that it made."""
        return self.retired_at is None or now < self.retired_at + OVERLAP

    def may_sign(self, now: datetime) -> bool:
        """Tell whether it has not stopped signing."""
        return self.retired_at is None or now < self.retired_at


def signing_now(keys: Iterable[SigningKey], now: datetime) -> dict[str, SigningKey]:
    """Return for each algorithm the key that signs now: of those that have not stopped, the one to stop first."""
    last_first = sorted(
        (key for key in keys if key.may_sign(now)),
        key=lambda key: (key.retired_at is None, key.retired_at or key.created_at, key.id),
        reverse=True,
    )
    return {key.algorithm: key for key in last_first}


def newest(keys: Iterable[SigningKey], algorithm: str) -> SigningKey:
    """Return the key of the algorithm that has no successor. Raises StopIteration where there is none."""
    return next(key for key in keys if key.algorithm == algorithm and key.retired_at is None)
