"""Authorization requests that clients pushed, each used once."""

from consentry.model.ids import AppId, PushedRequestId
from consentry.model.pushed_request import PushedRequest
from consentry.storage.database import Database, Operation, Statement, from_micros, from_micros_or_none, to_micros

_PUSH = """
INSERT INTO pushed_requests (id, digest, app_id, query, dpop_jkt, created_at, expires_at, used_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, NULL)
"""

_FIND = """
SELECT id, digest, app_id, query, dpop_jkt, created_at, expires_at, used_at FROM pushed_requests WHERE id = $1
"""

# One statement with one winner: of two answers to one request the second finds no row.
_USE = "UPDATE pushed_requests SET used_at = $2 WHERE id = $1 AND used_at IS NULL RETURNING id"


class SqlPushedRequestStore:
    """The store of pushed requests over either engine."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def push(self, request: PushedRequest) -> None:
        """Keep a validated request."""

        def operation() -> Operation[None]:
            yield Statement(
                _PUSH,
                (
                    request.id,
                    request.digest,
                    request.app_id,
                    request.query,
                    request.dpop_jkt,
                    to_micros(request.created_at),
                    to_micros(request.expires_at),
                ),
            )

        await self._database.write(operation)

    async def find(self, request_id: PushedRequestId) -> PushedRequest | None:
        """Return the request, used or not, expired or not, or None."""
        for row in await self._database.read(_FIND, request_id):
            return PushedRequest(
                PushedRequestId(row[0]),
                row[1],
                AppId(row[2]),
                row[3],
                row[4],
                from_micros(row[5]),
                from_micros(row[6]),
                from_micros_or_none(row[7]),
            )
        return None


def using(request_id: PushedRequestId | None, at: int) -> Operation[bool]:
    """Mark the request used, in the transaction that answers it. False: it was used before. None is always free."""
    return request_id is None or bool((yield Statement(_USE, (request_id, at))))
