"""A revocation that has returned holds in every process, however many calls are under way (S3)."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import revocation
from revocation_board import ACCEPTED, REFUSED, RIGHT, WRONG, Board, settle

REVOCATIONS = 300


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'consentry.sqlite3'}"
        return
    with request.getfixturevalue("postgres").new_database("template0") as url:
        yield url


def test_s3_no_call_that_begins_after_a_revocation_returned_is_accepted_by_any_process(
    empty_url: str, tmp_path: Path
) -> None:
    run = revocation.revoke_under_load(empty_url, REVOCATIONS, tmp_path)

    assert run.accepted_after == 0
    assert run.broken == 0
    # The calls did come close: every process accepted before, and refused after.
    assert run.accepted > 0
    assert all(refused > 0 for refused in run.by_caller)


@pytest.mark.parametrize(
    ("accepted", "began_after", "counted"),
    [
        (True, True, {ACCEPTED: 1, REFUSED: 0, WRONG: 1, RIGHT: 0}),
        (True, False, {ACCEPTED: 1, REFUSED: 0, WRONG: 0, RIGHT: 0}),
        (False, True, {ACCEPTED: 0, REFUSED: 1, WRONG: 0, RIGHT: 1}),
        (False, False, {ACCEPTED: 0, REFUSED: 1, WRONG: 0, RIGHT: 0}),
    ],
)
def test_a_call_that_was_wrongly_accepted_would_be_noticed(
    tmp_path: Path, *, accepted: bool, began_after: bool, counted: dict[int, int]
) -> None:
    board, seen_by_another = Board.open(tmp_path / "board", connections=3), Board.open(tmp_path / "board")
    early = time.monotonic_ns()
    board.returned(1)
    late = board.revoked_at(1) + 1

    settle(seen_by_another, 2, 1, late if began_after else early, accepted=accepted)

    assert {what: board.counted(what) for what in counted} == counted


def test_a_call_with_a_token_that_is_not_revoked_is_never_wrong(tmp_path: Path) -> None:
    board = Board.open(tmp_path / "board", connections=3)
    board.returned(0)

    settle(board, 0, 1, time.monotonic_ns(), accepted=True)

    assert board.counted(WRONG) == 0
