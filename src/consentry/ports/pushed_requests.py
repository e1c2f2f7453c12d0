"""The store of authorization requests that clients pushed."""

from typing import Protocol

from consentry.model.ids import PushedRequestId
from consentry.model.pushed_request import PushedRequest


class PushedRequestStore(Protocol):
    """Keeps pushed requests. One is marked as used in the transaction that answers it (`AuthorizationStore`)."""

    async def push(self, request: PushedRequest) -> None:
        """Keep a validated request."""
        ...

    async def find(self, request_id: PushedRequestId) -> PushedRequest | None:
        """Return the request, used or not, expired or not, or None."""
        ...
