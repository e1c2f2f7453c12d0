"""Code exchange and refresh with rotation over HTTP against the peers, all durable, one worker each, in turns.

    python bench/peers/peers_grants.py [--quick] [NAME ...]

Every exchange redeems a code of its own, prepared beforehand by each side's own code; every refresh sends the newest
token of one of many families, of a public app, for which all of the sides rotate.
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
from stage import Filled, Stage, open_stage

TARGETS = {"node-oidc-provider": 3, "django-oauth-toolkit": 30, "Authlib on Flask": 30}
EXCHANGES = (16, 64)
REFRESHES = 64
# How many codes are prepared for a second of load; a side that uses them up ends its round early.
PREPARED = {"Consentry": 3500, "node-oidc-provider": 3500, "django-oauth-toolkit": 500, "Authlib on Flask": 700}
# More than there are connections, so that a new refresh token always waits.
FAMILIES = 256


def main() -> None:
    asking = asked()
    chosen = [peer for peer in PEERS if peer.grants and asking.wants(peer.title)]
    with open_stage(durable=True) as stage:
        figures = [figure for peer in chosen for figure in measure(stage, peer, asking)]
    what = (
        "Code exchange: an authorization code with PKCE (S256) and the client's secret, each code once. Refresh: the "
        "newest refresh token of a public app, which is rotated. The codes and the first refresh tokens were written "
        "beforehand by each side's own code."
    )
    names = [peer.name for peer in chosen]
    emit(Section("Code exchange and refresh against the peers", figures, notes_of(asking, names, what, durable=True)))


def measure(stage: Stage, peer: Contender, asking: Asked) -> list[Figure]:
    """Measure one peer."""
    ours, theirs = (fill(stage, one, asking) for one in (ours_against(peer), peer))
    figures = []
    with stage.serve(ours) as here, stage.serve(theirs) as there:
        sides = [Side(one, running, most_of(one.contender, asking)) for one, running in ((ours, here), (theirs, there))]
        for work, connections in (*(("exchange", number) for number in EXCHANGES), ("refresh", REFRESHES)):
            match = play(work, *sides, connections=connections, rounds=asking.rounds, seconds=asking.seconds)
            name = "code exchange" if work == "exchange" else "refresh with rotation"
            title = f"{name}, {ours.contender.engine}, {connections} connections"
            figures.append(figure(title, peer.title, match, target=TARGETS[peer.name]))
    return figures


def fill(stage: Stage, contender: Contender, asking: Asked) -> Filled:
    """Return the side with credentials for all of its matches."""
    meetings = sum(ours_against(peer) == contender for peer in PEERS if peer.grants) or 1
    times, most = meetings * (asking.rounds + 1), most_of(contender, asking)
    codes, families = times * len(EXCHANGES) * most["exchange"], times * most["refresh"]
    return stage.fill(contender, tokens=asking.tokens, people=asking.people, codes=codes, families=families)


def most_of(contender: Contender, asking: Asked) -> dict[str, int]:
    """Return how many credentials of each kind a round may take."""
    return {"exchange": int(PREPARED[contender.name] * asking.seconds), "refresh": FAMILIES}


if __name__ == "__main__":
    main()
