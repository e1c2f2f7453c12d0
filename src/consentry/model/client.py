"""An app as it stands at the token endpoint, and what its own page tells of it."""

from dataclasses import dataclass
from datetime import datetime

from consentry.model.app import App, AppSecret
from consentry.oauth.errors import ErrorCode, OAuthError
from consentry.oauth.redirect_uri import MismatchPart


@dataclass(frozen=True, slots=True)
class Client:
    """An app with the secrets that nobody has retired; whether one has expired, `AppSecret.is_live` tells.

    A public app has none. In the RFCs' words this is the client (RFC 6749 §2).
    """

    app: App
    secrets: tuple[AppSecret, ...]

    def require_grant(self, grant_type: str) -> None:
        """Return if the app is registered for the grant; raises OAuthError(UNAUTHORIZED_CLIENT). RFC 6749 §5.2."""
        if grant_type not in self.app.metadata.grant_types:
            raise OAuthError(ErrorCode.UNAUTHORIZED_CLIENT, "The app is not registered for this grant.")

    def live_secrets(self, now: datetime) -> tuple[AppSecret, ...]:
        """Return the secrets that authenticate the app at `now`."""
        return tuple([secret for secret in self.secrets if secret.is_live(now)])


@dataclass(frozen=True, slots=True)
class RedirectRefusal:
    """An address that was sent for an app and refused, as its owner sees it: beside the closest registered one.

    `times` counts how often it was sent; `closest` is None where the app had no address at the time.
    """

    redirect_uri: str
    part: MismatchPart
    closest: str | None
    times: int
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True)
class AppDetails:
    """An app, its secrets (oldest first), and what has been done with it.

    `created_by_name` is None where an operator registered the app. Of its live connections the newest thousand are
    looked at: `live_connections` counts those, `has_more_connections` tells of others, and `last_used_at` is the last
    use of those that were looked at.
    """

    app: App
    secrets: tuple[AppSecret, ...]
    created_by_name: str | None
    live_connections: int
    has_more_connections: bool
    last_used_at: datetime | None
    refusals: tuple[RedirectRefusal, ...]
