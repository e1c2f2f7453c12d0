"""DPoP at the server's own endpoints: the key that a client proves to hold. RFC 9449 §5, §8, §10.1."""

from collections.abc import Sequence
from dataclasses import dataclass

from consentry.oauth.dpop import DpopProof
from consentry.oauth.dpop_nonce import DpopNonces
from consentry.oauth.errors import ErrorCode, OAuthError
from consentry.oauth.jwt import JwtFault
from consentry.ports.used_proofs import UsedProofStore
from consentry.ports.world import Clock
from consentry.proof_checking import NonceNeeded, check_proof


class NonceRequiredError(OAuthError):
    """A proof must hold a nonce; `nonce` goes into the answer's DPoP-Nonce header. RFC 9449 §8."""

    def __init__(self, nonce: str, description: str) -> None:
        super().__init__(ErrorCode.USE_DPOP_NONCE, description)
        self.nonce = nonce


@dataclass(frozen=True, slots=True)
class DpopProofs:
    """Checks proofs and uses them up. `nonces` is None where proofs need none."""

    used: UsedProofStore
    clock: Clock
    nonces: DpopNonces | None

    async def require(
        self, headers: Sequence[str], *, method: str, url: str, access_token: str | None = None
    ) -> DpopProof:
        """Return the proof in the DPoP header of a request to `url`, with this access token if any, and use it up.

        Raises OAuthError(INVALID_DPOP_PROOF), also for one that was used before, and NonceRequiredError.
        """
        try:
            proof = check_proof(
                headers,
                method=method,
                url=url,
                now=self.clock.now(),
                nonces=self.nonces,
                access_token=access_token,
            )
            if not await self.used.use(proof.use_id, until=proof.until()):
                raise JwtFault("was used already: make a new one, with a jti of its own, for each request.")
        except NonceNeeded as needed:
            raise NonceRequiredError(needed.nonce, f"The DPoP proof {needed}") from None
        except JwtFault as fault:
            raise OAuthError(ErrorCode.INVALID_DPOP_PROOF, f"The DPoP proof {fault}") from None
        return proof

    def next_nonce(self, proof: DpopProof) -> str | None:
        """Return the nonce that the client is to go on with, where it is not the one that it used. RFC 9449 §8.2."""
        if self.nonces is None:
            return None
        current = self.nonces.current(self.clock.now())
        return None if current == proof.nonce else current
