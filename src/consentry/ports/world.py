"""Time and randomness, passed in so that every rule can be tested at any moment."""

from datetime import datetime
from typing import Protocol

from consentry.model.secret import Secret


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """Return the present as an aware UTC datetime."""
        ...

    def micros(self) -> int:
        """Return the present in microseconds since the epoch: a third of the time that `now` takes."""
        ...


class SecretSource(Protocol):
    """Makes identifiers and secrets that nobody can guess."""

    def new_id(self, prefix: str = "") -> str:
        """Return a new time-ordered identifier with the prefix of its kind."""
        ...

    def new_secret(self) -> Secret:
        """Return 43 base62 characters of 256 random bits."""
        ...

    def new_id_and_secret(self) -> tuple[str, Secret]:
        """Return what `new_id` and `new_secret` do, for a new credential."""
        ...

    def new_bytes(self, count: int) -> bytes:
        """Return `count` random bytes, for a nonce."""
        ...
