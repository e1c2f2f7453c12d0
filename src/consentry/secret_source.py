"""The system's randomness: identifiers and secrets from the operating system's generator."""

from os import urandom

from consentry.model.ids import RANDOM_BYTES, base62, encode_id
from consentry.model.secret import SECRET_LENGTH, Secret
from consentry.ports.world import Clock

# Each of the 62 letters has four of the first 248 bytes; the other eight are drawn again, so that none is likelier.
_LETTERS = "".join(base62(byte % 62, 1) for byte in range(256)).encode()
_LEFT_OUT = bytes(range(248, 256))
_DRAWN = 64


class SystemSecretSource:
    """Makes identifiers and secrets of what the operating system draws, as the `secrets` module does."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def new_id(self, prefix: str = "") -> str:
        """Return a new time-ordered identifier: 48 bits of milliseconds, 80 random bits."""
        return prefix + encode_id(self._clock.micros() // 1000, urandom(RANDOM_BYTES))

    def new_secret(self) -> Secret:
        """Return 43 random base62 characters: 256 bits."""
        return _secret_of(urandom(_DRAWN))

    def new_id_and_secret(self) -> tuple[str, Secret]:
        """Return both for a new credential, with one call of the system."""
        drawn = urandom(RANDOM_BYTES + _DRAWN)
        return encode_id(self._clock.micros() // 1000, drawn[:RANDOM_BYTES]), _secret_of(drawn[RANDOM_BYTES:])

    def new_bytes(self, count: int) -> bytes:
        """Return `count` random bytes."""
        return urandom(count)


def _secret_of(drawn: bytes) -> Secret:
    """Return the first letters that random bytes stand for; more are drawn where too many are left out."""
    text = drawn.translate(_LETTERS, _LEFT_OUT)
    while len(text) < SECRET_LENGTH:
        text += urandom(_DRAWN).translate(_LETTERS, _LEFT_OUT)
    return Secret(text[:SECRET_LENGTH].decode())
