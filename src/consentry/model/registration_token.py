"""Initial access tokens: who holds one may register apps by program. RFC 7591 §1.2 and §3."""

from dataclasses import dataclass
from datetime import datetime
from typing import NewType

RegistrationTokenId = NewType("RegistrationTokenId", str)

REGISTRATION_TOKEN = "rgt_"  # noqa: S105 - the prefix of an identifier, not a secret


@dataclass(frozen=True, slots=True)
class RegistrationToken:
    """One initial access token; only its digest is kept.

    `expires_at` None is for good, `uses_left` None for any number of apps.
    """

    id: RegistrationTokenId
    name: str
    digest: bytes
    created_at: datetime
    expires_at: datetime | None
    uses_left: int | None
    revoked_at: datetime | None

    def is_live(self, now: datetime) -> bool:
        """Tell whether one more app can be registered with it."""
        return (
            self.revoked_at is None
            and (self.expires_at is None or now < self.expires_at)
            and (self.uses_left is None or self.uses_left > 0)
        )
