"""How long things live: the few settings that the token endpoint's deeds need."""

from dataclasses import dataclass
from datetime import timedelta

LONGEST_ACCESS_TOKEN_LIFETIME = timedelta(days=1)
"""No setting allows more. An ended family is kept for longer, because its row tells that its access tokens ended."""


@dataclass(frozen=True, slots=True)
class TokenPolicy:
    """Lifetimes of what the token endpoint issues, and the grace window of a rotation."""

    access_token_lifetime: timedelta = timedelta(hours=1)
    refresh_idle_lifetime: timedelta = timedelta(days=90)
    refresh_absolute_lifetime: timedelta = timedelta(days=365)
    refresh_grace: timedelta = timedelta(seconds=30)
