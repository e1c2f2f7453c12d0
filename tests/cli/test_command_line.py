"""The frame of every command: exit codes, where output goes, one JSON value, no tracebacks."""

import json
import socket
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest
import typer
from typer.core import TyperCommand, TyperGroup

import consentry.cli
from consentry.cli.output import CommandError
from consentry.model.catalog import parse_catalog
from consentry.settings import load_settings

Run = Callable[..., subprocess.CompletedProcess[str]]


def test_init_writes_a_configuration_and_a_catalog_that_load(consentry: Run, folder: Path) -> None:
    answer = consentry("init", "etc", "--json")

    assert answer.returncode == 0
    assert json.loads(answer.stdout) == {"config": "etc/consentry.toml", "catalog": "etc/catalog.toml"}
    assert load_settings(folder / "etc" / "consentry.toml", {}).issuer == "http://localhost:8400"
    assert "projects:write" in parse_catalog((folder / "etc" / "catalog.toml").read_text("utf-8")).scopes


def test_every_line_that_the_starter_configuration_comments_out_is_a_setting_with_its_default(
    consentry: Run, folder: Path
) -> None:
    consentry("init")
    written = (folder / "consentry.toml").read_text("utf-8")
    shown = [line.removeprefix("# ") for line in written.splitlines() if line.startswith("# ") and " = " in line]
    as_shown = folder / "shown.toml"
    as_shown.write_text("\n".join(line for line in shown if not line.startswith("trusted_proxies")), "utf-8")
    key = {"CONSENTRY_SECRET_KEY": "k3y-with-enough-different-characters-0123456789"}

    assert len(tomllib.loads(as_shown.read_text("utf-8"))) > 5
    secret_key = load_settings(as_shown, key).secret_key
    assert replace(load_settings(as_shown, key), secret_key=secret_key) == replace(
        load_settings(folder / "consentry.toml", key), secret_key=secret_key
    )


@pytest.mark.parametrize("existing", ["consentry.toml", "catalog.toml"])
def test_init_overwrites_nothing_and_writes_neither_file(consentry: Run, folder: Path, existing: str) -> None:
    (folder / existing).write_text("mine", "utf-8")

    answer = consentry("init")

    assert answer.returncode == 1
    assert "exists already" in answer.stderr
    assert [(file.name, file.read_text("utf-8")) for file in folder.iterdir()] == [(existing, "mine")]


def test_init_says_so_when_it_cannot_write(consentry: Run, folder: Path) -> None:
    (folder / "file").touch()

    answer = consentry("init", "file/below")

    assert answer.returncode == 1
    assert answer.stderr.startswith("Error: Cannot write to")


def test_migrate_makes_the_database_and_may_be_repeated(consentry: Run, folder: Path) -> None:
    first = consentry("migrate", "--json")
    second = consentry("migrate", "--json")

    assert (first.returncode, second.returncode) == (0, 0), first.stderr
    assert json.loads(first.stdout)["database"] == str(folder / "consentry.sqlite3")
    assert json.loads(second.stdout) == json.loads(first.stdout)


def test_migrate_refuses_a_file_that_is_no_database(consentry: Run, folder: Path) -> None:
    (folder / "consentry.sqlite3").write_text("A shopping list, not a database. " * 100, "utf-8")

    answer = consentry("migrate")

    assert answer.returncode == 1
    assert "cannot be brought up to date" in answer.stderr
    assert answer.stdout == ""


def test_a_setting_that_cannot_be_used_is_named_on_standard_error_and_nothing_is_written(
    consentry: Run, folder: Path
) -> None:
    answer = consentry("migrate", "--json", environ={"CONSENTRY_ISSUER": "http://connect.example.com"})

    assert answer.returncode == 1
    assert answer.stdout == ""
    assert answer.stderr.startswith("Error: CONSENTRY_ISSUER")
    assert list(folder.iterdir()) == []


def test_the_configuration_is_the_options_then_the_environments_then_this_folders(consentry: Run, folder: Path) -> None:
    for name in ("given", "named", "consentry"):
        (folder / f"{name}.toml").write_text(f'database_url = "sqlite:///{name}.sqlite3"', "utf-8")
    named = {"CONSENTRY_CONFIG": "named.toml"}

    def used(*arguments: str, environ: dict[str, str]) -> str:
        answer = consentry("migrate", "--json", *arguments, environ=environ)
        return Path(json.loads(answer.stdout)["database"]).stem

    assert used("--config", "given.toml", environ=named) == "given"
    assert used(environ=named) == "named"
    assert used(environ={}) == "consentry"


@pytest.mark.parametrize(
    "arguments", [("serve", "--port", "0"), ("serve", "--port", "x"), ("nothing",), ("init", "--colour")]
)
def test_wrong_usage_exits_with_2_and_writes_to_standard_error_only(consentry: Run, arguments: tuple[str, ...]) -> None:
    answer = consentry(*arguments)

    assert answer.returncode == 2
    assert answer.stdout == ""
    assert answer.stderr


def test_serve_without_a_catalog_says_how_to_make_one(consentry: Run) -> None:
    answer = consentry("serve")

    assert answer.returncode == 1
    assert "consentry init" in answer.stderr


def test_serve_says_which_address_is_taken(consentry: Run) -> None:
    consentry("init")
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()

        answer = consentry("serve", "--json", "--port", str(other.getsockname()[1]))

    assert answer.returncode == 1
    assert answer.stdout == ""
    assert "choose another with --port" in answer.stderr


def test_serve_refuses_a_catalog_with_a_fault_and_names_the_file(consentry: Run, folder: Path) -> None:
    consentry("init")
    (folder / "catalog.toml").write_text("[permisions]", "utf-8")

    answer = consentry("serve")

    assert answer.returncode == 1
    assert "catalog.toml" in answer.stderr


def every_command(group: TyperGroup, path: tuple[str, ...] = ()) -> Iterator[tuple[str, TyperCommand]]:
    for name, command in group.commands.items():
        if isinstance(command, TyperGroup):
            yield from every_command(command, (*path, name))
        elif isinstance(command, TyperCommand):
            yield " ".join((*path, name)), command


def test_every_command_takes_json_and_config_and_says_what_it_does() -> None:
    whole = typer.main.get_command(consentry.cli.build_app())
    assert isinstance(whole, TyperGroup)
    commands = dict(every_command(whole))

    assert {"init", "serve", "migrate", "app register"} <= commands.keys()
    for path, command in commands.items():
        options = {option for parameter in command.params for option in parameter.opts}
        assert {"--json", "--config"} <= options, path
        assert command.help, path


def test_help_names_the_commands(consentry: Run) -> None:
    answer = consentry("--help")

    assert answer.returncode == 0
    assert "serve" in answer.stdout


def run_main_with(fault: BaseException, monkeypatch: pytest.MonkeyPatch) -> int | str | None:
    commands = typer.Typer()

    @commands.command("break")
    def break_() -> None:
        raise fault

    module = ModuleType("consentry.cli.broken")
    module.__dict__["commands"] = commands
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr(consentry.cli, "COMMANDS", ("broken", *consentry.cli.COMMANDS))
    monkeypatch.setattr(sys, "argv", ["consentry", "break"])
    with pytest.raises(SystemExit) as left:
        consentry.cli.main()
    return left.value.code


def test_what_cannot_be_done_exits_with_1_and_says_why(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code = run_main_with(CommandError("There is no such app."), monkeypatch)

    assert code == 1
    assert capsys.readouterr().err == "Error: There is no such app.\n"


def test_a_fault_nobody_foresaw_shows_neither_a_traceback_nor_its_text(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code = run_main_with(ValueError("cst_sk_secret"), monkeypatch)

    shown = capsys.readouterr().err
    assert code == 1
    assert "ValueError" in shown
    assert "cst_sk_secret" not in shown
    assert "Traceback" not in shown
