"""What a benchmark hands to the report: figures, each of them a ratio that was measured in one run."""

import json
import sys
from dataclasses import asdict, dataclass, field


@dataclass(frozen=True)
class Figure:
    """One comparison. `ours` and `theirs` are medians in `unit`; `ratio` is the median of the rounds' own ratios.

    `target` is the ratio that we set out to reach, in words; `reached` is None where there was none. `p50` and `p99`
    are ours, in milliseconds; `memory` is ours in MiB.
    """

    work: str
    against: str
    ours: float
    theirs: float
    unit: str
    ratio: float
    target: str = ""
    reached: bool | None = None
    p50: float | None = None
    p99: float | None = None
    memory: float | None = None


@dataclass(frozen=True)
class Section:
    """What one benchmark found. `notes` say how it was done, so that the other side would call it fair."""

    title: str
    figures: list[Figure]
    notes: list[str] = field(default_factory=list)


def emit(section: Section) -> None:
    """Print the section as one line of JSON, and nothing else, on standard output, where bench/run_all.py reads it."""
    json.dump(asdict(section), sys.stdout)
    sys.stdout.write("\n")
