"""The load and the rows of the comparison with peers are right. It needs no peer: Consentry is both sides."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import contenders
import driving
import goals
import matches
import pytest
import stage

PEERS = Path(contenders.__file__).parent

MOST = {"introspection": 200, "exchange": 200, "refresh": 40}


@pytest.fixture(scope="module")
def side() -> Iterator[matches.Side]:
    """Consentry on SQLite, filled and serving."""
    with stage.open_stage(durable=False) as ours:
        filled = ours.fill(contenders.OURS["SQLite"], tokens=200, people=100, codes=1000, families=120)
        with ours.serve(filled) as running:
            yield matches.Side(filled, running, MOST)


@pytest.mark.parametrize("work", ["introspection", "exchange", "refresh"])
def test_a_round_of_a_kind_of_work_is_answered_rightly(side: matches.Side, work: str) -> None:
    match = matches.play(work, side, side, connections=2, rounds=1, seconds=1)

    figure = matches.figure(work, "itself", match, target=1)

    assert figure.ours > 0
    assert figure.ratio == match.ours[0].requests_per_second / match.theirs[0].requests_per_second
    assert 0 < figure.p50 <= figure.p99


@pytest.mark.parametrize("work", ["introspection", "exchange", "refresh"])
def test_a_wrong_answer_ends_the_run(side: matches.Side, work: str, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_text("cst_at_wrong\n" * 100)
    asked = side.running.endpoints[work]
    endpoint = driving.Endpoint(asked.url, asked.authorization, asked.body, wrong, asked.mode)

    with pytest.raises(driving.WrongAnswerError, match="wrong answers"):
        driving.drive(endpoint, connections=2, seconds=1, count=100)


def test_a_code_is_sent_once(side: matches.Side) -> None:
    side.round("exchange", 2, 1)

    with pytest.raises(driving.WrongAnswerError, match="invalid_grant"):
        driving.drive(side.running.endpoints["exchange"], connections=2, seconds=1, count=100)


@pytest.mark.parametrize("peer", contenders.PEERS, ids=lambda peer: peer.title)
def test_every_peer_has_the_files_that_start_it(peer: contenders.Contender, tmp_path: Path) -> None:
    fill = peer.filling(tmp_path, "database", tokens=1)
    serve = peer.serving(tmp_path, "database", 8000)

    assert Path(fill[1]).is_file()
    assert json.loads(fill[-1])["tokens"] == 1
    assert "8000" in " ".join(serve)
    assert "{" not in " ".join(serve)
    assert any((peer.place / name).is_file() for name in ("serving.py", "server.mjs"))


def test_every_peer_has_a_goal() -> None:
    named = {goal.matching_against for goal in goals.GOALS if goal.named == "peers_introspection"}

    assert all(any(name in peer.name.lower() for name in named) for peer in contenders.PEERS)


def test_the_locks_name_no_registry() -> None:
    locks = [PEERS / "requirements.lock", PEERS / "node_oidc_provider" / "package-lock.json"]

    assert [lock.name for lock in locks if "resolved" in lock.read_text() or "--index" in lock.read_text()] == []


@pytest.mark.parametrize("script", ["peers_introspection", "peers_grants", "peers_start"])
def test_a_script_measures_nobody_who_was_not_asked_for(script: str) -> None:
    command = [sys.executable, str(PEERS / f"{script}.py"), "--quick", "nobody"]

    ran = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)

    [line] = ran.stdout.splitlines()
    assert json.loads(line)["figures"] == []
