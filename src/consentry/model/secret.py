"""Secrets and the credentials that carry them: format, checksum, digest, comparison.

A credential is a readable prefix, the 22-character identifier of its record, a 43-character base62 secret of 256 random
bits, and a six-character base62 CRC-32 of all that stands before. The checksum lets scanners find leaks and lets the
guard refuse garbage without a read; only the SHA-256 of the secret is ever stored, which is enough because the secret
is random, not chosen (RFC 6819 §5.1.4.1.3).
"""

import hmac
from enum import StrEnum
from hashlib import sha256
from typing import NamedTuple
from zlib import crc32

from consentry.model.ids import ID_LENGTH, PAIRS

SECRET_LENGTH = 43
CHECKSUM_LENGTH = 6


class Secret:
    """Text that must not be printed: its repr and str show `***`; `reveal()` is the one way to the text."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the secret text; call it only where the text leaves for its owner."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(***)"

    def __str__(self) -> str:
        return "***"


class CredentialKind(StrEnum):
    """The kinds of credential, by their prefix."""

    ACCESS_TOKEN = "cst_at_"  # noqa: S105 - a public prefix, not a secret
    REFRESH_TOKEN = "cst_rt_"  # noqa: S105 - a public prefix, not a secret
    AUTHORIZATION_CODE = "cst_ac_"
    PUSHED_REQUEST = "cst_pr_"
    DEVICE_CODE = "cst_dc_"
    CLIENT_SECRET = "cst_sk_"  # noqa: S105 - a public prefix, not a secret
    API_KEY = "cst_key_"
    OPERATOR_TOKEN = "cst_op_"  # noqa: S105 - a public prefix, not a secret
    SESSION = "cst_se_"
    INITIAL_ACCESS = "cst_it_"
    REGISTRATION = "cst_ra_"


class ParsedCredential(NamedTuple):
    """A credential whose form and checksum are right; whether it is genuine, only its record can say.

    `id` is the 22 characters without a prefix; `payload` is all between the identifier and the checksum.
    """

    kind: CredentialKind
    id: str
    payload: Secret

    @property
    def digest(self) -> bytes:
        """The SHA-256 of the payload, as it is stored."""
        return digest(self.payload)


def digest(secret: Secret) -> bytes:
    """Return the 32-byte SHA-256 of `secret`."""
    return sha256(secret.reveal().encode("ascii", "replace")).digest()


is_same_digest = hmac.compare_digest
"""Compares two digests in constant time."""


def format_credential(kind: CredentialKind, record_id: str, payload: Secret) -> Secret:
    """Return the credential text for a record.

    `record_id` may carry the prefix of its kind (`key_…`), which the text leaves out.
    """
    body = kind + record_id[-ID_LENGTH:] + payload.reveal()
    return Secret(body + _checksum(body.encode("ascii")))


def parse_credential(text: str, kind: CredentialKind) -> ParsedCredential | None:
    """Return the parts of `text` if it has the form and checksum of a credential of this kind, else None.

    Pure and linear; a credential with any one character changed is refused here, before any read.
    """
    parts = _parts(text, kind)
    return None if parts is None else ParsedCredential(kind, parts[0], Secret(parts[1].decode()))


def identify(text: str, kind: CredentialKind) -> tuple[str, bytes] | None:
    """Return the `id` and the `digest` of what `parse_credential` returns, or None; in half the time."""
    parts = _parts(text, kind)
    return None if parts is None else (parts[0], sha256(parts[1]).digest())


def _parts(text: str, kind: CredentialKind) -> tuple[str, bytes] | None:
    """Return identifier and payload of a text whose form and checksum are right, or None."""
    id_start, payload_start, payload_end, length = _PLACES[kind]
    if len(text) != length or not text.isascii() or not text.startswith(kind):
        return None
    raw = text.encode()
    # Of bytes, these are the 62 digits and nothing else.
    if not raw[id_start:].isalnum():
        return None
    if text[payload_end:] != _checksum(raw[:payload_end]):
        return None
    return text[id_start:payload_start], raw[payload_start:payload_end]


def kind_of(text: str) -> CredentialKind | None:
    """Return the kind that the prefix of `text` names, or None."""
    return next((kind for kind in CredentialKind if text.startswith(kind)), None)


def _checksum(body: bytes) -> str:
    crc = crc32(body)
    # What `base62` makes of 32 bits, in a third of the time.
    return PAIRS[crc // 14_776_336] + PAIRS[crc // 3844 % 3844] + PAIRS[crc % 3844]


# A refresh token's payload also holds its generation (6) and a MAC (22): see model/refresh_token.py.
_PAYLOAD_LENGTHS = {CredentialKind.REFRESH_TOKEN: SECRET_LENGTH + 28}


def _places(kind: CredentialKind) -> tuple[int, int, int, int]:
    """Return where the identifier, the payload and the checksum begin, and where the text ends."""
    payload_start = len(kind) + ID_LENGTH
    payload_end = payload_start + _PAYLOAD_LENGTHS.get(kind, SECRET_LENGTH)
    return len(kind), payload_start, payload_end, payload_end + CHECKSUM_LENGTH


_PLACES = {kind: _places(kind) for kind in CredentialKind}
