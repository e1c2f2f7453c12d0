"""Ours and a peer in turns on the same work, and what comes of it as a figure of the report."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from driving import Load, drive, settle
from figures import Figure
from stage import Filled, Running, say

# What warms a side up, in seconds and in credentials; a part of a round's in both.
WARM_UP, WARM_UP_PART = 1.0, 0.5


@dataclass(frozen=True)
class Side:
    """A side that serves. `most` is how many credentials one round may take of each kind."""

    filled: Filled
    running: Running
    most: dict[str, int]

    def round(self, work: str, connections: int, seconds: float, *, part: float = 1) -> Load:
        """Put load on the side once, with `part` of a round's credentials; those that are used up are not used again.

        Raises WrongAnswerError.
        """
        settle(self.running.endpoints["introspection"])
        endpoint, count = self.running.endpoints[work], int(self.most[work] * part)
        if endpoint.mode == "random":
            return drive(endpoint, connections=connections, seconds=seconds, count=count)
        first = self.filled.used.get(work, 0) + 1
        self.filled.used[work] = first + count - 1
        return drive(endpoint, connections=connections, seconds=seconds, first=first, count=count)


@dataclass(frozen=True)
class Match:
    """What both sides did, round by round."""

    ours: Sequence[Load]
    theirs: Sequence[Load]

    @property
    def ratio(self) -> float:
        """The median of the rounds' own ratios of requests per second."""
        pairs = zip(self.ours, self.theirs, strict=True)
        return median(one.requests_per_second / other.requests_per_second for one, other in pairs)


def play(work: str, ours: Side, theirs: Side, *, connections: int, rounds: int, seconds: float) -> Match:
    """Measure both in turns, after one turn each that does not count."""
    for side in (ours, theirs):
        side.round(work, connections, WARM_UP, part=WARM_UP_PART)
    pairs = [tuple(side.round(work, connections, seconds) for side in (ours, theirs)) for _ in range(rounds)]
    return Match([one for one, _ in pairs], [other for _, other in pairs])


def figure(work: str, against: str, match: Match, *, target: float, memory: float | None = None) -> Figure:
    """Return the figure of a match that is to reach `target` times the peer's requests."""
    found = Figure(
        work=work,
        against=against,
        ours=_median(match.ours, "requests_per_second"),
        theirs=_median(match.theirs, "requests_per_second"),
        unit="requests/s",
        ratio=match.ratio,
        target=f"{target:g} times or more",
        reached=match.ratio >= target,
        p50=_median(match.ours, "p50"),
        p99=_median(match.ours, "p99"),
        memory=memory,
    )
    theirs = f"theirs p50 {_median(match.theirs, 'p50'):.1f} p99 {_median(match.theirs, 'p99'):.1f} ms"
    say(f"{work} against {against}: {found.ours:,.0f} / {found.theirs:,.0f} = {found.ratio:.1f} ({theirs})")
    return found


def _median(rounds: Sequence[Load], name: str) -> float:
    return median(getattr(one, name) for one in rounds)
