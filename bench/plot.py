"""The picture of the benchmarks: how many times as much as each peer, on a scale on which every tenfold is as long.

It is written by hand as SVG, in colours that can be read on a light page and on a dark one, and says in words what it
shows.
"""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from figures import Figure
from goals import ratio

WIDTH, LABELS, RIGHT = 860, 270, 70
ROW, HEADING, TOP, BOTTOM = 24, 30, 70, 40
BAR, NUMBER = 14, 44
LEGEND = (
    "How many times as many requests a second. The upright mark is what was to be reached; orange fell short of it."
)
STYLE = """
.text { font: 13px system-ui, sans-serif; fill: #1f2328 }
.small { font-size: 12px; fill: #59636e }
.heading { font-size: 16px; font-weight: 600 }
.bar { fill: #0969da }
.missed { fill: #bc4c00 }
.line { stroke: #8c959f; stroke-width: 1 }
.grid { stroke: #8c959f; stroke-opacity: .35 }
.goal { stroke: #1f2328; stroke-width: 2 }
@media (prefers-color-scheme: dark) {
  .text { fill: #e6edf3 } .small { fill: #9198a1 } .bar { fill: #58a6ff } .missed { fill: #f0883e }
  .goal { stroke: #e6edf3 }
}
"""


@dataclass(frozen=True)
class Scale:
    """From ratios to lengths: equal parts for equal multiples, from `least` to `most`, which are powers of ten."""

    least: int
    most: int

    def at(self, value: float) -> float:
        """Return where a ratio stands, in pixels from the left edge."""
        inside = min(max(math.log10(value), self.least), self.most)
        return LABELS + (WIDTH - LABELS - RIGHT) * (inside - self.least) / (self.most - self.least)


def scale_for(figures: Sequence[Figure]) -> Scale:
    """Return a scale on which all of the figures and 1 have a place."""
    logs = [0.0, *(math.log10(one.ratio) for one in figures), *(math.log10(goal_of(one) or 1) for one in figures)]
    return Scale(math.floor(min(logs)), max(1, math.ceil(max(logs))))


def goal_of(figure: Figure) -> float | None:
    """Return the ratio that was to be reached."""
    found = re.search(r"\d+(\.\d+)?", figure.target)
    return None if found is None else float(found[0])


def plot(title: str, figures: Sequence[Figure]) -> str:
    """Return the picture as SVG."""
    scale = scale_for(figures)
    works = list(dict.fromkeys(one.work for one in figures))
    height = TOP + HEADING * len(works) + ROW * len(figures) + BOTTOM
    words = "; ".join(f"{one.work} against {one.against}: {ratio(one.ratio)} times" for one in figures)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" aria-labelledby="t d">',
        f'<title id="t">{escape(title)}</title>',
        f'<desc id="d">{escape(words)}.</desc>',
        f"<style>{STYLE}</style>",
        f'<text class="text heading" x="16" y="28">{escape(title)}</text>',
        f'<text class="text small" x="16" y="48">{LEGEND}</text>',
        *_grid(scale, height),
        *_groups(scale, [(work, [one for one in figures if one.work == work]) for work in works]),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _grid(scale: Scale, height: int) -> list[str]:
    found = []
    for power in range(scale.least, scale.most + 1):
        x, kind = scale.at(10.0**power), "line" if power == 0 else "grid"
        found.append(f'<line class="{kind}" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP - 8}" y2="{height - BOTTOM + 4}"/>')
        label = f'<text class="text small" text-anchor="middle" x="{x:.1f}" y="{height - BOTTOM + 22}">'
        found.append(f"{label}{10.0**power:g}</text>")
    return found


def _groups(scale: Scale, groups: Sequence[tuple[str, Sequence[Figure]]]) -> Iterator[str]:
    top = TOP
    for work, figures in groups:
        yield f'<text class="text" x="16" y="{top + 20}">{escape(work)}, against</text>'
        top += HEADING
        for one in figures:
            yield from _bar(scale, one, top)
            top += ROW


def _bar(scale: Scale, figure: Figure, top: int) -> Iterator[str]:
    begins, ends = sorted((scale.at(1), scale.at(figure.ratio)))
    middle, goal = top + BAR // 2 + 5, goal_of(figure)
    kind = "bar missed" if figure.reached is False else "bar"
    yield f'<text class="text small" text-anchor="end" x="{LABELS - 10}" y="{middle}">{escape(figure.against)}</text>'
    yield f'<rect class="{kind}" x="{begins:.1f}" y="{top}" width="{max(1, ends - begins):.1f}" height="{BAR}" rx="2"/>'
    beside = ends
    if goal is not None:
        x = scale.at(goal)
        # The number stands clear of the mark.
        beside = x if ends <= x < ends + NUMBER else ends
        yield f'<line class="goal" x1="{x:.1f}" x2="{x:.1f}" y1="{top - 3}" y2="{top + BAR + 3}"/>'
    yield f'<text class="text" x="{beside + 8:.1f}" y="{middle}">{ratio(figure.ratio)}</text>'
