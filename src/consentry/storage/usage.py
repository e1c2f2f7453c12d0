"""First and last use in the database: many credentials in one operation."""

from collections.abc import Sequence

from consentry.ports.usage import Use, UsedKind
from consentry.storage.database import Database, Operation, Statement, to_micros

_CONNECTION = """
UPDATE connections SET first_used_at = coalesce(first_used_at, $2), last_used_at = $3
WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < $3)
"""

_API_KEY = """
UPDATE api_keys SET last_used_at = $2, last_used_from = coalesce($3, last_used_from)
WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < $2)
"""

_APP_CLIENT = """
UPDATE app_secrets SET last_used_at = $2 WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < $2)
"""


class SqlUsageStore:
    """The store of uses over either engine."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def write(self, uses: Sequence[Use]) -> None:
        """Write all of `uses` as one operation; a later use that is already written stays."""

        def operation() -> Operation[None]:
            # In one order everywhere, so that two servers which write at once never wait for each other in a circle.
            for use in sorted(uses, key=lambda use: (use.kind, use.id)):
                yield _writing(use)

        await self._database.write(operation)


def _writing(use: Use) -> Statement:
    last_at = to_micros(use.last_at)
    match use.kind:
        case UsedKind.CONNECTION:
            return Statement(_CONNECTION, (use.id, to_micros(use.first_at), last_at))
        case UsedKind.API_KEY:
            return Statement(_API_KEY, (use.id, last_at, use.address))
        case UsedKind.SECRET:
            return Statement(_APP_CLIENT, (use.id, last_at))
