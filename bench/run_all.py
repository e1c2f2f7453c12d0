"""Run the benches one after another, keep what they found, and write docs/benchmarks.md.

    python bench/run_all.py                  all of them
    python bench/run_all.py --only peers     those whose name contains a word; the page keeps the others' last results
    python bench/run_all.py --page           none: the page alone, from the results that are there
    python bench/run_all.py --quick          small and short, to see that all is well; nothing is kept or written

Each bench is a script that prints one line of JSON (figures.py).
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE)]

import machine
import report
from figures import Figure, Section

RESULTS = HERE / "results"
PROFILES = HERE / "profiles"
DOCS = HERE.parent / "docs"
# In the order of the page.
BENCHES = {
    "check": "check.py",
    "introspection": "introspection.py",
    "peers_introspection": "peers/peers_introspection.py",
    "peers_grants": "peers/peers_grants.py",
    "exchange_in_process": "exchange_in_process.py",
    "guarded_route": "guarded_route.py",
    "growth": "growth.py",
    "revocation": "revocation.py",
    "start": "start.py",
    "peers_start": "peers/peers_start.py",
}
QUICK = {"BENCH_ROUNDS": "2", "BENCH_SECONDS": "1", "BENCH_TOKENS": "5000"}
QUICK_ARGUMENTS = {"growth": ("--tokens", "200000"), "revocation": ("--revocations", "500")}


def main() -> None:
    given = _arguments()
    failed = [] if given.page else [name for name in _chosen(given.only) if not run(name, quick=given.quick)]
    if not given.quick:
        report.write(DOCS, kept(), sorted(PROFILES.glob("*.md")))
        _say(f"{DOCS / 'benchmarks.md'} is written.")
    if failed:
        raise SystemExit(f"These benches failed, and the page has no new figures of them: {', '.join(failed)}")


def run(name: str, *, quick: bool = False) -> bool:
    """Run one bench and keep its result; tell whether it went well."""
    begun = time.monotonic()
    _say(f"== {name}")
    environ = {**os.environ, **(QUICK if quick else {})}
    command = [sys.executable, str(HERE / BENCHES[name]), *(QUICK_ARGUMENTS.get(name, ()) if quick else ())]
    ran = subprocess.run(command, env=environ, stdout=subprocess.PIPE, text=True, check=False)
    _say(f"== {name}: {time.monotonic() - begun:.0f} s")
    if ran.returncode or not ran.stdout.strip():
        return False
    found = json.loads(ran.stdout.strip().splitlines()[-1])
    if quick:
        _say(report.table_of(section_of(found).figures))
        return True
    keep(name, found)
    return True


def keep(name: str, section: dict[str, object]) -> None:
    """Keep what a bench found, with the time and the machine."""
    RESULTS.mkdir(exist_ok=True)
    at = f"{datetime.now(UTC):%Y-%m-%dT%H:%MZ}"
    text = json.dumps({"at": at, "machine": machine.describe(), "section": section}, indent=1, ensure_ascii=False)
    (RESULTS / f"{name}.json").write_text(f"{text}\n", encoding="utf-8")


def kept(folder: Path = RESULTS) -> list[report.Result]:
    """Return the results of the machine that was used last, in the order of the page.

    Those of another machine, or with other versions of what it has, are left out: they cannot be compared.
    """
    found = [_read(folder, name) for name in BENCHES if (folder / f"{name}.json").exists()]
    last = max(found, key=lambda one: one.at, default=None)
    for one in found:
        if last is not None and one.machine != last.machine:
            _say(f"Left out, because it was measured on another machine or with other versions: {one.name}")
    return [one for one in found if last is not None and one.machine == last.machine]


def section_of(found: dict[str, Any]) -> Section:
    """Return the section that was written as JSON."""
    return Section(found["title"], [Figure(**one) for one in found["figures"]], found["notes"])


def _read(folder: Path, name: str) -> report.Result:
    found = json.loads((folder / f"{name}.json").read_text("utf-8"))
    return report.Result(name, section_of(found["section"]), found["at"], tuple(found["machine"]))


def _chosen(words: Sequence[str]) -> list[str]:
    names = [name for name in BENCHES if not words or any(word in name for word in words)]
    missing = [name for name in names if not (HERE / BENCHES[name]).exists()]
    for name in missing:
        _say(f"There is no bench {BENCHES[name]}.")
    return [name for name in names if name not in missing]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--only", action="append", default=[], metavar="WORD", help="benches whose name has the word")
    parser.add_argument("--page", action="store_true", help="write the page from the results that are there")
    parser.add_argument("--quick", action="store_true", help="small and short; nothing is kept or written")
    return parser.parse_args()


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
