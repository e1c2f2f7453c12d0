"""What the authorization endpoint needs of its store: pending requests, and the user's answer to them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from consentry.model.connection import Connection, PendingAuthorization
from consentry.model.credential import AuthorizationCode
from consentry.model.event import Event
from consentry.model.ids import AppId, ConnectionId, OrganisationId, PushedRequestId, RequestId, SessionId, UserId
from consentry.oauth.scope import Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovedConnection:
    """A user's approval, as it is written: the connection takes `approved` in place of what was `answered`.

    `asked` is the whole request. `new_connection_id` is used where the user has no live connection to the app in this
    organisation yet.
    """

    user_id: UserId
    organisation_id: OrganisationId
    app_id: AppId
    new_connection_id: ConnectionId
    consent_id: str
    asked: Scope
    answered: Scope
    approved: Scope
    page_version: str
    event: Event
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovedAnswer(ApprovedConnection):
    """An approval that an authorization request waits for.

    The code's own `connection_id` is not read: the operation fills in the connection that it wrote, and narrows the
    code's scope to what of `asked` that connection then approves. `pushed` is used up by the answer.
    """

    request_id: RequestId
    session_id: SessionId
    code: AuthorizationCode
    pushed: PushedRequestId | None = None


class AuthorizationStore(Protocol):
    """Whole operations of the authorization endpoint, each atomic and durable when it returns."""

    async def find_live_connection(
        self, user_id: UserId, organisation_id: OrganisationId, app_id: AppId
    ) -> Connection | None:
        """Return the user's live connection to the app in the organisation, or None."""
        ...

    async def open_pending(self, pending: PendingAuthorization) -> None:
        """Keep a validated request until the user answers."""
        ...

    async def find_pending(self, request_id: RequestId) -> PendingAuthorization | None:
        """Return the request, answered or not, or None."""
        ...

    async def approve(self, answer: ApprovedAnswer) -> bool:
        """Mark the request answered, write connection, consent, code and event, in one transaction.

        False, and nothing written, when the request was answered already, has expired or is another session's.
        Raises ConflictError, and nothing is written, where the connection was ended and nothing asked is approved anew,
        and where the app is no longer active.
        """
        ...

    async def issue_remembered(self, code: AuthorizationCode, *, pushed: PushedRequestId | None = None) -> bool:
        """Store a code under a connection that lives, to an active app, for what of its scope both still let through.

        False: nothing is left of it now, and nothing was stored.
        """
        ...

    async def decline(
        self, request_id: RequestId, session_id: SessionId, event: Event, *, pushed: PushedRequestId | None = None
    ) -> bool:
        """Mark the request answered and write the event. False: it was answered already or is not this session's."""
        ...
