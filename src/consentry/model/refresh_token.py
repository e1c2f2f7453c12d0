"""The payload of a refresh token: generation, secret and a MAC that proves that this server once issued it.

The MAC lets a token of any past generation be recognised as a replay without keeping a row for each rotation; it grants
nothing by itself (RFC 9700 §4.14.2). The seal keeps the successor readable for the holder of the token that it
replaced, and for nobody else.
"""

import hashlib
import hmac
from typing import NamedTuple

from consentry.model.ids import FamilyId, base62
from consentry.model.secret import SECRET_LENGTH, CredentialKind, Secret, format_credential, parse_credential

GENERATION_LENGTH = 6
MAC_LENGTH = 22
_MAC_BYTES = 16


class RefreshToken(NamedTuple):
    """A refresh token that has the right form and checksum; `is_genuine` tells whether this server made it."""

    family_id: FamilyId
    generation: int
    secret: Secret
    mac: str

    @property
    def digest(self) -> bytes:
        """The SHA-256 of generation and secret, as the family's row stores the current one."""
        return hashlib.sha256(f"{self.generation}.{self.secret.reveal()}".encode()).digest()

    @property
    def seal_key(self) -> bytes:
        """The 32-byte key that seals this token's successor; never stored, only derivable from the token."""
        return hmac.digest(self.secret.reveal().encode(), b"consentry refresh successor", hashlib.sha256)

    def is_genuine(self, mac_key: bytes) -> bool:
        """Tell whether this server issued the token, at whatever time."""
        return hmac.compare_digest(self.mac, _mac(mac_key, self.family_id, self.generation, self.secret))

    def text(self) -> Secret:
        """Return the token as the client receives it."""
        payload = base62(self.generation, GENERATION_LENGTH) + self.secret.reveal() + self.mac
        return format_credential(CredentialKind.REFRESH_TOKEN, self.family_id, Secret(payload))


def new_refresh_token(family_id: FamilyId, generation: int, secret: Secret, mac_key: bytes) -> RefreshToken:
    """Return the token of a generation, with its MAC."""
    return RefreshToken(family_id, generation, secret, _mac(mac_key, family_id, generation, secret))


def parse_refresh_token(text: str) -> RefreshToken | None:
    """Return the parts of a refresh token, or None where form or checksum are wrong."""
    parsed = parse_credential(text, CredentialKind.REFRESH_TOKEN)
    if parsed is None:
        return None
    payload = parsed.payload.reveal()
    secret_end = GENERATION_LENGTH + SECRET_LENGTH
    return RefreshToken(
        FamilyId(parsed.id),
        _number(payload[:GENERATION_LENGTH]),
        Secret(payload[GENERATION_LENGTH:secret_end]),
        payload[secret_end:],
    )


def _mac(key: bytes, family_id: str, generation: int, secret: Secret) -> str:
    message = f"{family_id}.{generation}.{secret.reveal()}".encode()
    return base62(int.from_bytes(hmac.digest(key, message, hashlib.sha256)[:_MAC_BYTES], "big"), MAC_LENGTH)


def _number(text: str) -> int:
    number = 0
    # Most are a few refreshes old.
    for character in text.lstrip("0"):
        number = number * 62 + _DIGITS[character]
    return number


_DIGITS = {base62(value, 1): value for value in range(62)}
