"""What we set out to reach, and which figures tell whether we did."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from figures import Figure


@dataclass(frozen=True)
class Goal:
    """One row of the page's first table. It is told by the figures of the result `named` whose words match."""

    work: str
    against: str
    to_reach: str
    named: str
    matching_work: str = ""
    matching_against: str = ""

    def figures(self, results: dict[str, list[Figure]]) -> list[Figure]:
        """Return the figures that tell, those with a target first of all."""
        found = [
            one
            for one in results.get(self.named, [])
            if re.search(self.matching_work, one.work, re.IGNORECASE)
            and re.search(self.matching_against, one.against, re.IGNORECASE)
        ]
        return [one for one in found if one.reached is not None] or found


GOALS = (
    Goal("guard check in process, SQLite", "the bare driver", "at most 1.5 of its time", "check", "sqlite"),
    Goal("guard check in process, PostgreSQL, 64 waiting", "one round trip each", "4 times", "check", "postgresql.*64"),
    Goal("introspection, 1 worker, SQLite", "the same without its reads", "at least 0.65", "introspection", "sqlite"),
    Goal(
        "introspection, 1 worker, PostgreSQL",
        "the same without its reads",
        "at least 0.6",
        "introspection",
        "postgresql",
    ),
    Goal("introspection", "FastAPI + SQLAlchemy", "10 times", "peers_introspection", "", "fastapi"),
    Goal("introspection", "node-oidc-provider", "4 times", "peers_introspection", "", "node"),
    Goal("introspection", "django-oauth-toolkit", "40 times", "peers_introspection", "", "django"),
    Goal("introspection", "Authlib", "40 times", "peers_introspection", "", "authlib"),
    Goal("code exchange, durable", "node-oidc-provider", "3 times", "peers_grants", "exchange", "node"),
    Goal("code exchange, durable", "django-oauth-toolkit", "30 times", "peers_grants", "exchange", "django"),
    Goal("code exchange, durable", "Authlib", "30 times", "peers_grants", "exchange", "authlib"),
    Goal("refresh with rotation, durable", "node-oidc-provider", "3 times", "peers_grants", "refresh", "node"),
    Goal("refresh with rotation, durable", "django-oauth-toolkit", "30 times", "peers_grants", "refresh", "django"),
    Goal("refresh with rotation, durable", "Authlib", "30 times", "peers_grants", "refresh", "authlib"),
    Goal("exchange and refresh in process, SQLite", "one commit each", "4 times", "exchange_in_process", "sqlite"),
    Goal(
        "exchange and refresh in process, PostgreSQL", "one commit each", "4 times", "exchange_in_process", "postgresql"
    ),
    Goal("a guarded route that does nothing", "the same route bare", "at least 0.6", "guarded_route"),
    Goal("check, 10 thousand → 10 million tokens", "itself", "at most 1.3", "growth", "check"),
    Goal("calls let in after a revocation, under load", "", "none", "revocation", "accepted"),
    Goal("first answer after start", "the peers", "ahead of all", "peers_start", "first answer"),
    Goal("memory of one worker", "the peers", "ahead of all", "peers_start", "memory"),
)


def told(figures: Iterable[Figure]) -> tuple[str, str]:
    """Return what was reached, as a range of ratios, and whether that is enough."""
    found = list(figures)
    if not found:
        return "not measured", ""
    low, high = min(one.ratio for one in found), max(one.ratio for one in found)
    shown = ratio(low) if ratio(low) == ratio(high) else f"{ratio(low)} to {ratio(high)}"
    missed = sum(one.reached is False for one in found)
    if all(one.reached is None for one in found):
        return shown, ""
    return shown, "yes" if missed == 0 else "no" if missed == len(found) else f"not in {missed} of {len(found)}"


def ratio(value: float) -> str:
    """Return a ratio with as many digits as mean something."""
    return f"{value:.2f}" if value < 3 else f"{value:.1f}" if value < 20 else f"{value:.0f}"  # noqa: PLR2004 - digits
