"""Proof Key for Code Exchange, method S256 only. RFC 7636."""

import hashlib
import hmac
import re
from base64 import urlsafe_b64encode
from dataclasses import dataclass

from consentry.oauth.errors import ErrorCode, OAuthError

METHOD = "S256"
"""The one challenge method. RFC 7636 §4.2; `plain` is refused, RFC 9700 §2.1.1."""

_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")


@dataclass(frozen=True, slots=True)
class CodeChallenge:
    """A code challenge of method S256: 43 characters of base64url."""

    value: str

    @classmethod
    def parse(cls, challenge: str, method: str | None) -> "CodeChallenge":
        """Read `code_challenge` and `code_challenge_method`.

        An absent method means `plain` (RFC 7636 §4.3) and is refused like it: with `plain` the challenge is the
        verifier, and who reads the request can redeem the code. Raises OAuthError(INVALID_REQUEST).
        *Source:* RFC 7636 §4.2, §4.3 and §7.2.
        """
        if method != METHOD:
            raise OAuthError(ErrorCode.INVALID_REQUEST, "The parameter code_challenge_method must be S256.")
        if _CHALLENGE.fullmatch(challenge) is None:
            raise OAuthError(
                ErrorCode.INVALID_REQUEST,
                "The parameter code_challenge must be the SHA-256 hash of the verifier: 43 characters of base64url.",
            )
        return cls(challenge)


def is_valid_verifier(verifier: str) -> bool:
    """Return whether `verifier` has 43 to 128 unreserved characters. *Source:* RFC 7636 §4.1."""
    return _VERIFIER.fullmatch(verifier) is not None


def challenge_of(verifier: str) -> str:
    """Return the S256 challenge of an ASCII verifier. *Source:* RFC 7636 §4.2.

    >>> challenge_of("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
    'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'
    """
    return urlsafe_b64encode(hashlib.sha256(verifier.encode("ascii")).digest()).rstrip(b"=").decode("ascii")


def matches(challenge: str, verifier: str) -> bool:
    """Return whether `verifier` is well formed and hashes to `challenge`, in constant time. *Source:* RFC 7636 §4.6."""
    if not is_valid_verifier(verifier):
        return False
    return hmac.compare_digest(challenge_of(verifier).encode(), challenge.encode())
