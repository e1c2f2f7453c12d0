"""Every command that a page prints is one that there is, with these arguments and options."""

from pathlib import Path

import pytest
import typer
from docs_pages import PAGES, blocks, commands, name_of
from typer.core import TyperGroup
from typer.exceptions import TyperException

from consentry.cli import build_app

COMMAND_LINE = typer.main.get_command(build_app())


def printed(page: Path) -> list[list[str]]:
    shells = [block.text for block in blocks(page, "sh")]
    return [words for shell in shells for words in commands(shell) if words[0].endswith("consentry")]


def find_fault(words: list[str]) -> str | None:
    """Parse a command as the command line would, without doing it; return what it would complain about."""
    command, arguments, context = COMMAND_LINE, words[1:], None
    while isinstance(command, TyperGroup) and arguments and arguments[0] != "--help":
        if arguments[0] not in command.commands:
            return f"there is no command {arguments[0]}"
        context = command.make_context(arguments[0], [], parent=context, resilient_parsing=True)
        command, arguments = command.commands[arguments[0]], arguments[1:]
    try:
        command.make_context(command.name, list(arguments), parent=context)
    except typer.Exit:
        return None
    except TyperException as fault:
        return str(fault)
    return None


@pytest.mark.parametrize("page", [page for page in PAGES if printed(page)], ids=name_of)
def test_every_printed_command_exists(page: Path) -> None:
    faults = {" ".join(words): find_fault(words) for words in printed(page)}

    assert {command: fault for command, fault in faults.items() if fault is not None} == {}


@pytest.mark.parametrize(
    "bad",
    [
        "consentry app regster ORG",
        "consentry serve --prt 80",
        "consentry app register --name x --type public",
        "consentry key create ORG a@b.test --name x --permission p --expires soon next",
    ],
)
def test_a_command_that_does_not_exist_is_found(bad: str) -> None:
    assert find_fault(bad.split()) is not None


def test_a_shell_text_is_taken_apart_into_its_commands() -> None:
    text = "printf '%s\\n' \"$P\" | consentry user create a@b.test \\\n    --password-stdin  # reads\n"

    assert list(commands(text)) == [
        ["printf", "%s\\n", "$P"],
        ["consentry", "user", "create", "a@b.test", "--password-stdin"],
    ]
