"""How long things live: the few settings that the token endpoint's deeds need."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class TokenPolicy:
    """Lifetimes of what the token endpoint issues, and the grace window of a rotation."""

    access_token_lifetime: timedelta = timedelta(hours=1)
    refresh_idle_lifetime: timedelta = timedelta(days=90)
    refresh_absolute_lifetime: timedelta = timedelta(days=365)
    refresh_grace: timedelta = timedelta(seconds=30)
