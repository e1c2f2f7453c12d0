"""Keeping documents that were fetched from addresses of others: key sets of clients, metadata of clients."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class KeptDocument:
    """A document as it was fetched. From `expires_at` on it must be fetched again; `etag` may spare its body then."""

    url: str
    body: str
    etag: str | None
    fetched_at: datetime
    expires_at: datetime


class FetchedDocumentStore(Protocol):
    """Keeps the latest good answer of each address, for every process alike."""

    async def find(self, url: str) -> KeptDocument | None:
        """Return what was kept of this address, however old it is, or None."""
        ...

    async def keep(self, document: KeptDocument) -> None:
        """Put the document in the place of what was kept of its address."""
        ...
