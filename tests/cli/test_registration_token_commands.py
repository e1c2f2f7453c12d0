"""`consentry registration-token …`."""

import json
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def prepared(consentry: Run) -> Run:
    """Run `consentry` over a migrated database."""
    assert consentry("init").returncode == 0
    assert consentry("migrate").returncode == 0
    return consentry


def answer_of(answer: subprocess.CompletedProcess[str]) -> Any:
    assert answer.stderr == ""
    assert answer.returncode == 0
    return json.loads(answer.stdout)


def test_a_token_is_made_listed_and_revoked_and_told_once(prepared: Run) -> None:
    created = answer_of(
        prepared("registration-token", "create", "Assistants", "--uses", "5", "--expires", "2999-01-01", "--json")
    )
    listed = prepared("registration-token", "list", "--json")
    revoked = answer_of(prepared("registration-token", "revoke", created["id"], "--json"))

    assert created["token"].startswith("cst_it_")
    assert created["token"][30:] not in listed.stdout
    assert answer_of(listed)[0]["uses_left"] == 5
    assert revoked == {"id": created["id"], "status": "revoked"}
    assert answer_of(prepared("registration-token", "list", "--json"))[0]["revoked_at"] is not None


def test_a_time_that_has_passed_and_no_uses_are_refused_with_the_reason(prepared: Run) -> None:
    past = prepared("registration-token", "create", "x", "--expires", "2001-01-01")
    none = prepared("registration-token", "create", "x", "--uses", "0")
    unknown = prepared("registration-token", "revoke", "rgt_0")

    assert [one.returncode for one in (past, none, unknown)] == [1, 1, 1]
    assert "passed" in past.stderr
    assert "uses" in none.stderr
    assert [one.stdout for one in (past, none, unknown)] == ["", "", ""]
