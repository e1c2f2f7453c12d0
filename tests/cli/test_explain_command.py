"""`consentry explain …`."""

import json
import subprocess
from collections.abc import Callable
from typing import Any

import apsw
import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]

ORGANISATION = "org_00000000000000000acme1"
USER = "usr_00000000000000000000b1"
CONNECTION = "con_0000000000000000000001"


@pytest.fixture
def prepared(consentry: Run) -> Run:
    """Run `consentry` where Bo, a member who may read projects only, has connected an app and made a key."""
    assert consentry("init").returncode == 0
    connection = apsw.Connection(json.loads(consentry("migrate", "--json").stdout)["database"])
    connection.execute(
        "INSERT INTO organisations (id, name, standing, created_at) VALUES (?, 'Acme', 'active', 0)", (ORGANISATION,)
    )
    connection.execute(
        "INSERT INTO users (id, email, name, standing, created_at) VALUES (?, 'bo@acme.test', 'Bo', 'active', 0)",
        (USER,),
    )
    connection.execute(
        "INSERT INTO members (organisation_id, user_id, standing, created_at) VALUES (?, ?, 'active', 0)",
        (ORGANISATION, USER),
    )
    connection.execute(
        "INSERT INTO roles (organisation_id, name, permissions, updated_at) VALUES (?, 'looker', 'project.read', 0)",
        (ORGANISATION,),
    )
    connection.execute("INSERT INTO member_roles VALUES (?, ?, 'looker')", (ORGANISATION, USER))
    connection.execute(
        "INSERT INTO apps (id, client_id, organisation_id, name, type, redirect_uris, required_scopes, optional_scopes,"
        " require_pkce, status, created_at, updated_at) VALUES ('app_1', 'app_1', ?, 'Ledgerly', 'public', "
        "'https://a.test', 'projects:write', '', 1, 'active', 0, 0)",
        (ORGANISATION,),
    )
    connection.execute(
        "INSERT INTO connections (id, organisation_id, user_id, app_id, scopes, declined_scopes, created_at, "
        "updated_at) VALUES (?, ?, ?, 'app_1', 'projects:write', '', 0, 0)",
        (CONNECTION, ORGANISATION, USER),
    )
    connection.close()
    return consentry


def make_key(run: Run) -> dict[str, Any]:
    arguments = ("key", "create", ORGANISATION, "bo@acme.test", "--name", "Export", "--permission", "project.read")
    return answer_of(run(*arguments, "--json"))


def answer_of(answer: subprocess.CompletedProcess[str]) -> Any:
    assert answer.stderr == ""
    assert answer.returncode == 0
    return json.loads(answer.stdout)


def test_a_connection_is_explained_permission_by_permission(prepared: Run) -> None:
    told = answer_of(prepared("explain", CONNECTION, "--json"))

    by_name = {one["permission"]: one for one in told["permissions"]}
    assert (told["kind"], told["works"], told["roles"]) == ("connection", True, ["looker"])
    assert by_name["project.read"]["allowed"]
    assert by_name["project.read"]["roles"] == ["looker"]
    assert by_name["project.write"]["reason"] == "user_lacks_permission"
    assert by_name["project.write"]["covered_by"] == ["projects:write"]


def test_a_key_is_read_from_standard_input_and_never_told_back(prepared: Run) -> None:
    key = make_key(prepared)["key"]

    plain = prepared("explain", "-", "project.read", typed=f"{key}\n")
    told = answer_of(prepared("explain", "-", "project.read", "--json", typed=f"{key}\n"))

    assert plain.returncode == 0
    assert key not in plain.stdout + plain.stderr + json.dumps(told)
    assert key[30:70] not in plain.stdout + json.dumps(told)
    assert [one["allowed"] for one in told["permissions"]] == [True]


def test_a_table_can_be_read_without_knowing_json(prepared: Run) -> None:
    told = prepared("explain", CONNECTION)

    assert told.returncode == 0
    assert "Works" in told.stdout
    assert "organisation" in told.stdout
    row = next(line for line in told.stdout.splitlines() if line.startswith("project.write"))
    assert "user_lacks_permission" in row
    assert "projects:write" in row


def test_who_can_lists_members_connections_and_keys(prepared: Run) -> None:
    key = make_key(prepared)

    told = answer_of(prepared("explain", "--who-can", "project.read", "Acme", "--json"))

    assert [one["email"] for one in told["members"]["data"]] == ["bo@acme.test"]
    assert [one["connection"] for one in told["connections"]["data"]] == [CONNECTION]
    assert [one["api_key"] for one in told["api_keys"]["data"]] == [key["id"]]
    plain = prepared("explain", "--who-can", "project.read", "Acme")
    assert "Members: 1" in plain.stdout
    assert "looker" in plain.stdout


@pytest.mark.parametrize(
    "change",
    [
        ("--role", "looker", "--loses", "project.read"),
        ("--member", "bo@acme.test", "--loses-role", "looker"),
        ("--member", "bo@acme.test", "--suspended"),
    ],
)
def test_what_if_lists_what_would_be_lost_and_loses_nothing(prepared: Run, change: tuple[str, ...]) -> None:
    make_key(prepared)

    told = answer_of(prepared("explain", "--what-if", ORGANISATION, *change, "--json"))

    for kind in ("members", "connections", "api_keys"):
        assert [(one["loses"], one["gains"]) for one in told[kind]["data"]] == [(["project.read"], [])]
    assert "project.read" in prepared("explain", "--what-if", ORGANISATION, *change).stdout
    assert answer_of(prepared("explain", CONNECTION, "project.read", "--json"))["permissions"][0]["allowed"]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("con_none",), 1, "no such credential"),
        ((CONNECTION, "project.fly"), 1, "no such permission"),
        (("--who-can", "project.read", "Nowhere"), 1, "no such organisation"),
        (("--what-if", ORGANISATION), 1, "Name one change"),
        (("--what-if", ORGANISATION, "--role", "nobody", "--loses", "project.read"), 1, "no such role"),
        (("--what-if", "--who-can", "project.read", ORGANISATION), 2, "either"),
        ((CONNECTION, "--suspended"), 2, "--what-if"),
        (("--who-can", "project.read", ORGANISATION, "project.read"), 2, "leave them out"),
    ],
)
def test_what_cannot_be_explained_says_why(prepared: Run, arguments: tuple[str, ...], code: int, words: str) -> None:
    answer = prepared("explain", *arguments)

    assert answer.returncode == code
    assert words in " ".join(answer.stderr.replace("│", " ").split())


def test_a_text_that_is_no_credential_is_told_to_be_none(prepared: Run) -> None:
    assert "malformed_credential" in prepared("explain", "hello").stdout
