"""Signing what this server says to other programs, and publishing the keys to check it. RFC 7515, RFC 7517, RFC 7518.

ES256 only. A private key is made when it is first needed, kept sealed, opened once by each process, and never shown.
What signs and seals is loaded when it is first needed, because most processes never sign.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from consentry.model.acting import Acting
from consentry.model.event import Event, EventKind
from consentry.model.ids import EVENT, EventId
from consentry.model.signing_key import OVERLAP, SigningKey
from consentry.ports.signing_keys import SigningKeyStore
from consentry.ports.world import Clock, SecretSource

if TYPE_CHECKING:
    from joserfc.jwk import ECKey

ALGORITHM = "ES256"
"""The one algorithm of our signatures: ECDSA on P-256 with SHA-256. RFC 7518 §3.4."""

REREAD_AFTER = timedelta(seconds=30)
"""How long a process signs with what it read: far less than a retired key stays published."""

_CURVE = "P-256"
_NONCE_BYTES = 12


class SigningKeySealedError(Exception):
    """The current signing key was sealed under another secret key."""

    def __init__(self) -> None:
        super().__init__(
            "The signing key in the database was sealed under another secret_key. "
            "Set secret_key back to what it was, or make a new signing key: consentry keys rotate"
        )


@dataclass(slots=True)
class _Opened:
    """What this process has read: the current key, ready to sign, and when."""

    kid: str = ""
    key: "ECKey | None" = None
    read_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SigningKeys:
    """Signs claims and publishes public keys. `seal_key` is the 32-byte key that seals the private halves."""

    store: SigningKeyStore
    clock: Clock
    secrets: SecretSource
    seal_key: bytes = field(repr=False)
    _opened: _Opened = field(default_factory=_Opened, repr=False, compare=False)

    async def sign(self, claims: Mapping[str, object], *, typ: str) -> str:
        """Return a compact JWS over `claims` as they are; `typ` tells its kind, so that one is never taken for another.

        *Source:* RFC 7515 §7.1, RFC 8725 §3.11. Raises SigningKeySealedError.
        """
        from joserfc import jws  # noqa: PLC0415 - see the module's text

        kid, key = await self._current()
        header = {"alg": ALGORITHM, "kid": kid, "typ": typ}
        return jws.serialize_compact(header, msgspec.json.encode(claims), key, algorithms=[ALGORITHM])

    async def jwks(self) -> dict[str, object]:
        """Return the key set, with public members only: the current key first, then those retired not long ago."""
        now = self.clock.now()
        keys = await self._all(now)
        return {"keys": [json.loads(key.public) for key in keys if key.is_published(now)]}

    async def kept(self, acting: Acting) -> list[SigningKey]:
        """Return every key that is kept, newest first. Raises PermissionMissingError."""
        acting.require_operator()
        return list(await self.store.all())

    async def rotate(self, acting: Acting) -> SigningKey:
        """Make a new key that signs from now on; the one before stays published for `OVERLAP`.

        A verifier that meets the new `kid` fetches the key set again (OpenID Connect Core §10.1.1). Works also when the
        old key cannot be opened any more. Raises PermissionMissingError.
        """
        acting.require_operator()
        now = self.clock.now()
        key = self._new_key(now)
        event = Event(
            EventId(self.secrets.new_id(EVENT)), now, EventKind.SIGNING_KEY_ROTATED, None, acting.actor, key.id
        )
        await self.store.replace(key, forgotten_before=now - OVERLAP, event=event)
        self._opened.read_at = None
        return key

    async def _current(self) -> "tuple[str, ECKey]":
        now, opened = self.clock.now(), self._opened
        if opened.key is not None and opened.read_at is not None and now - opened.read_at < REREAD_AFTER:
            return opened.kid, opened.key
        current = next(key for key in await self._all(now) if key.retired_at is None)
        if opened.key is None or opened.kid != current.id:
            opened.key = self._open(current)
            opened.kid = current.id
        opened.read_at = now
        return opened.kid, opened.key

    async def _all(self, now: datetime) -> list[SigningKey]:
        keys = list(await self.store.all())
        if not any(key.retired_at is None for key in keys):
            await self.store.add_first(self._new_key(now))
            keys = list(await self.store.all())
        return keys

    def _new_key(self, now: datetime) -> SigningKey:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 - see the module's text
        from joserfc.jwk import ECKey  # noqa: PLC0415 - see the module's text

        kid, key = self.secrets.new_id(), ECKey.generate_key(_CURVE)
        marks = {"kid": kid, "use": "sig", "alg": ALGORITHM}
        nonce = self.secrets.new_bytes(_NONCE_BYTES)
        private = json.dumps(key.as_dict(private=True)).encode()
        sealed = nonce + AESGCM(self.seal_key).encrypt(nonce, private, kid.encode())
        return SigningKey(kid, json.dumps({**key.as_dict(private=False), **marks}), sealed, now)

    def _open(self, key: SigningKey) -> "ECKey":
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - see the module's text
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 - see the module's text
        from joserfc.jwk import ECKey  # noqa: PLC0415 - see the module's text

        nonce, body = key.sealed[:_NONCE_BYTES], key.sealed[_NONCE_BYTES:]
        try:
            return ECKey.import_key(json.loads(AESGCM(self.seal_key).decrypt(nonce, body, key.id.encode())))
        except InvalidTag:
            raise SigningKeySealedError from None
