"""How long and how much a run against the peers measures: from the environment, and smaller with `--quick`.

BENCH_ROUNDS    rounds of each pair, at least 5 for the report
BENCH_SECONDS   seconds of load on each side in each round
BENCH_TOKENS    access tokens in every database
"""

import os
import sys
from dataclasses import dataclass


@dataclass(frozen=True)
class Asked:
    """What is measured. `people` have ten tokens each; `peers` are those whose names contain one of these words."""

    rounds: int
    seconds: float
    tokens: int
    peers: tuple[str, ...] = ()

    @property
    def people(self) -> int:
        """How many users there are in every database."""
        return max(100, self.tokens // 10)

    def wants(self, peer: str) -> bool:
        """Tell whether this peer is to be measured."""
        return not self.peers or any(word in peer.lower() for word in self.peers)


def asked() -> Asked:
    """Read the environment and the command line: `[--quick] [NAME ...]`."""
    quick = "--quick" in sys.argv
    names = tuple(word.lower() for word in sys.argv[1:] if not word.startswith("-"))
    return Asked(
        int(os.environ.get("BENCH_ROUNDS", "2" if quick else "5")),
        float(os.environ.get("BENCH_SECONDS", "1" if quick else "2")),
        int(os.environ.get("BENCH_TOKENS", "5000" if quick else "100000")),
        names,
    )
