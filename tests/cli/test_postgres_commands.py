"""The command line on PostgreSQL: migrated when asked, never by serving, and no password shown."""

import json
from collections.abc import Callable, Iterator
from subprocess import CompletedProcess

import pytest

from postgres_server import PostgresServer

Run = Callable[..., CompletedProcess[str]]


@pytest.fixture
def environ(postgres: PostgresServer) -> Iterator[dict[str, str]]:
    with postgres.new_database("template0") as url:
        yield {
            "CONSENTRY_DATABASE_URL": url.replace("consentry@", "consentry:very-secret-word@"),
            "CONSENTRY_SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyz",
        }


def test_serving_an_empty_database_is_refused_with_the_command_to_run(consentry: Run, environ: dict[str, str]) -> None:
    consentry("init")

    answer = consentry("serve", environ=environ)

    assert answer.returncode == 1
    assert "consentry migrate" in answer.stderr
    assert "very-secret-word" not in answer.stderr + answer.stdout


def test_migrating_makes_it_usable_and_shows_no_password(consentry: Run, environ: dict[str, str]) -> None:
    consentry("init")

    migrated = consentry("migrate", "--json", environ=environ)
    created = consentry("org", "create", "Acme Books", "--json", environ=environ)

    assert json.loads(migrated.stdout)["status"] == "up to date"
    assert json.loads(created.stdout)["name"] == "Acme Books"
    assert "very-secret-word" not in migrated.stdout + migrated.stderr


def test_a_server_that_is_not_there_is_told_of_in_a_sentence(consentry: Run, environ: dict[str, str]) -> None:
    consentry("init")
    gone = {**environ, "CONSENTRY_DATABASE_URL": "postgresql://consentry:very-secret-word@127.0.0.1:9/consentry"}

    for command in ("migrate", "serve"):
        answer = consentry(command, environ=gone)

        assert answer.returncode == 1
        assert "cannot be opened" in answer.stderr
        assert "Traceback" not in answer.stderr
        assert "very-secret-word" not in answer.stderr + answer.stdout
