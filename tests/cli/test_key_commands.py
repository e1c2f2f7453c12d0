"""`consentry key …` and `consentry connection …`."""

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
CREATE = ("key", "create", ORGANISATION, "bo@acme.test", "--name", "Export", "--permission", "project.read", "--json")


@pytest.fixture
def prepared(consentry: Run) -> Run:
    """Run `consentry` where an organisation has one member, an app, and a connection to it."""
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
        "INSERT INTO members (organisation_id, user_id, custom_permissions, standing, created_at) "
        "VALUES (?, ?, 'project.read', 'active', 0)",
        (ORGANISATION, USER),
    )
    connection.execute(
        "INSERT INTO apps (id, client_id, organisation_id, name, type, redirect_uris, required_scopes, "
        "optional_scopes, require_pkce, status, created_by, created_at, updated_at) "
        "VALUES ('app_1', 'app_1', ?, 'Ledgerly', 'public', 'https://a.test', 'projects:read', '', 1, 'active', "
        "NULL, 0, 0)",
        (ORGANISATION,),
    )
    connection.execute(
        "INSERT INTO connections (id, organisation_id, user_id, app_id, scopes, declined_scopes, created_at, "
        "updated_at) VALUES (?, ?, ?, 'app_1', 'projects:read', '', 0, 0)",
        (CONNECTION, ORGANISATION, USER),
    )
    connection.close()
    return consentry


def answer_of(answer: subprocess.CompletedProcess[str]) -> Any:
    assert answer.stderr == ""
    assert answer.returncode == 0
    return json.loads(answer.stdout)


def test_a_key_is_made_listed_and_revoked_and_told_once(prepared: Run) -> None:
    created = answer_of(prepared(*CREATE, "--expires", "90d", "--network", "192.0.2.0/24"))

    assert created["key"].startswith(created["prefix"])
    assert (created["user_email"], created["allowed_networks"]) == ("bo@acme.test", ["192.0.2.0/24"])
    listed = prepared("key", "list", ORGANISATION, "--json")
    assert created["key"][30:] not in listed.stdout
    assert [key["id"] for key in answer_of(listed)] == [created["id"]]
    assert answer_of(prepared("key", "revoke", created["id"], "--json"))["status"] == "revoked"
    assert answer_of(prepared("key", "list", "--json"))[0]["status"] == "revoked"


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ((*CREATE, "--permission", "project.fly"), 1, "There is no permission project.fly"),
        ((*CREATE, "--permission", "api_key.manage"), 1, "is not yours to give"),
        ((*CREATE, "--network", "nowhere"), 1, "is no IP address or block"),
        ((*CREATE, "--expires", "2020-01-01"), 1, "in the past"),
        ((*CREATE, "--expires", "soon"), 2, "date or time"),
        ((*CREATE, "--expires", "9999y"), 2, "100 years"),
        (("key", "create", ORGANISATION, "nobody@acme.test", *CREATE[4:]), 1, "no such user"),
        (("key", "create", "org_none", "bo@acme.test", *CREATE[4:]), 1, "no such organisation"),
        (("key", "revoke", "key_none", "--json"), 1, "no such API key"),
        (("connection", "revoke", "con_none", "--json"), 1, "no such connection"),
    ],
)
def test_in_11_what_cannot_be_done_says_why_and_writes_nothing(
    prepared: Run, arguments: tuple[str, ...], code: int, words: str
) -> None:
    answer = prepared(*arguments)

    assert (answer.returncode, answer.stdout) == (code, "")
    assert words in " ".join(answer.stderr.split())
    assert answer_of(prepared("key", "list", "--json")) == []


def test_connections_are_listed_and_ended(prepared: Run) -> None:
    listed = answer_of(prepared("connection", "list", ORGANISATION, "--app", "app_1", "--json"))

    assert [(one["id"], one["status"]) for one in listed] == [(CONNECTION, "active")]
    ended = answer_of(prepared("connection", "revoke", CONNECTION, "--json"))
    assert (ended["status"], ended["ended_by"]) == ("ended", "operator")
    assert answer_of(prepared("connection", "list", "--json")) == []
    assert [one["id"] for one in answer_of(prepared("connection", "list", "--ended", "--json"))] == [CONNECTION]


def test_people_read_a_table(prepared: Run) -> None:
    shown = prepared("connection", "list")

    assert shown.returncode == 0
    assert "Ledgerly" in shown.stdout
    assert "bo@acme.test" in shown.stdout
