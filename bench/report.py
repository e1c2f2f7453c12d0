"""The page of the benchmarks, from the results that the benches left."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from figures import Figure, Section
from goals import GOALS, ratio, told
from plot import plot

PICTURE = "images/benchmarks.svg"
TITLE = "Consentry against its peers"


@dataclass(frozen=True)
class Result:
    """What one bench found, `at` what time (ISO 8601) and on what machine."""

    name: str
    section: Section
    at: str
    machine: tuple[str, ...]


def write(folder: Path, results: Sequence[Result], profiles: Iterable[Path]) -> None:
    """Write the page and its picture into the folder of the docs. All results must be of one machine."""
    drawn = [one for result in results for one in result.section.figures if result.name in _DRAWN and _is_drawn(one)]
    (folder / PICTURE).parent.mkdir(exist_ok=True)
    if drawn:
        (folder / PICTURE).write_text(plot(TITLE, drawn), encoding="utf-8")
    (folder / "benchmarks.md").write_text(page(results, drawn, profiles), encoding="utf-8")


def page(results: Sequence[Result], drawn: Sequence[Figure], profiles: Iterable[Path]) -> str:
    """Return the page's text."""
    by_name = {one.name: one.section.figures for one in results}
    goals = [(goal.work, goal.against, goal.to_reach, *told(goal.figures(by_name))) for goal in GOALS]
    parts = [
        "# Benchmarks",
        _INTRODUCTION,
        "## What was to be reached, and what was",
        _table(("work", "against", "to reach", "reached", ""), goals),
        *([f"![{_alternative(drawn)}]({PICTURE})"] if drawn else []),
        "## The machine",
        "\n".join(f"- {line}." for line in [*results[0].machine, f"Measured {_days(results)}"]) if results else "",
        *(text for one in results for text in _section(one.section)),
        *_profiles(profiles),
        "## Run it again",
        _AGAIN,
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


_DRAWN = ("peers_introspection", "peers_grants")

_INTRODUCTION = """What Consentry costs, and what others cost, side by side. `make bench` measures it anew and writes
this page. Every number is a ratio within one run: both sides take turns, and the ratio is the median of the rounds'
own. Compare ratios, not machines. No authority is remembered from one check to the next in any of these: whatever is
revoked stops at once."""

_AGAIN = """```sh
make bench
```

installs what the benches need, the peers among it, from their registries by locks with hashes, and takes about half an
hour. One of them, or those of one kind, with `bench/.venv/bin/python bench/run_all.py --only peers`; a quick try with
`--quick`, whose figures are kept nowhere. `BENCH_ROUNDS` and `BENCH_SECONDS` set how often and how long. The results
are in [bench/results](../bench/results), from which `--page` writes this page again."""


def _section(section: Section) -> list[str]:
    notes = "\n".join(f"- {note}" for note in section.notes)
    return [f"## {section.title}", table_of(section.figures), notes]


def table_of(figures: Sequence[Figure]) -> str:
    """Return the figures of one bench as a table, without the columns in which nothing stands."""
    rows = [
        (
            one.work,
            one.against,
            _amount(one.ours, one.unit),
            _amount(one.theirs, one.unit),
            ratio(one.ratio),
            one.target,
            "" if one.reached is None else "yes" if one.reached else "no",
            _milliseconds(one.p50),
            _milliseconds(one.p99),
            "" if one.memory is None else f"{one.memory:.0f} MiB",
        )
        for one in figures
    ]
    headings = ("work", "against", "ours", "theirs", "ratio", "to reach", "reached", "our p50", "our p99", "our memory")
    used = [place for place in range(len(headings)) if any(row[place] for row in rows)]
    return _table([headings[place] for place in used], [[row[place] for place in used] for row in rows])


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [headings, ["---"] * len(headings), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _amount(value: float, unit: str) -> str:
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2  # noqa: PLR2004 - three digits are meant
    return f"{value:,.{digits}f} {unit}".strip()


def _milliseconds(value: float | None) -> str:
    return "" if value is None else f"{value:.2f} ms" if value < 10 else f"{value:.0f} ms"  # noqa: PLR2004 - digits


def _is_drawn(figure: Figure) -> bool:
    return "16 connections" not in figure.work


def _alternative(figures: Sequence[Figure]) -> str:
    return (
        f"How many times as many requests a second as each peer, in {len(figures)} bars: from "
        f"{ratio(min(one.ratio for one in figures))} to {ratio(max(one.ratio for one in figures))} times. "
        "The tables below have the same figures."
    )


def _days(results: Sequence[Result]) -> str:
    days = sorted({one.at[:10] for one in results})
    return days[0] if len(days) == 1 else f"from {days[0]} to {days[-1]}"


def _profiles(files: Iterable[Path]) -> list[str]:
    texts = [re.sub(r"^#", "###", file.read_text("utf-8").strip(), flags=re.MULTILINE) for file in files]
    return ["## Where the time goes", *texts] if texts else []
