"""Documents that were fetched from addresses of others."""

from consentry.ports.fetched_documents import KeptDocument
from consentry.storage.database import Database, Operation, Statement, from_micros, to_micros

_FIND = "SELECT url, body, etag, fetched_at, expires_at FROM fetched_documents WHERE url = $1"

_KEEP = """
INSERT INTO fetched_documents (url, body, etag, fetched_at, expires_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (url) DO UPDATE SET body = excluded.body, etag = excluded.etag, fetched_at = excluded.fetched_at,
    expires_at = excluded.expires_at
"""


class SqlFetchedDocumentStore:
    """The store over either engine."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, url: str) -> KeptDocument | None:
        """Return what was kept of this address, however old it is, or None."""
        for row in await self._database.read(_FIND, url):
            return KeptDocument(row[0], row[1], row[2], from_micros(row[3]), from_micros(row[4]))
        return None

    async def keep(self, document: KeptDocument) -> None:
        """Put the document in the place of what was kept of its address."""

        def operation() -> Operation[None]:
            yield Statement(
                _KEEP,
                (
                    document.url,
                    document.body,
                    document.etag,
                    to_micros(document.fetched_at),
                    to_micros(document.expires_at),
                ),
            )

        await self._database.write(operation)
