"""`consentry app …`: apps from the command line."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
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
    connection.execute(
        "INSERT INTO organisations (id, name, standing, created_at) VALUES (?, 'Acme', 'active', 0)", (ORGANISATION,)
    )
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


def test_metadata_is_set_by_options_and_by_file_and_edited(prepared: Run, tmp_path: Path) -> None:
    file = tmp_path / "metadata.json"
    file.write_text(json.dumps({"default_max_age": 60, "grant_types": ["authorization_code", "refresh_token"]}))
    options = ("--metadata", str(file), "--grant-type", "authorization_code", "--require-par")

    registered = answer_of(prepared(*REGISTER, *options))
    client_id = registered["client_id"]
    edited = answer_of(prepared("app", "edit", client_id, "--name", "Renamed", "--no-require-par", "--json"))
    shown = prepared("app", "show", client_id).stdout

    assert registered["default_max_age"] == 60
    assert registered["grant_types"] == ["authorization_code"]
    assert registered["require_pushed_authorization_requests"] is True
    assert (edited["name"], edited["require_pushed_authorization_requests"]) == ("Renamed", False)
    assert edited["redirect_uris"] == [CALLBACK]
    assert "Default max age" in shown
    assert "Backchannel logout" not in shown, "a person is not shown what has its default"


def test_a_bad_metadata_file_is_named(prepared: Run, tmp_path: Path) -> None:
    file = tmp_path / "metadata.json"
    for text, words in (("{", "one JSON object"), ("[]", "one JSON object"), ('{"nonsense": 1}', "nonsense")):
        file.write_text(text)
        answer = prepared(*REGISTER, "--metadata", str(file))
        assert answer.returncode == 1
        assert words in answer.stderr
    assert prepared(*REGISTER, "--metadata", str(tmp_path / "missing")).returncode == 1


def test_a_client_id_and_a_secret_can_be_brought_along(prepared: Run) -> None:
    secret = "FOQo8WuEBmu04KSzitE6zPodY61zfv557NnKzc1JNtjD5hUz"
    fixed = ("--client-id", "suite-1", "--client-secret-stdin")

    registered = answer_of(prepared(*REGISTER, *fixed, typed=f"{secret}\n"))
    again = prepared(*REGISTER, *fixed, typed=f"{secret}\n")
    weak = prepared(*REGISTER, "--client-id", "suite-2", "--client-secret-stdin", typed="secret\n")

    assert registered["client_id"] == "suite-1"
    assert registered["client_secret"] is None, "it is not said again"
    assert again.returncode == 1
    assert "Another app has this client ID" in again.stderr
    assert weak.returncode == 1
    assert "random secret" in weak.stderr


def test_an_app_is_let_act_for_its_organisation_and_stopped(prepared: Run) -> None:
    client_id = answer_of(prepared(*REGISTER))["client_id"]

    allowed = answer_of(prepared("app", "allow-acting", client_id, "--json"))
    stopped = answer_of(prepared("app", "stop-acting", client_id, "--json"))

    assert allowed["organisation"] == ORGANISATION
    assert allowed["scopes"] == ["projects:read", "projects:write"]
    assert stopped == {"client_id": client_id, "acts_for_organisation": False}
