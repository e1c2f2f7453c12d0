"""Remembering the proofs that were used, in this process and for as long as they could be used again.

In memory, because a guard checks on every call and writes nothing on its way: docs/decisions/0024 says what that means
where several processes guard one API.
"""

from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock

from consentry.oauth.dpop import LIFETIME, SKEW

SPAN = LIFETIME + 2 * SKEW
"""How long a proof that is used now could be used again at most."""


@dataclass(slots=True)
class ProofMemory:
    """Remembers the uses of two spans of time: whatever could be used again is in one of them. Threads may share it."""

    _young: set[str] = field(default_factory=set, repr=False)
    _old: set[str] = field(default_factory=set, repr=False)
    _since: datetime | None = None
    _lock: Lock = field(default_factory=Lock, repr=False)

    def use(self, use_id: str, now: datetime) -> bool:
        """Remember a use; False if it was used before."""
        with self._lock:
            if self._since is None or now >= self._since + SPAN:
                self._old, self._young, self._since = self._young, set(), now
            if use_id in self._young or use_id in self._old:
                return False
            self._young.add(use_id)
            return True
