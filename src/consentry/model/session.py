"""Sessions: a person signed in, in one browser. The credential in the cookie is stored as its digest only."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from consentry.model.credential import SignInFacts
from consentry.model.ids import AppId, SessionId, UserId
from consentry.model.organisation import Standing, User

SEEN_AGAIN_AFTER = timedelta(minutes=5)
"""How long a session may be used before the store hears of it: a page view must not cost a write."""


@dataclass(frozen=True, slots=True)
class Session:
    """A session's row. `expires_at` moves on while the session is used."""

    id: SessionId
    digest: bytes
    user_id: UserId
    authenticated_at: datetime
    seen_at: datetime
    expires_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class DeviceSession:
    """The session of a device, which no browser holds. `told_app` is the app, where it wants to be told of the end."""

    session: Session
    told_app: AppId | None

    @property
    def facts(self) -> SignInFacts:
        """What ID tokens tell of it: when the person who connected it had signed in."""
        return SignInFacts(self.session.id, self.session.authenticated_at)


@dataclass(frozen=True, slots=True)
class LiveSession:
    """A session with its user, as both stand now."""

    session: Session
    user: User

    def is_good(self, now: datetime) -> bool:
        """Tell whether the session lives and its user may act."""
        session = self.session
        return session.ended_at is None and now < session.expires_at and self.user.standing is Standing.ACTIVE
