"""Remembering what may be used once: client assertions and DPoP proofs."""

from datetime import datetime
from typing import Protocol


class UsedProofStore(Protocol):
    """Remembers uses, for every process alike. RFC 7523 §3 (7), RFC 9449 §11.1."""

    async def use(self, proof_id: str, *, until: datetime) -> bool:
        """Remember the use of a proof until it could not be used anyhow.

        False: it was used before. Of two uses at one instant exactly one wins.
        """
        ...
