"""Introspection over HTTP against the peers: every token as likely as another, one worker each, in turns.

python bench/peers/peers_introspection.py [--quick] [NAME ...]
"""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from asked import Asked, asked
from contenders import PEERS, Contender, ours_against
from figures import Figure, Section, emit
from how_each_is_run import notes_of
from matches import Side, figure, play
from processes import memory_of
from stage import Stage, open_stage

CONNECTIONS = 64
TARGETS = {"FastAPI + SQLAlchemy": 10, "node-oidc-provider": 4, "django-oauth-toolkit": 40, "Authlib on Flask": 40}


def main() -> None:
    asking = asked()
    chosen = [peer for peer in PEERS if asking.wants(peer.title)]
    with open_stage(durable=False) as stage:
        figures = [measure(stage, peer, asking) for peer in chosen]
    what = (
        f"`POST` of a form with HTTP Basic about any of {asking.tokens:,} tokens of {asking.people:,} users, on "
        f"{CONNECTIONS} connections. Redis is as it comes."
    )
    emit(Section("Introspection against the peers", figures, notes_of(asking, [peer.name for peer in chosen], what)))


def measure(stage: Stage, peer: Contender, asking: Asked) -> Figure:
    """Measure one peer."""
    rows = {"tokens": asking.tokens, "people": asking.people, "codes": 0, "families": 0}
    ours, theirs = stage.fill(ours_against(peer), **rows), stage.fill(peer, **rows)
    most = {"introspection": asking.tokens}
    with stage.serve(ours) as here, stage.serve(theirs) as there:
        sides = (Side(ours, here, most), Side(theirs, there, most))
        match = play("introspection", *sides, connections=CONNECTIONS, rounds=asking.rounds, seconds=asking.seconds)
        memory = memory_of(here.process.process.pid).own
    work = f"introspection over HTTP, {ours.contender.engine}"
    return figure(work, peer.title, match, target=TARGETS[peer.name], memory=memory)


if __name__ == "__main__":
    main()
