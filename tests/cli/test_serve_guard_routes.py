"""`consentry serve` with a routes file that cannot be used: it says which line to mend, and does not start."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[routes]\n"GET /projects" = "project.raed"\n', "Did you mean project.read?"),
        ('[routes]\n"* /**" = "public"\n"GET /projects" = "project.read"\n', 'is never reached, because "* /**"'),
        ("[routes\n", "not valid TOML"),
        (None, "There is no routes file at"),
    ],
)
def test_a_faulty_routes_file_is_named_before_anything_is_served(
    folder: Path, consentry: Run, text: str | None, told: str
) -> None:
    consentry("init")
    if text is not None:
        (folder / "routes.toml").write_text(text, "utf-8")

    answer = consentry("serve", environ={"CONSENTRY_GUARD_ROUTES": "routes.toml"})

    assert answer.returncode == 1
    assert told in answer.stderr
    assert "routes.toml" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_other_commands_do_not_need_the_routes_file(folder: Path, consentry: Run) -> None:
    consentry("init")
    (folder / "routes.toml").write_text("[routes\n", "utf-8")

    answer = consentry("org", "create", "Acme", environ={"CONSENTRY_GUARD_ROUTES": "routes.toml"})

    assert answer.returncode == 0, answer.stderr
