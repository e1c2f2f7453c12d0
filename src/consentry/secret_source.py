"""The system's randomness: identifiers and secrets from the operating system's generator."""

import secrets

from consentry.model.ids import RANDOM_BYTES, encode_id
from consentry.model.secret import SECRET_BYTES, Secret, encode_secret
from consentry.ports.world import Clock


class SystemSecretSource:
    """Makes identifiers and secrets with the `secrets` module."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def new_id(self, prefix: str = "") -> str:
        """Return a new time-ordered identifier: 48 bits of milliseconds, 80 random bits."""
        milliseconds = int(self._clock.now().timestamp() * 1000)
        return prefix + encode_id(milliseconds, secrets.token_bytes(RANDOM_BYTES))

    def new_secret(self) -> Secret:
        """Return 43 base62 characters of 256 random bits."""
        return encode_secret(secrets.token_bytes(SECRET_BYTES))

    def new_bytes(self, count: int) -> bytes:
        """Return `count` random bytes."""
        return secrets.token_bytes(count)
