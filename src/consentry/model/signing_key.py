"""The keys that sign what this server says to other programs: JWTs of the guard's answer and of introspection."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

OVERLAP = timedelta(days=1)
"""How long a retired key is still published. What a key signs lives for minutes, so that nothing signed is cut off."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """One ES256 key as it is kept.

    `id` is the `kid`; `public` the JSON text of its public JWK (RFC 7517); `sealed` the private JWK, encrypted. The key
    that signs now has no `retired_at`, and there is at most one.
    """

    id: str
    public: str
    sealed: bytes = field(repr=False)
    created_at: datetime
    retired_at: datetime | None = None

    def is_published(self, now: datetime) -> bool:
        """Tell whether others may still check signatures with it."""
        return self.retired_at is None or now < self.retired_at + OVERLAP
