"""Whether a DPoP proof is right: its parts, what they say of the request, its nonce, its signature. RFC 9449 §4.3.

Whether it was used before is for the caller to know: the token endpoint asks the database, a guard its own memory.
"""

from collections.abc import Sequence
from datetime import datetime

from consentry.oauth.dpop import DpopProof, parse_proof, require_proof_of
from consentry.oauth.dpop_nonce import DpopNonces
from consentry.oauth.jwt import JwtFault
from consentry.signature_checking import is_signed_by


class NonceNeeded(JwtFault):
    """The proof must hold a nonce that was handed out not long ago; `nonce` is the one to use now."""

    def __init__(self, nonce: str) -> None:
        super().__init__("must hold the nonce of this answer's DPoP-Nonce header.")
        self.nonce = nonce


def check_proof(
    headers: Sequence[str],
    *,
    method: str,
    url: str,
    now: datetime,
    nonces: DpopNonces | None,
    access_token: str | None = None,
) -> DpopProof:
    """Return the proof in the DPoP header, which is right in everything but, perhaps, that it was used before.

    `url` is where the request went, `access_token` what was sent beside the proof. Raises JwtFault, whose message
    continues a sentence that begins with the proof, and NonceNeeded.
    """
    proof = parse_proof(headers)
    require_proof_of(proof, method=method, url=url, now=now, access_token=access_token)
    given = proof.nonce
    if nonces is not None and (given is None or not nonces.accepts(given, now)):
        raise NonceNeeded(nonces.current(now))
    # RFC 9449 §4.3 (6). Last, as it costs the most.
    if not is_signed_by(proof.jwt, proof.key):
        raise JwtFault("has a signature that is not of the key in it.")
    return proof
