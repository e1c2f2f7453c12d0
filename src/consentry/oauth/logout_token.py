"""The token that tells an app of the end of a session. OpenID Connect Back-Channel Logout 1.0 §2.4."""

from datetime import datetime, timedelta

TYP = "logout+jwt"
"""The media type that the token's header names, so that it is never taken for an ID token. Back-Channel §2.4."""

LIFETIME = timedelta(minutes=2)
"""How long a token is good: long enough for two clocks that differ, too short to be of use to a thief."""

_EVENT = "http://schemas.openid.net/event/backchannel-logout"


def logout_claims(
    *, issuer: str, subject: str, audience: str, sid: str, token_id: str, now: datetime
) -> dict[str, object]:
    """Return the claims: `sub` and `sid` both, and never a `nonce`, which would make it look like an ID token."""
    issued_at = int(now.timestamp())
    return {
        "iss": issuer,
        "sub": subject,
        "aud": audience,
        "iat": issued_at,
        "exp": issued_at + int(LIFETIME.total_seconds()),
        "jti": token_id,
        "events": {_EVENT: {}},
        "sid": sid,
    }
