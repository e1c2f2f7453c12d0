"""`consentry app …`: apps from the command line."""

import json
import subprocess
from collections.abc import Callable
from typing import Any

import apsw
import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]

ORGANISATION = "org_00000000000000000acme1"
CALLBACK = "https://client.test/cb"
REGISTER = (
    *("app", "register", ORGANISATION, "--name", "Ledgerly", "--type", "confidential", "--json"),
    *("--redirect-uri", CALLBACK, "--scope", "projects:read", "--optional-scope", "projects:write"),
)


@pytest.fixture
def prepared(consentry: Run) -> Run:
    """Run `consentry` in a folder with a configuration, a catalog, and one organisation in the database."""
    assert consentry("init").returncode == 0
    answer = consentry("migrate", "--json")
    connection = apsw.Connection(json.loads(answer.stdout)["database"])
    connection.execute("INSERT INTO organisations VALUES (?, 'Acme', 'active', 0)", (ORGANISATION,))
    connection.close()
    return consentry


def answer_of(answer: subprocess.CompletedProcess[str]) -> Any:
    assert answer.stderr == ""
    assert answer.returncode == 0
    return json.loads(answer.stdout)


def test_a_confidential_app_is_registered_and_its_secret_is_told_once(prepared: Run) -> None:
    registered = answer_of(prepared(*REGISTER))

    assert registered["client_id"] == registered["id"]
    assert registered["client_secret"].startswith("cst_sk_")
    assert (registered["scopes"], registered["optional_scopes"]) == (["projects:read"], ["projects:write"])
    assert registered["require_pkce"] is True
    listed = answer_of(prepared("app", "list", ORGANISATION, "--json"))
    assert [app["client_id"] for app in listed] == [registered["client_id"]]
    shown = prepared("app", "show", registered["client_id"], "--json").stdout
    assert "client_secret" not in shown
    assert registered["client_secret"] not in shown
    assert len(json.loads(shown)["secrets"]) == 1


def test_an_app_is_deactivated_reactivated_and_deleted(prepared: Run) -> None:
    client_id = answer_of(prepared(*REGISTER))["client_id"]

    assert answer_of(prepared("app", "deactivate", client_id, "--json"))["status"] == "deactivated"
    assert prepared("app", "deactivate", client_id).returncode == 1
    assert answer_of(prepared("app", "reactivate", client_id, "--json"))["status"] == "active"
    assert answer_of(prepared("app", "delete", client_id, "--json"))["status"] == "deleted"

    gone = prepared("app", "show", client_id, "--json")
    assert (gone.returncode, gone.stdout) == (1, "")
    assert "no such app" in gone.stderr
    assert answer_of(prepared("app", "list", "--json")) == []


def test_a_secret_is_added_and_the_old_one_retired(prepared: Run) -> None:
    client_id = answer_of(prepared(*REGISTER))["client_id"]
    (first,) = answer_of(prepared("app", "show", client_id, "--json"))["secrets"]

    added = answer_of(prepared("app", "secret", "add", client_id, "--json"))
    assert added["client_secret"].startswith("cst_sk_")
    assert prepared("app", "secret", "add", client_id).returncode == 1
    later = answer_of(prepared("app", "secret", "retire", client_id, first["id"], "--expires", "2099-01-01", "--json"))
    assert (later["status"], later["expires_at"]) == ("expires", "2099-01-01T00:00:00Z")
    assert answer_of(prepared("app", "secret", "retire", client_id, first["id"], "--json"))["status"] == "retired"

    left = answer_of(prepared("app", "show", client_id, "--json"))["secrets"]
    assert [secret["id"] for secret in left] == [added["id"]]


def test_a_public_app_has_no_secret(prepared: Run) -> None:
    registered = answer_of(prepared(*("public" if word == "confidential" else word for word in REGISTER)))

    assert registered["client_secret"] is None
    assert prepared("app", "secret", "add", registered["client_id"]).returncode == 1


def test_everything_wrong_is_told_line_by_line_and_nothing_is_written(prepared: Run) -> None:
    answer = prepared(
        *("app", "register", ORGANISATION, "--name", "P\u0430ypal", "--type", "public", "--scope", "none:read"),
        *("--redirect-uri", CALLBACK, "--redirect-uri", "http://client.test/cb", "--json"),
    )

    assert (answer.returncode, answer.stdout) == (1, "")
    assert "name: The name mixes letters" in answer.stderr
    assert "redirect uris 2: Plain http://" in answer.stderr
    assert "scopes: The catalog has no scope none:read." in answer.stderr
    assert answer_of(prepared("app", "list", "--json")) == []


@pytest.mark.parametrize(
    "arguments",
    [
        ("app", "register", ORGANISATION, "--name", "X", "--type", "trusted", "--redirect-uri", CALLBACK),
        ("app", "register", ORGANISATION, "--type", "public", "--redirect-uri", CALLBACK),
        ("app", "secret", "retire", "app_1", "sec_1", "--expires", "soon"),
        ("app", "show"),
    ],
)
def test_wrong_usage_ends_with_two(prepared: Run, arguments: tuple[str, ...]) -> None:
    assert prepared(*arguments).returncode == 2


def test_an_organisation_that_is_not_there_is_named_as_the_fault(prepared: Run) -> None:
    answer = prepared(*("org_nowhere" if word == ORGANISATION else word for word in REGISTER))

    assert answer.returncode == 1
    assert "no such organisation" in answer.stderr
