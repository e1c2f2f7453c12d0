"""Argon2id for passwords, away from the event loop and a few at a time. RFC 9106 §4."""

import asyncio
from dataclasses import dataclass, field

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from consentry.model.secret import Secret


@dataclass(frozen=True, slots=True)
class HashingCost:
    """How dear one hash is. The default is the second recommended option of RFC 9106 §4."""

    passes: int = 3
    memory_kibibytes: int = 65_536
    lanes: int = 4


DEFAULT_COST = HashingCost()


@dataclass(slots=True)
class Argon2Passwords:
    """Hashes and verifies; never more than `at_once` together, so that a crowd cannot take all memory."""

    cost: HashingCost = DEFAULT_COST
    at_once: int = 4
    _hasher: PasswordHasher = field(init=False, repr=False)
    _room: asyncio.Semaphore = field(init=False, repr=False)
    _stand_in: str = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._hasher = PasswordHasher(
            time_cost=self.cost.passes, memory_cost=self.cost.memory_kibibytes, parallelism=self.cost.lanes
        )
        self._room = asyncio.Semaphore(self.at_once)
        self._stand_in = ""

    async def hash(self, password: Secret) -> str:
        """Return the hash of a new password, with its salt and cost in it."""
        async with self._room:
            return await asyncio.to_thread(self._hasher.hash, password.reveal())

    async def verify(self, stored: str | None, given: Secret) -> bool:
        """Tell whether `given` is the password of the hash `stored`; with no hash, as slowly, that it is not."""
        if stored is None and not self._stand_in:
            self._stand_in = await self.hash(Secret("nobody's password"))
        async with self._room:
            matches = await asyncio.to_thread(self._verify, stored or self._stand_in, given)
        return matches and stored is not None

    def _verify(self, stored: str, given: Secret) -> bool:
        try:
            return self._hasher.verify(stored, given.reveal())
        except (VerificationError, InvalidHashError):
            return False
