"""Proofs of possession at a guarded API. RFC 9449 §7, §9."""

from dataclasses import dataclass, field

from consentry.clock import SystemClock
from consentry.gate.proof_memory import ProofMemory
from consentry.gate.proved_request import ProvedRequest, Source
from consentry.model.access import Reason, Refused
from consentry.oauth.dpop import DpopProof
from consentry.oauth.dpop_nonce import DpopNonces
from consentry.oauth.jwt import JwtFault
from consentry.ports.world import Clock
from consentry.proof_checking import NonceNeeded, check_proof

_UNKNOWN_ADDRESS = Refused(
    Reason.INVALID_DPOP_PROOF,
    "This API cannot tell at which address it was called, so no proof can be checked. Its operator names it as the "
    "guard's resource.",
)
_USED = Refused(
    Reason.INVALID_DPOP_PROOF, "The DPoP proof was used already: make a new one, with a jti of its own, for each call."
)
_PROVED = "consentry.proved"


@dataclass(frozen=True, slots=True)
class Prover:
    """Checks the proofs that come with calls. `nonces` is None where proofs need none."""

    clock: Clock = field(default_factory=SystemClock)
    nonces: DpopNonces | None = None
    memory: ProofMemory = field(default_factory=ProofMemory)

    def check(self, request: ProvedRequest, token: str) -> DpopProof | Refused:
        """Return the proof, which is one of this request with this token, or why it is none.

        Raises NonceNeeded.
        """
        if request.url is None:
            return _UNKNOWN_ADDRESS
        try:
            return check_proof(
                request.proofs,
                method=request.method,
                url=request.url,
                now=self.clock.now(),
                nonces=self.nonces,
                access_token=token,
            )
        except NonceNeeded:
            raise
        except JwtFault as fault:
            return Refused(Reason.INVALID_DPOP_PROOF, f"The DPoP proof {fault}")

    def use(self, proof: DpopProof, source: Source) -> Refused | None:
        """Use the proof up, once the token turned out to be good and bound to its key; return why not, if not.

        So late, because only what a genuine token vouches for is worth remembering. A call that passes two guards of
        one process, such as middleware and a view's own, uses its proof once.
        """
        passed = None if isinstance(source, ProvedRequest) else source
        if passed is not None and passed.get(_PROVED) == proof.use_id:
            return None
        if not self.memory.use(proof.use_id, self.clock.now()):
            return _USED
        if passed is not None:
            # Nothing that a client sends gets under a name of this form, neither in a scope nor in an environment.
            passed[_PROVED] = proof.use_id
        return None
