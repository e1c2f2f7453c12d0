"""Removing what has expired, in batches so small that nobody waits for one."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class Leftover(StrEnum):
    """The kinds of row that expire, and deleted apps, of which connections may be left to end."""

    ACCESS_TOKEN = "access_token"  # noqa: S105 - the name of a kind
    AUTHORIZATION_CODE = "authorization_code"
    DEVICE_CODE = "device_code"
    PENDING_AUTHORIZATION = "pending_authorization"
    PUSHED_REQUEST = "pushed_request"
    SESSION = "session"
    SESSION_APP = "session_app"
    LOGOUT_DELIVERY = "logout_delivery"
    TOKEN_FAMILY = "token_family"  # noqa: S105 - the name of a kind
    THROTTLE = "throttle"
    USED_PROOF = "used_proof"
    FETCHED_DOCUMENT = "fetched_document"
    UNUSED_APP = "unused_app"
    DELETED_APP = "deleted_app"


@dataclass(frozen=True, slots=True)
class Batch:
    """A stretch of rows in the order of their key: up to and including `last`. `expired` of them may go."""

    last: str
    expired: int


class HousekeepingStore(Protocol):
    """Walks a kind of row in the order of its key, a batch at a time."""

    async def look(
        self, kind: Leftover, *, after: str, before: str, expired_before: datetime, limit: int
    ) -> Batch | None:
        """Return the next up to `limit` rows with keys between `after` and `before` (both exclusive), or None.

        A pure read, which holds nobody up.
        """
        ...

    async def remove(self, kind: Leftover, *, after: str, last: str, expired_before: datetime) -> None:
        """Remove those of the batch that expired before `expired_before`.

        Apps deleted since then are not removed: what is left of their connections is ended.
        """
        ...
