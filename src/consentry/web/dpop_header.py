"""The DPoP header of a request to our own endpoints, and the DPoP-Nonce header of the answer. RFC 9449 §5, §8."""

from __future__ import annotations

from typing import TYPE_CHECKING

from consentry.oauth.errors import ErrorCode, OAuthError
from consentry.oauth.parameters import Parameters
from consentry.web.form_endpoint import NonceAnswer

if TYPE_CHECKING:
    from consentry.model.client import Client
    from consentry.oauth.dpop import DpopProof
    from consentry.web.program_endpoint import ProgramRequest
    from consentry.wiring import Deeds

_JKT = "dpop_jkt"


def is_proof_due(request: ProgramRequest, client: Client | None) -> bool:
    """Tell whether `find_proof` has anything to find or to miss: for most requests it has not."""
    return bool(request.read(_proofs)) or (client is not None and client.app.metadata.dpop_bound_access_tokens)


def _proofs(request: ProgramRequest) -> list[bytes]:
    return request.values(b"dpop")


async def find_proof(deeds: Deeds, request: ProgramRequest, client: Client | None, path: str) -> DpopProof | None:
    """Return the proof that came with a request to the endpoint at `path`, used up; None where none came.

    Raises OAuthError: INVALID_DPOP_PROOF, and INVALID_REQUEST where none came although the client is registered to send
    one always (RFC 9449 §5.2); NonceRequiredError.
    """
    values = request.read(_proofs)
    if values:
        headers = [value.decode("latin-1") for value in values]
        return await deeds.dpop_proofs.require(headers, method=request.method, url=deeds.settings.issuer + path)
    if client is not None and client.app.metadata.dpop_bound_access_tokens:
        # Choice: RFC 9449 §5.2 names no code. There is no proof that could be bad; something that is needed is missing.
        description = "This app is registered to bind its tokens to a key: send a DPoP header."
        raise OAuthError(ErrorCode.INVALID_REQUEST, description)
    return None


def bound_to(proof: DpopProof, form: Parameters) -> Parameters:
    """Return a pushed authorization request that is bound to the key of the proof sent with it. RFC 9449 §10.1.

    Raises OAuthError(INVALID_DPOP_PROOF) where the request names another key.
    """
    named = form.one(_JKT)
    if named not in {None, proof.jkt}:
        description = "The dpop_jkt is not the thumbprint of the key that the DPoP proof was made with."
        raise OAuthError(ErrorCode.INVALID_DPOP_PROOF, description)
    others = tuple(pair for pair in form.pairs if pair[0] != _JKT)
    return Parameters((*others, (_JKT, proof.jkt)))


def with_next_nonce(
    deeds: Deeds, proof: DpopProof | None, members: dict[str, object]
) -> dict[str, object] | NonceAnswer:
    """Return the answer, with the nonce that the client is to go on with where it has another. RFC 9449 §8.2."""
    nonce = None if proof is None else deeds.dpop_proofs.next_nonce(proof)
    return members if nonce is None else NonceAnswer(members, nonce)
