"""What an organisation's policy stops: apps that nobody registered, where the organisation refuses such apps.

Nothing is ended by it. The guard refuses what was given before, and no new token is given; both end with the policy.
"""

from consentry.model.app import AppStanding
from consentry.model.check import ORG_POLICY
from consentry.oauth.errors import ErrorCode, OAuthError


def require_not_refused(app_standing: str) -> None:
    """Return unless `app_standing` is that of an app that the organisation refuses. Raises OAuthError(ACCESS_DENIED).

    Not INVALID_GRANT, at which a client throws its refresh token away: it is good again as soon as the organisation
    allows such apps. RFC 8628 §3.5 has this code at the token endpoint already, for a person who declined.
    """
    if app_standing == AppStanding.REFUSED:
        raise OAuthError(ErrorCode.ACCESS_DENIED, ORG_POLICY.sentence)
