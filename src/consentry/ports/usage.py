"""When credentials were used: written together, from time to time, never on the way of a request."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class UsedKind(StrEnum):
    """What was used."""

    CONNECTION = "connection"
    API_KEY = "api_key"
    SECRET = "secret"  # noqa: S105 - the name of a kind


@dataclass(frozen=True, slots=True)
class Use:
    """The uses of one credential since the last write. `address` is that of the latest, where it is known."""

    kind: UsedKind
    id: str
    first_at: datetime
    last_at: datetime
    address: str | None


class UsageStore(Protocol):
    """Keeps first and last use."""

    async def write(self, uses: Sequence[Use]) -> None:
        """Write all of `uses`, which name each credential once; a later use that is already written stays."""
        ...
