"""Keys of clients and what they sign with them, by another library than the one that checks it."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from typing import Any

from joserfc.jwk import ECKey, OKPKey, RSAKey

from consentry.flows.jws_registry import ExactAlgorithms
from consentry.ports.world import Clock
from protocol_world import ISSUER

ALGORITHMS = ("ES256", "RS256", "PS256", "EdDSA")


class ClientKey:
    """A private key of a client, for one algorithm."""

    def __init__(self, algorithm: str, kid: str | None = None, key: Any = None) -> None:
        self.algorithm = algorithm
        self.kid = kid
        self.key = key or _new_key(algorithm)

    @property
    def public(self) -> dict[str, Any]:
        """The public half, as a JWK."""
        jwk = {name: self.key.as_dict(private=False)[name] for name in _MEMBERS[self.algorithm]}
        return jwk if self.kid is None else {**jwk, "kid": self.kid}

    def sign(self, claims: Mapping[str, Any], **header: Any) -> str:
        """Return a compact JWT; a header of None is left out."""
        marks = {"alg": self.algorithm, **({} if self.kid is None else {"kid": self.kid}), **header}
        present = {name: value for name, value in marks.items() if value is not None}
        signed = f"{encoded(present)}.{encoded(claims)}"
        # Beside the library's own rules for headers, so that wrong ones can be made.
        signature = ExactAlgorithms([self.algorithm]).get_alg(self.algorithm).sign(signed.encode(), self.key)
        return f"{signed}.{encoded_bytes(signature)}"


def encoded(part: object) -> str:
    return encoded_bytes(json.dumps(part).encode())


def encoded_bytes(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


_MEMBERS = {
    "ES256": ("kty", "crv", "x", "y"),
    "RS256": ("kty", "n", "e"),
    "PS256": ("kty", "n", "e"),
    "EdDSA": ("kty", "crv", "x"),
}


def _new_key(algorithm: str) -> Any:
    if algorithm == "ES256":
        return ECKey.generate_key("P-256")
    return OKPKey.generate_key("Ed25519") if algorithm == "EdDSA" else RSAKey.generate_key(2048)


def a_key(algorithm: str = "ES256", number: int = 1) -> ClientKey:
    """Return a key that is the same for the whole run: making RSA keys is slow."""
    return _kept_key(algorithm, number)


@cache
def _kept_key(algorithm: str, number: int) -> ClientKey:
    return ClientKey(algorithm, f"{algorithm}-{number}")


def key_set(*keys: ClientKey) -> str:
    """Return the public halves as the text of a key set."""
    return json.dumps({"keys": [key.public for key in keys]})


def assertion_claims(client_id: str, clock: Clock, **changes: Any) -> dict[str, Any]:
    """Return the claims of a client assertion that is right; a change of None leaves a claim out."""
    now = clock.now()
    claims = {
        "iss": client_id,
        "sub": client_id,
        "aud": ISSUER,
        "iat": int(now.timestamp()),
        "exp": int((now + timedelta(minutes=1)).timestamp()),
        "jti": f"assertion-{len(_made)}",
        **changes,
    }
    _made.append(None)
    return {name: value for name, value in claims.items() if value is not None}


_made: list[None] = []


def proof(key: ClientKey, clock: Clock, *, header: Mapping[str, Any] | None = None, **changes: Any) -> str:
    """Return a DPoP proof for the token endpoint that is right; a change of None leaves a claim out."""
    claims = {
        "jti": f"proof-{len(_made)}",
        "htm": "POST",
        "htu": f"{ISSUER}/oauth/token",
        "iat": int(clock.now().timestamp()),
        **changes,
    }
    _made.append(None)
    marks = {"typ": "dpop+jwt", "kid": None, "jwk": _without_kid(key.public), **(header or {})}
    return key.sign({name: value for name, value in claims.items() if value is not None}, **marks)


def _without_kid(jwk: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in jwk.items() if name != "kid"}
