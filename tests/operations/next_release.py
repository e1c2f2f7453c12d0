"""The Consentry that comes after this one: a copy of the package with migrations that this one does not know."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from served import PATIENCE_SECONDS

import consentry
from consentry.storage.schema import CURRENT

_MIGRATION = '''
"""{name}."""

from alembic import op
from sqlalchemy import text

from consentry.storage.migrations.growing import create_index

revision, down_revision, oldest_served = "{version}", "{before}", "{floor}"


def upgrade() -> None:
    """{name}."""
    {step}
'''
_COLUMN_EVERYWHERE = """
    sqlite = op.get_bind().dialect.name == "sqlite"
    listed = "name FROM sqlite_schema WHERE type = 'table'" if sqlite else "relname FROM pg_stat_user_tables"
    for table, in op.get_bind().execute(text(f"SELECT {listed}")).fetchall():
        op.execute(f"ALTER TABLE {table} ADD COLUMN of_next TEXT NOT NULL DEFAULT 'unknown'")
    op.execute("ALTER TABLE organisations ADD COLUMN soon_gone TEXT")
"""
_EXPAND = (
    ("Add a column to every table", _COLUMN_EVERYWHERE),
    ("Add an index", 'create_index("organisations_of_next", "organisations (of_next, id)")'),
)
_CONTRACT = (("Take a column away", 'op.execute("ALTER TABLE organisations DROP COLUMN soon_gone")'),)


@dataclass(frozen=True, slots=True)
class Release:
    """Where its package lies, and its schema version."""

    folder: Path
    version: str

    @property
    def environ(self) -> dict[str, str]:
        """What makes a process run it."""
        return {"PYTHONPATH": str(self.folder)}

    def start(self, command: str, environ: Mapping[str, str], folder: Path) -> "subprocess.Popen[str]":
        """Start a command of its `consentry` in `folder`."""
        return subprocess.Popen(
            [sys.executable, "-m", "consentry", command],
            cwd=folder,
            env={**os.environ, **environ, **self.environ},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )


def ended(process: "subprocess.Popen[str]") -> tuple[int, str]:
    """Return a command's exit code, and what it said."""
    said, _ = process.communicate(timeout=PATIENCE_SECONDS)
    return process.returncode, said


THIS = Release(Path(consentry.__file__).parent.parent, CURRENT)


def next_release(folder: Path) -> Release:
    """Make the release after this one in `folder`: its migrations only add."""
    return _release_after(THIS, folder, _EXPAND, floor="0001")


def release_after(release: Release, folder: Path) -> Release:
    """Make the one after that, in `folder`: it takes away what `release` no longer uses, and this one might."""
    return _release_after(release, folder, _CONTRACT, floor=release.version)


def _release_after(before: Release, folder: Path, migrations: Sequence[tuple[str, str]], floor: str) -> Release:
    package = folder / "consentry"
    shutil.copytree(before.folder / "consentry", package)
    version = before.version
    for name, step in migrations:
        made = f"{int(version) + 1:04}"
        text = _MIGRATION.format(name=name, step=step.strip(), version=made, before=version, floor=floor)
        (package / "storage" / "migrations" / "versions" / f"v{made}.py").write_text(text, "utf-8")
        version = made
    schema = package / "storage" / "schema.py"
    schema.write_text(schema.read_text("utf-8").replace(f'"{before.version}"', f'"{version}"'), "utf-8")
    return Release(folder, version)
