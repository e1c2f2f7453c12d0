"""The memory of used client assertions and DPoP proofs."""

from datetime import datetime

from consentry.storage.database import Database, Operation, Statement, to_micros

# One statement with one winner: the second to come finds the row there.
_USE = "INSERT INTO used_proofs (id, expires_at) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING RETURNING id"


class SqlUsedProofStore:
    """The memory over either engine."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def use(self, proof_id: str, *, until: datetime) -> bool:
        """Remember the use of a proof; False if it was used before."""

        def operation() -> Operation[bool]:
            return bool((yield Statement(_USE, (proof_id, to_micros(until)))))

        return await self._database.write(operation)
