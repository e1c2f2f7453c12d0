"""What a device asked for, and what became of it. RFC 8628."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from consentry.model.ids import AppId, ClientId, ConnectionId, DeviceCodeId, FamilyId, SessionId, UserId
from consentry.oauth.scope import Scope

FIRST_INTERVAL = timedelta(seconds=5)
"""How long a device waits between two questions, until it is told to slow down. RFC 8628 §3.2."""

SLOWER_BY = timedelta(seconds=5)
"""By how much every `slow_down` lengthens that. RFC 8628 §3.5."""

EARLY = timedelta(milliseconds=500)
"""How much too early a question may arrive: what the network took for the one before need not be what it takes now."""


class DeviceAnswer(StrEnum):
    """What the person answered."""

    APPROVED = "approved"
    DECLINED = "declined"


@dataclass(frozen=True, slots=True)
class DeviceCode:
    """A device's request, kept under the digest of its device code and a mark of its user code.

    `asked_from` is the network address of the device. `session_id`, `user_id` and `authenticated_at` are of the browser
    in which the user code was typed last: it alone may answer. What was approved is in `connection_id` and
    `granted_scope`; `family_id` is the token family that the device got for it, once.
    """

    id: DeviceCodeId
    digest: bytes = field(repr=False)
    app_id: AppId
    client_id: ClientId
    scope: Scope
    resource: str | None
    dpop_jkt: str | None
    asked_from: str
    interval: timedelta
    created_at: datetime
    expires_at: datetime
    answer: DeviceAnswer | None
    user_id: UserId | None
    session_id: SessionId | None
    authenticated_at: datetime | None
    connection_id: ConnectionId | None
    granted_scope: Scope
    family_id: FamilyId | None
    app_name: str

    def is_expired(self, now: datetime) -> bool:
        """Tell whether its time is over, answered or not."""
        return now >= self.expires_at
