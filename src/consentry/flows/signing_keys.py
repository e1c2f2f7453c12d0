"""Signing what this server says to other programs, and publishing the keys to check it. RFC 7515, RFC 7517, RFC 7518.

Each algorithm has a key of its own. A private key is made when it is first needed, kept sealed, opened once by each
process, and never shown. What signs and seals is loaded when it is first needed, because most processes never sign.
"""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import orjson

from consentry.model.acting import Acting
from consentry.model.event import SYSTEM, Actor, Event, EventKind
from consentry.model.faults import Fault, InvalidInputError
from consentry.model.ids import EVENT, EventId
from consentry.model.signing_key import ES256, KEPT, LEAD, SigningKey, newest, signing_now
from consentry.ports.signing_keys import SigningKeyStore
from consentry.ports.world import Clock, SecretSource

if TYPE_CHECKING:
    from joserfc.jwk import ECKey, OKPKey, RSAKey

    PrivateKey = ECKey | OKPKey | RSAKey

REREAD_AFTER = timedelta(seconds=30)
"""How long a process signs with what it read: far less than a retired key stays published."""

MAX_LENGTH = 8192
"""Longest text that is read as something signed here, in characters."""

_NONCE_BYTES = 12
_RSA_BITS = 2048


class SigningKeySealedError(Exception):
    """The current signing key was sealed under another secret key."""

    def __init__(self) -> None:
        super().__init__(
            "The signing key in the database was sealed under another secret_key. "
            "Set secret_key back to what it was, or make new signing keys: consentry keys rotate --now"
        )


@dataclass(slots=True)
class _Opened:
    """What this process has read: the current keys by their algorithm, those ready to sign, and when."""

    current: dict[str, SigningKey] = field(default_factory=dict)
    ready: dict[str, "tuple[str, PrivateKey]"] = field(default_factory=dict)
    read_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SigningKeys:
    """Signs claims and publishes public keys. `seal_key` is the 32-byte key that seals the private halves.

    `algorithms` are those that have a key: of ES256, RS256 and EdDSA.
    """

    store: SigningKeyStore
    clock: Clock
    secrets: SecretSource
    seal_key: bytes = field(repr=False)
    algorithms: tuple[str, ...] = (ES256,)
    _opened: _Opened = field(default_factory=_Opened, repr=False, compare=False)

    async def sign(self, claims: Mapping[str, object], *, typ: str, algorithm: str = ES256) -> str:
        """Return a compact JWS over `claims` as they are; `typ` tells its kind, so that one is never taken for another.

        *Source:* RFC 7515 §7.1, RFC 8725 §3.11. Raises SigningKeySealedError.
        """
        from joserfc import jws  # noqa: PLC0415 - see the module's text

        from consentry.flows.jws_registry import ExactAlgorithms  # noqa: PLC0415 - see the module's text

        kid, key = await self._current(algorithm)
        header = {"alg": algorithm, "kid": kid, "typ": typ}
        return jws.serialize_compact(header, orjson.dumps(claims), key, registry=ExactAlgorithms((algorithm,)))

    async def read_signed(self, text: str, *, typ: str) -> Mapping[str, Any] | None:
        """Return the claims of what was signed here with a key that is still kept, expired or not; else None.

        The key is found among our own by its `kid`, and must be of the algorithm of the header: neither `none`, nor a
        public key taken for a secret, nor a key that the text itself brings, opens anything (RFC 8725 §2.1, §3.1).
        """
        from joserfc import jws  # noqa: PLC0415 - see the module's text
        from joserfc.errors import JoseError  # noqa: PLC0415 - see the module's text
        from joserfc.jwk import import_key  # noqa: PLC0415 - see the module's text

        from consentry.flows.jws_registry import ExactAlgorithms  # noqa: PLC0415 - see the module's text

        if len(text) > MAX_LENGTH or not text.isascii():
            return None
        try:
            signed = jws.extract_compact(text.encode())
            header = signed.headers()
            if header.get("typ") != typ:
                return None
            for key in await self.store.all():
                if key.id == header.get("kid"):
                    public = import_key(json.loads(key.public))
                    registry = ExactAlgorithms((key.algorithm,))
                    is_ours = jws.validate_compact(signed, public, registry=registry)
                    claims = json.loads(signed.payload) if is_ours else None
                    return claims if isinstance(claims, dict) else None
        except (JoseError, ValueError, TypeError, KeyError):
            return None
        return None

    async def jwks(self) -> dict[str, object]:
        """Return the key set, with public members only: those that sign, will sign or signed not long ago."""
        now = self.clock.now()
        keys = await self._all(now)
        return {"keys": [json.loads(key.public) for key in keys if key.is_published(now)]}

    async def kept(self, acting: Acting) -> list[SigningKey]:
        """Return every key that is kept, newest first. Raises PermissionMissingError."""
        acting.require_operator()
        return list(await self.store.all())

    async def rotate(self, acting: Acting, algorithm: str = ES256, *, at_once: bool = False) -> SigningKey:
        """Make a new key, which is published now and signs after `LEAD`; the one before stays published `OVERLAP` more.

        With `at_once` it signs at once, which also works when the key before cannot be opened any more: a verifier that
        meets an unknown `kid` fetches the key set again (OpenID Connect Core §10.1.1). If somebody else is rotating,
        theirs is returned. Raises PermissionMissingError, InvalidInputError for an algorithm that has no key here.
        """
        acting.require_operator()
        if algorithm not in self.algorithms:
            raise InvalidInputError(Fault("algorithm", f"Choose one of: {', '.join(self.algorithms)}."))
        now = self.clock.now()
        before = newest(await self._all(now), algorithm)
        made = await self._succeed(before, acting.actor, now, now if at_once else now + LEAD)
        return made or newest(await self._all(now), algorithm)

    async def rotate_due(self, lifetime: timedelta) -> int:
        """Make a successor for each newest key that is older than `lifetime`; return how many this process made.

        A key that was never needed is not made by this, either.
        """
        now, made = self.clock.now(), 0
        for key in await self.store.all():
            if key.retired_at is None and now - key.created_at >= lifetime:
                made += await self._succeed(key, SYSTEM, now, now + LEAD) is not None
        return made

    async def _succeed(
        self, before: SigningKey, actor: Actor, now: datetime, retired_at: datetime
    ) -> SigningKey | None:
        key = await self._new_key(before.algorithm, now)
        event = Event(EventId(self.secrets.new_id(EVENT)), now, EventKind.SIGNING_KEY_ROTATED, None, actor, key.id)
        won = await self.store.succeed(before, key, retired_at=retired_at, forgotten_before=now - KEPT, event=event)
        self._opened.read_at = None
        return key if won else None

    async def _current(self, algorithm: str) -> "tuple[str, PrivateKey]":
        now, opened = self.clock.now(), self._opened
        if opened.read_at is None or now - opened.read_at >= REREAD_AFTER:
            opened.current = signing_now(await self._all(now), now)
            opened.read_at = now
        current = opened.current[algorithm]
        ready = opened.ready.get(algorithm)
        if ready is None or ready[0] != current.id:
            ready = opened.ready[algorithm] = current.id, self._open(current)
        return ready

    async def _all(self, now: datetime) -> list[SigningKey]:
        keys = list(await self.store.all())
        missing = set(self.algorithms) - {key.algorithm for key in keys if key.retired_at is None}
        for algorithm in sorted(missing):
            await self.store.add_first(await self._new_key(algorithm, now))
        return list(await self.store.all()) if missing else keys

    async def _new_key(self, algorithm: str, now: datetime) -> SigningKey:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 - see the module's text

        # In a thread, because an RSA key takes a good part of a second to be found.
        key = await asyncio.to_thread(_generate, algorithm)
        kid = self.secrets.new_id()
        marks = {"kid": kid, "use": "sig", "alg": algorithm}
        nonce = self.secrets.new_bytes(_NONCE_BYTES)
        private = json.dumps(key.as_dict(private=True)).encode()
        sealed = nonce + AESGCM(self.seal_key).encrypt(nonce, private, kid.encode())
        public = json.dumps({**key.as_dict(private=False), **marks})
        return SigningKey(kid, public, sealed, now, algorithm=algorithm)

    def _open(self, key: SigningKey) -> "PrivateKey":
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - see the module's text
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 - see the module's text

        nonce, body = key.sealed[:_NONCE_BYTES], key.sealed[_NONCE_BYTES:]
        try:
            return _import(json.loads(AESGCM(self.seal_key).decrypt(nonce, body, key.id.encode())))
        except InvalidTag:
            raise SigningKeySealedError from None


def _generate(algorithm: str) -> "PrivateKey":
    from joserfc.jwk import ECKey, OKPKey, RSAKey  # noqa: PLC0415 - see the module's text

    match algorithm:
        case "RS256":
            return RSAKey.generate_key(_RSA_BITS)
        case "EdDSA":
            return OKPKey.generate_key("Ed25519")
        case _:
            return ECKey.generate_key("P-256")


def _import(jwk: dict[str, Any]) -> "PrivateKey":
    from joserfc.jwk import ECKey, OKPKey, RSAKey  # noqa: PLC0415 - see the module's text

    kinds: dict[str, type[ECKey | OKPKey | RSAKey]] = {"RSA": RSAKey, "OKP": OKPKey, "EC": ECKey}
    return kinds[jwk["kty"]].import_key(jwk)
