"""How soon a server answers after its start, and what one worker holds, against the peers.

    python bench/peers/peers_start.py [--quick] [NAME ...]

The first answer is that to an introspection, so that all which the work needs has been loaded and opened. Memory is
weighed after a round of load.
"""

import sys
from pathlib import Path
from statistics import median

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from asked import Asked, asked
from contenders import PEERS, Contender, ours_against
from driving import drive
from figures import Figure, Section, emit
from how_each_is_run import notes_of
from processes import Memory, descendants, first_answer, free_port, memory_of
from stage import Filled, Stage, environ_of, open_stage, say

CONNECTIONS = 64


def main() -> None:
    asking = asked()
    chosen = [peer for peer in PEERS if asking.wants(peer.title)]
    with open_stage(durable=False) as stage:
        weighed: dict[str, Memory] = {}
        figures = [figure for peer in chosen for figure in measure(stage, peer, asking, weighed)]
    what = (
        "First answer: from the exec of the server's command to the end of the answer to an introspection. Memory: "
        f"what the worker holds by itself (the pages that it has written) after {asking.seconds:g} s of introspection "
        f"on {CONNECTIONS} connections; gunicorn's master process, which peers need besides, does not count. The ratio "
        "says how many times less Consentry takes."
    )
    notes = notes_of(asking, [peer.name for peer in chosen], what)
    emit(Section("First answer and memory against the peers", figures, notes))


def measure(stage: Stage, peer: Contender, asking: Asked, weighed: dict[str, Memory]) -> list[Figure]:
    """Measure one peer."""
    rows = {"tokens": asking.tokens, "people": asking.people, "codes": 0, "families": 0}
    ours, theirs = (stage.fill(one, **rows) for one in (ours_against(peer), peer))
    for one in (ours, theirs):
        answer(stage, one)
        if one.contender.title not in weighed:
            weighed[one.contender.title] = weigh(stage, one, asking)
    rounds = [(answer(stage, ours), answer(stage, theirs)) for _ in range(asking.rounds)]
    here, there = (median(one[side] for one in rounds) for side in (0, 1))
    ratio = median(second / first for first, second in rounds)
    ours_held, theirs_held = (weighed[one.contender.title].own for one in (ours, theirs))
    engine = ours.contender.engine
    return [
        fewer(f"first answer after start, {engine}", peer.title, here * 1000, there * 1000, "ms", ratio),
        fewer(f"memory of one worker, {engine}", peer.title, ours_held, theirs_held, "MiB", theirs_held / ours_held),
    ]


def answer(stage: Stage, filled: Filled) -> float:
    """Return the seconds to the first answer."""
    command, request = stage.start(filled, free_port())
    return first_answer(command, request, cwd=filled.contender.place, environ=environ_of(filled))


def weigh(stage: Stage, filled: Filled, asking: Asked) -> Memory:
    """Return what the worker holds after a round of load."""
    with stage.serve(filled) as running:
        drive(running.endpoints["introspection"], connections=CONNECTIONS, seconds=asking.seconds, count=asking.tokens)
        process = running.process.process.pid
        # Some serve by themselves, and some have a master beside their worker, which holds less.
        alone = [one for one in (process, *descendants(process)) if not descendants(one)]
        return max((memory_of(one) for one in alone), key=lambda one: one.own)


def fewer(work: str, against: str, ours: float, theirs: float, unit: str, ratio: float) -> Figure:
    """Return a figure of which less is better."""
    say(f"{work} against {against}: {ours:,.0f} / {theirs:,.0f} {unit}, {ratio:.1f} times less")
    return Figure(work, against, ours, theirs, unit, ratio, "ahead", reached=ratio > 1)


if __name__ == "__main__":
    main()
