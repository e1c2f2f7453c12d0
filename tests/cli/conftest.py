"""The command line as a person runs it: a process of its own in an empty folder."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder in which the commands run."""
    return tmp_path


@pytest.fixture
def consentry(folder: Path) -> Run:
    """Run `consentry` with these arguments; `environ` adds variables, `typed` is standard input."""

    def run(
        *arguments: str, environ: dict[str, str] | None = None, typed: str = ""
    ) -> subprocess.CompletedProcess[str]:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("CONSENTRY_")}
        return subprocess.run(
            [sys.executable, "-m", "consentry", *arguments],
            cwd=folder,
            env={**clean, "COLUMNS": "200", **(environ or {})},
            input=typed,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run
