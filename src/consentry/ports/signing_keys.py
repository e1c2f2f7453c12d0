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

    async def succeed(
        self, before: SigningKey, key: SigningKey, *, retired_at: datetime, forgotten_before: datetime, event: Event
    ) -> bool:
        """Let `key` follow `before`, the newest of the same algorithm, which signs until `retired_at` at the latest.

        Keys that stopped signing before `forgotten_before` are forgotten, all as one. False, and nothing is written, if
        `before` has a successor already: of several that try, one wins.
        """
        ...
