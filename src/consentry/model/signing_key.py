"""The keys that sign what this server says to other programs: ID tokens, the guard's answer, signed introspection."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

OVERLAP = timedelta(days=1)
"""How long a retired key is still published. What a key signs lives for an hour, so that nothing signed is cut off."""

ES256 = "ES256"
"""ECDSA on P-256 with SHA-256, with which everything is signed that nobody asked otherwise for. RFC 7518 §3.4."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """One key as it is kept.

    `id` is the `kid`; `public` the JSON text of its public JWK (RFC 7517); `sealed` the private JWK, encrypted. The key
    that signs now has no `retired_at`, and for each algorithm there is at most one.
    """

    id: str
    public: str
    sealed: bytes = field(repr=False)
    created_at: datetime
    retired_at: datetime | None = None
    algorithm: str = ES256

    def is_published(self, now: datetime) -> bool:
        """Tell whether others may still check signatures with it."""
        return self.retired_at is None or now < self.retired_at + OVERLAP
