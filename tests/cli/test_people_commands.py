"""`consentry org`, `user`, `member`, `role`, `operator` and `resource`: people from the command line."""

import json
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]

PASSWORD = "a long enough password"


@pytest.fixture
def prepared(consentry: Run) -> Run:
    """Run `consentry` in a folder with a configuration and the starter catalog."""
    assert consentry("init").returncode == 0
    return consentry


def answer_of(answer: subprocess.CompletedProcess[str]) -> Any:
    assert answer.stderr == ""
    assert answer.returncode == 0
    return json.loads(answer.stdout)


def test_a_member_is_made_changed_listed_and_removed(prepared: Run) -> None:
    organisation = answer_of(prepared("org", "create", "Acme Books", "--json"))
    user = answer_of(
        prepared(
            "user", "create", "Ana@acme.test", "--name", "Ana", "--password-stdin", "--json", typed=PASSWORD + "\n"
        )
    )
    assert (organisation["id"][:4], user["id"][:4], user["email"]) == ("org_", "usr_", "ana@acme.test")

    role = answer_of(
        prepared("role", "set", "Acme Books", "clerk", "--permission", "audit.read", "--json"),
    )
    member = answer_of(prepared("member", "set", organisation["id"], "ANA@acme.test", "--role", "clerk", "--json"))
    assert (role["own"], role["permissions"]) == (True, ["audit.read"])
    assert (member["id"], member["roles"], member["permissions"]) == (user["id"], ["clerk"], ["audit.read"])

    for command, expected in (
        (("org", "list"), [organisation["id"]]),
        (("user", "list"), [user["id"]]),
        (("member", "list", "Acme Books"), [user["id"]]),
    ):
        assert [one["id"] for one in answer_of(prepared(*command, "--json"))] == expected
    assert "clerk" in [one["name"] for one in answer_of(prepared("role", "list", "Acme Books", "--json"))]

    assert answer_of(prepared("member", "remove", "Acme Books", "ana@acme.test", "--json"))["status"] == "removed"
    assert answer_of(prepared("member", "list", "Acme Books", "--json")) == []


def test_secrets_are_told_once_and_only_here(prepared: Run) -> None:
    operator = answer_of(prepared("operator", "create", "Deployment", "--json"))
    resource = answer_of(
        prepared("resource", "register", "Books API", "--identifier", "https://api.example.com", "--json")
    )

    assert operator["token"].startswith("cst_op_")
    assert (resource["client_id"][:4], resource["client_secret"][:7]) == ("res_", "cst_sk_")
    listed = prepared("operator", "list", "--json").stdout + prepared("resource", "list", "--json").stdout
    assert operator["token"] not in listed
    assert resource["client_secret"] not in listed
    assert answer_of(prepared("operator", "revoke", operator["id"], "--json"))["status"] == "revoked"


def test_an_operator_signs_a_user_out_everywhere(prepared: Run) -> None:
    answer_of(prepared("user", "create", "ana@acme.test", "--json"))

    answer = answer_of(prepared("user", "sign-out", "ANA@acme.test", "--json"))

    assert (answer["email"], answer["sessions_ended"]) == ("ana@acme.test", 0)


def test_what_cannot_be_done_is_said_on_standard_error_and_writes_nothing(prepared: Run) -> None:
    for _ in range(2):
        answer_of(prepared("org", "create", "Twins", "--json"))

    for command, typed, words in (
        (("member", "set", "Nowhere", "ana@acme.test", "--role", "owner"), "", "no such organisation"),
        (("member", "list", "Twins"), "", "2 organisations have this name"),
        (("user", "create", "nobody"), "", "must have one @"),
        (("user", "create", "bo@acme.test", "--password-stdin"), "short\n", "too short"),
        (("user", "suspend", "bo@acme.test"), "", "There is no user"),
        (("resource", "register", "Books API", "--identifier", "api.example.com"), "", "absolute URL"),
        (("operator", "revoke", "opr_nobody"), "", "no such operator"),
    ):
        answer = prepared(*command, "--json", typed=typed)
        assert (answer.returncode, answer.stdout) == (1, ""), command
        assert words in answer.stderr
    assert answer_of(prepared("user", "list", "--json")) == []
