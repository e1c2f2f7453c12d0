"""Argon2id for passwords, away from the event loop and a few at a time. RFC 9106 §4."""

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from consentry.model.secret import Secret

if TYPE_CHECKING:
    from argon2 import PasswordHasher


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
    _made: "PasswordHasher | None" = field(init=False, repr=False, default=None)
    _room: asyncio.Semaphore = field(init=False, repr=False)
    _stand_in: str = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._room = asyncio.Semaphore(self.at_once)
        self._stand_in = ""

    async def hash(self, password: Secret) -> str:
        """Return the hash of a new password, with its salt and cost in it."""
        async with self._room:
            return await asyncio.to_thread(self._hash, password)

    async def verify(self, stored: str | None, given: Secret) -> bool:
        """Tell whether `given` is the password of the hash `stored`; with no hash, as slowly, that it is not."""
        if stored is None and not self._stand_in:
            self._stand_in = await self.hash(Secret("nobody's password"))
        async with self._room:
            matches = await asyncio.to_thread(self._verify, stored or self._stand_in, given)
        return matches and stored is not None

    def _hash(self, password: Secret) -> str:
        return self._hasher().hash(password.reveal())

    def _verify(self, stored: str, given: Secret) -> bool:
        from argon2.exceptions import InvalidHashError, VerificationError  # noqa: PLC0415 - see _hasher

        try:
            return self._hasher().verify(stored, given.reveal())
        except (VerificationError, InvalidHashError):
            return False

    def _hasher(self) -> "PasswordHasher":
        # Loaded at the first password, because most processes see none. Of two threads that come first, one wins.
        from argon2 import PasswordHasher  # noqa: PLC0415 - see above

        if self._made is None:
            self._made = PasswordHasher(
                time_cost=self.cost.passes, memory_cost=self.cost.memory_kibibytes, parallelism=self.cost.lanes
            )
        return self._made
