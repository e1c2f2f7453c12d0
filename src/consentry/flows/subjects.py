"""What each app knows a user and a session by, in ID tokens, at UserInfo and at introspection alike."""

from dataclasses import dataclass, field

from consentry.model.app import App
from consentry.model.ids import SessionId, UserId
from consentry.model.sector import session_for, subject_for


@dataclass(frozen=True, slots=True)
class Subjects:
    """Names users and sessions to apps. `key` is the 32-byte key of pairwise subjects: with another, all change."""

    key: bytes = field(repr=False)

    def subject(self, app: App, user_id: UserId) -> str:
        """Return the user's `sub` for this app. *Source:* OpenID Connect Core §8."""
        return subject_for(app, user_id, self.key)

    def session(self, app: App, session_id: SessionId) -> str:
        """Return the session's `sid` for this app. *Source:* Back-Channel Logout 1.0 §2.1."""
        return session_for(app, session_id, self.key)
