"""The page of the benchmarks says what the results say."""

import json
import re
import xml.etree.ElementTree as ET  # our own picture, written a moment before
from pathlib import Path

import figures
import goals
import machine
import plot
import pytest
import report
import run_all

MACHINE = ("2 cores of a processor", "a system")
WORK = "introspection over HTTP, SQLite"
FAST = figures.Figure(
    WORK, "FastAPI, SQLite", 20_000, 1_000, "requests/s", 20.0, "10 times or more", reached=True, p50=3.1
)
SLOW = figures.Figure(WORK, "node-oidc-provider, Redis", 20_000, 8_000, "requests/s", 2.5, "4 times", reached=False)


def a_result(*given: figures.Figure, name: str = "peers_introspection", at: str = "2026-11-24T12:00Z") -> report.Result:
    return report.Result(name, figures.Section("Introspection | peers", list(given), ["A note."]), at, MACHINE)


def test_the_page_begins_with_what_was_to_be_reached_and_says_honestly_whether_it_was(tmp_path: Path) -> None:
    report.write(tmp_path, [a_result(FAST, SLOW)], [])

    page = (tmp_path / "benchmarks.md").read_text("utf-8")
    assert "| introspection | FastAPI + SQLAlchemy | 10 times | 20 | yes |" in page
    assert "| introspection | node-oidc-provider | 4 times | 2.50 | no |" in page
    assert "| code exchange, durable | Authlib | 30 times | not measured |  |" in page
    assert page.index("to be reached") < page.index("Introspection | peers")
    assert "- A note." in page
    assert "- 2 cores of a processor." in page
    assert "2026-11-24" in page


def test_a_column_in_which_nothing_stands_is_left_out() -> None:
    table = report.table_of([FAST, SLOW])

    assert table.splitlines()[0] == "| work | against | ours | theirs | ratio | to reach | reached | our p50 |"
    assert "| 20,000 requests/s | 8,000 requests/s | 2.50 | 4 times | no |  |" in table


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([], ("not measured", "")),
        ([FAST], ("20", "yes")),
        ([SLOW], ("2.50", "no")),
        ([FAST, SLOW], ("2.50 to 20", "not in 1 of 2")),
    ],
)
def test_a_goal_is_told_by_all_of_its_figures(given: list[figures.Figure], expected: tuple[str, str]) -> None:
    assert goals.told(given) == expected


def test_the_picture_says_in_words_what_it_shows(tmp_path: Path) -> None:
    report.write(tmp_path, [a_result(FAST, SLOW)], [])

    picture = (tmp_path / report.PICTURE).read_text("utf-8")
    root = ET.fromstring(picture)  # noqa: S314 - see above
    space = "{http://www.w3.org/2000/svg}"
    assert root.attrib["role"] == "img"
    assert root.find(f"{space}title").text == report.TITLE
    assert "FastAPI, SQLite: 20 times" in root.find(f"{space}desc").text
    assert "prefers-color-scheme: dark" in picture
    assert len(root.findall(f"{space}rect")) == 2
    assert f"]({report.PICTURE})" in (tmp_path / "benchmarks.md").read_text("utf-8")


def test_every_bar_ends_within_the_picture() -> None:
    picture = plot.plot("Title", [FAST, SLOW])

    ends = [
        float(x) + float(width)
        for x, width in re.findall(r'<rect class="[^"]*" x="([\d.]+)" y="\d+" width="([\d.]+)"', picture)
    ]

    assert len(ends) == 2
    assert all(plot.LABELS <= end <= plot.WIDTH for end in ends)


def test_what_is_kept_is_read_again_and_another_machines_results_are_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_all, "RESULTS", tmp_path)
    section = {"title": "Title", "figures": [FAST.__dict__], "notes": []}
    run_all.keep("peers_introspection", section)
    elsewhere = {"at": "2020-01-01T00:00Z", "machine": ["another"], "section": section}
    (tmp_path / "check.json").write_text(json.dumps(elsewhere))

    [kept] = run_all.kept(tmp_path)

    assert kept.name == "peers_introspection"
    assert kept.section.figures == [FAST]


def test_profiles_are_shown_under_a_heading_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "check.md").write_text("# A check\nMost in the read.\n")

    page = report.page([a_result(FAST)], [FAST], [tmp_path / "check.md"])

    assert "## Where the time goes\n\n### A check\nMost in the read." in page


def test_the_machine_is_described_without_its_name() -> None:
    lines = machine.describe()

    assert "Python 3." in lines[-1]
    assert Path("/etc/hostname").read_text().strip() not in " ".join(lines)


def test_every_bench_of_a_goal_is_one_that_is_run() -> None:
    assert {goal.named for goal in goals.GOALS} <= set(run_all.BENCHES)
