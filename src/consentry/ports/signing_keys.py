"""Keeping the server's signing keys."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from consentry.model.event import Event
from consentry.model.signing_key import SigningKey


class SigningKeyStore(Protocol):
    """Keeps signing keys; at most one of each algorithm is current."""

    async def all(self) -> Sequence[SigningKey]:
        """Return every key that is kept, newest first."""
        ...

    async def add_first(self, key: SigningKey) -> None:
        """Keep `key` unless its algorithm has a current one already: of several processes that try, one wins."""
        ...

    async def replace(self, key: SigningKey, *, forgotten_before: datetime, event: Event) -> None:
        """Retire the current key of its algorithm, make `key` current and forget the long retired, as one.

        Forgotten is what was retired before that moment.
        """
        ...
