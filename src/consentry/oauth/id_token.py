"""What an ID token claims. OpenID Connect Core 1.0 §2, §3.1.3.6, §12.2."""

from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256, sha512

TYP = "JWT"
"""The `typ` of an ID token; logout tokens and the other JWTs of this server have each another one (RFC 8725 §3.11)."""

LIFETIME = timedelta(hours=1)
"""How long an ID token may be accepted: it says that somebody signed in, and is shown once."""

ACR_PASSWORD = "urn:consentry:acr:password"  # noqa: S105 - the name of a way to sign in
"""The one class of authentication: a password of one's own, slowed for whoever guesses."""

AMR_PASSWORD = ("pwd",)
"""How it was authenticated, in the words of RFC 8176 §2."""

# RFC 8037 §3.1 signs over the text itself; what Ed25519 uses inside is SHA-512, and clients do the same.
_HASHES = {"ES256": sha256, "RS256": sha256, "EdDSA": sha512}


@dataclass(frozen=True, slots=True, kw_only=True)
class IdToken:
    """That one user signed in, told to one client.

    `claims` are those of the user that the client asked for one by one. `nonce` is None on a refresh, where there
    should be none (§12.2). `access_token` is the one that is issued with it.
    """

    issuer: str
    subject: str
    client_id: str
    issued_at: datetime
    authenticated_at: datetime
    session: str
    access_token: str = field(repr=False)
    algorithm: str
    nonce: str | None = None
    claims: Mapping[str, object] = field(default_factory=dict)

    def to_claims(self) -> dict[str, object]:
        """Return the claims. The server's own win over any of the user that had their names. *Source:* Core §2."""
        issued = int(self.issued_at.timestamp())
        own: dict[str, object] = {
            "iss": self.issuer,
            "sub": self.subject,
            "aud": self.client_id,
            "exp": issued + int(LIFETIME.total_seconds()),
            "iat": issued,
            "auth_time": int(self.authenticated_at.timestamp()),
            "acr": ACR_PASSWORD,
            "amr": list(AMR_PASSWORD),
            "sid": self.session,
            "at_hash": half_hash(self.access_token, self.algorithm),
        }
        if self.nonce is not None:
            own["nonce"] = self.nonce
        return {**self.claims, **own}


def half_hash(text: str, algorithm: str) -> str:
    """Return the left half of the hash that the signature's algorithm uses, in base64url. *Source:* Core §3.1.3.6.

    >>> half_hash("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y", "RS256")
    '77QmUPtjPfzWtF2AnpK9RQ'
    """
    digest = _HASHES[algorithm](text.encode("ascii")).digest()
    return urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()
