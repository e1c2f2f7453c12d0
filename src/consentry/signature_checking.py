"""Whether a signature is right, by the algorithms that are allowed and a key that was read before. RFC 7518 §3.

Over `cryptography` alone: which algorithm and which key is settled by then, so that nothing is left to negotiate.
"""

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from consentry.oauth.jwk import PublicKey
from consentry.oauth.jwt import UnverifiedJwt

if TYPE_CHECKING:
    from collections.abc import Callable

_HALF = 32


def is_signed_by(jwt: UnverifiedJwt, key: PublicKey) -> bool:
    """Tell whether the signature of `jwt` is that of `key`, by the algorithm that the JWT names and the key allows."""
    if jwt.algorithm not in key.algorithms:
        return False
    # Loaded here because most installations never check a signature of others.
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - see above

    try:
        _verifier(key.kty, key.numbers, jwt.algorithm)(jwt.signature, jwt.signed)
    except (InvalidSignature, ValueError):
        # ValueError: a point that is not on its curve, numbers that make no key, a signature of the wrong length.
        return False
    return True


# By content, and only of what a key and an algorithm come to: whether the key is still good is asked each time.
@lru_cache(maxsize=1024)
def _verifier(kty: str, numbers: tuple[bytes, ...], algorithm: str) -> "Callable[[bytes, bytes], None]":
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey  # noqa: PLC0415 - see above

    if kty == "EC":
        return _ecdsa(*numbers)
    return (
        _rsa(numbers[0], numbers[1], algorithm)
        if kty == "RSA"
        else Ed25519PublicKey.from_public_bytes(numbers[0]).verify
    )


def _ecdsa(x: bytes, y: bytes) -> "Callable[[bytes, bytes], None]":
    from cryptography.hazmat.primitives.asymmetric import ec, utils  # noqa: PLC0415 - see above
    from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415 - see above

    key = ec.EllipticCurvePublicNumbers(int.from_bytes(x), int.from_bytes(y), ec.SECP256R1()).public_key()

    def verify(signature: bytes, data: bytes) -> None:
        # RFC 7518 §3.4: the two numbers one after the other, each of full length.
        if len(signature) != 2 * _HALF:
            raise ValueError("the signature has the wrong length")
        r, s = int.from_bytes(signature[:_HALF]), int.from_bytes(signature[_HALF:])
        key.verify(utils.encode_dss_signature(r, s), data, ec.ECDSA(SHA256()))

    return verify


def _rsa(modulus: bytes, exponent: bytes, algorithm: str) -> "Callable[[bytes, bytes], None]":
    from cryptography.hazmat.primitives.asymmetric import padding, rsa  # noqa: PLC0415 - see above
    from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415 - see above

    key = rsa.RSAPublicNumbers(int.from_bytes(exponent), int.from_bytes(modulus)).public_key()
    # RFC 7518 §3.5: the salt is as long as the hash.
    filling: Any = (
        padding.PSS(padding.MGF1(SHA256()), SHA256.digest_size) if algorithm == "PS256" else padding.PKCS1v15()
    )

    def verify(signature: bytes, data: bytes) -> None:
        key.verify(signature, data, filling, SHA256())

    return verify
