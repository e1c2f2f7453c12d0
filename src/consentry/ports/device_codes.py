"""What the device grant needs of its store."""

from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

from consentry.model.credential import AccessToken, TokenFamily
from consentry.model.device_code import DeviceCode
from consentry.model.event import Event
from consentry.model.ids import DeviceCodeId, SessionId, UserId
from consentry.model.session import DeviceSession
from consentry.ports.authorizations import ApprovedConnection


class Claim(NamedTuple):
    """The browser in which a person typed a user code."""

    session_id: SessionId
    user_id: UserId
    authenticated_at: datetime


class DeviceCodeStore(Protocol):
    """Whole operations of the device grant, each atomic and durable when it returns."""

    async def begin(self, code: DeviceCode, user_code_mark: str) -> bool:
        """Keep a device's request. False, and nothing written: another has this user code."""
        ...

    async def find(self, code_id: DeviceCodeId) -> DeviceCode | None:
        """Return the request, whatever became of it, or None."""
        ...

    async def claim(self, user_code_mark: str, claim: Claim, *, now: datetime) -> DeviceCode | None:
        """Give the request of this user code to the browser, and return it.

        None where there is none that is unanswered and in time. Whoever types the code last may answer.
        """
        ...

    async def approve(self, code_id: DeviceCodeId, session_id: SessionId, answer: ApprovedConnection) -> bool:
        """Write the approval with connection, consent and event, in one transaction.

        False, and nothing written, where the request was answered, has expired, or is no longer this browser's.
        Raises ConflictError where nothing is left to approve.
        """
        ...

    async def decline(self, code_id: DeviceCodeId, session_id: SessionId, event: Event) -> bool:
        """Write that the person declined. False as for an approval."""
        ...

    async def poll(
        self, code_id: DeviceCodeId, *, now: datetime, early: timedelta, slower_by: timedelta
    ) -> timedelta | None:
        """Note that the device asked; where it asked too soon, return the interval that it must keep from now on.

        A question that comes up to `early` too soon is in time.
        """
        ...

    async def redeem(
        self, code_id: DeviceCodeId, family: TokenFamily, token: AccessToken, session: DeviceSession | None
    ) -> bool:
        """Store the one family of an approved request, its first access token, and the device's session.

        False: somebody else won, and nothing was stored.
        """
        ...
