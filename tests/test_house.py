"""The house keeps its own rules; and each rule is shown able to fail."""

import ast
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable
from dataclasses import fields
from pathlib import Path, PurePosixPath

import pytest

import house_rules
from consentry.oauth.errors import ErrorCode
from consentry.settings import Settings

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "src" / "consentry"
MODULES = {
    PurePosixPath(file.relative_to(PACKAGE).as_posix()): file.read_text("utf-8")
    for file in sorted(PACKAGE.rglob("*.py"))
    if "node_modules" not in file.parts
}

Rule = Callable[[str], list[int]]


def broken_by(rule: Rule, modules: Iterable[PurePosixPath] = MODULES) -> list[str]:
    return [f"{path}:{line}" for path in modules for line in rule(MODULES[path])]


def test_no_file_is_too_long() -> None:
    assert [str(path) for path, source in MODULES.items() if house_rules.is_too_long(source)] == []


def test_no_module_is_named_after_nothing() -> None:
    assert [str(path) for path in MODULES if house_rules.has_forbidden_name(path)] == []


@pytest.mark.parametrize("room", ["oauth", "model"])
def test_the_words_are_pure(room: str) -> None:
    modules = [path for path in MODULES if path.parts[0] == room]

    assert modules
    assert broken_by(lambda source: house_rules.impure_imports(source, room), modules) == []


def test_only_the_clock_reads_the_clock() -> None:
    # The demo's sample apps are other people's programs: they have no clock of ours.
    modules = [path for path in MODULES if str(path) != "clock.py" and path.parts[0] != "demo"]

    assert broken_by(house_rules.clock_reads, modules) == []


def test_op_05_no_secret_is_compared_in_a_time_that_tells() -> None:
    assert broken_by(house_rules.secret_comparisons) == []


def test_only_the_command_line_and_the_demo_print() -> None:
    assert broken_by(house_rules.prints, [path for path in MODULES if path.parts[0] not in {"cli", "demo"}]) == []


def test_no_value_is_put_into_sql_by_hand() -> None:
    assert broken_by(house_rules.assembled_sql) == []


def test_imports_go_down_only() -> None:
    lint_imports = shutil.which("lint-imports", path=str(ROOT / ".venv" / "bin")) or "lint-imports"

    answer = subprocess.run(
        [lint_imports, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120
    )

    assert answer.returncode == 0, answer.stdout + answer.stderr


def first_cells(page: str) -> set[str]:
    return set(re.findall(r"^\| `([^`]+)` \|", (ROOT / "docs" / page).read_text("utf-8"), re.MULTILINE))


def test_every_error_code_is_explained() -> None:
    assert {str(code) for code in ErrorCode} - first_cells("errors.md") == set()


def test_every_setting_is_explained_and_nothing_else_is() -> None:
    assert first_cells("configuration.md") == {field.name for field in fields(Settings)}


def test_every_dependency_is_justified() -> None:
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    lists = re.findall(r"^(?:dependencies|dev|django|flask) = (\[.*?\]$)", project, re.MULTILINE | re.DOTALL)
    named = {re.split(r"[\[>=<;\s]", requirement)[0] for text in lists for requirement in ast.literal_eval(text)}

    justified = first_cells("decisions/0006-dependencies.md")

    assert named
    assert named - justified == set()


@pytest.mark.parametrize(
    ("rule", "bad"),
    [
        (house_rules.clock_reads, "datetime.now(UTC)"),
        (house_rules.clock_reads, "datetime.datetime.utcnow()"),
        (house_rules.clock_reads, "date.today()"),
        (house_rules.clock_reads, "time.time()"),
        (house_rules.clock_reads, "from time import time"),
        (house_rules.secret_comparisons, "row.client_secret == given"),
        (house_rules.secret_comparisons, "given != digest"),
        (house_rules.secret_comparisons, "1 < 2 == stored_hash"),
        (house_rules.prints, "print('hello')"),
        (house_rules.assembled_sql, "find = lambda id: f'SELECT * FROM apps WHERE id = {id}'"),
        (house_rules.assembled_sql, "find = lambda id: f'''\n  UPDATE apps SET name = {name}'''"),
        (house_rules.assembled_sql, "find = lambda id: 'DELETE FROM ' + table"),
        (house_rules.assembled_sql, "find = lambda id: 'INSERT INTO %s' % table"),
        (house_rules.assembled_sql, "find = lambda id: 'SELECT {}'.format(column)"),
    ],
)
def test_a_rule_finds_what_it_forbids(rule: Rule, bad: str) -> None:
    assert rule(f"good = 1\n{bad}\n") == [2]


@pytest.mark.parametrize(
    ("rule", "good"),
    [
        (house_rules.clock_reads, "clock.now(); time.monotonic()"),
        (house_rules.secret_comparisons, "compare_digest(a_digest, b); hash_count == 1; client_secret is None"),
        (house_rules.prints, "page.print()"),
        (house_rules.assembled_sql, "find = lambda: ('SELECT 1', f'Selected {count}')"),
        (house_rules.assembled_sql, "FIND = f'SELECT {COLUMNS} FROM apps'"),
        (house_rules.assembled_sql, "find = lambda: f'SELECT {COLUMNS}'  # noqa: S608 - constants"),
    ],
)
def test_a_rule_leaves_alone_what_it_allows(rule: Rule, good: str) -> None:
    assert rule(good) == []


@pytest.mark.parametrize(
    ("room", "bad"),
    [
        ("oauth", "import asyncio"),
        ("oauth", "from time import monotonic"),
        ("oauth", "import orjson"),
        ("oauth", "from consentry.model.app import App"),
        ("oauth", "from . import scope"),
        ("model", "def later():\n    import sqlite3"),
        ("model", "from consentry.storage import apps"),
        ("model", "from consentry.oauthful import scope"),
    ],
)
def test_an_impure_import_is_found(room: str, bad: str) -> None:
    assert house_rules.impure_imports(bad, room) == [bad.count("\n") + 1]


def test_a_long_file_is_found() -> None:
    assert house_rules.is_too_long("pass\n" * 400)
    assert not house_rules.is_too_long("pass\n" * 399)


@pytest.mark.parametrize("bad", ["web/utils.py", "common/app.py", "storage/base/apps.py"])
def test_a_name_after_nothing_is_found(bad: str) -> None:
    assert house_rules.has_forbidden_name(PurePosixPath(bad))
    assert not house_rules.has_forbidden_name(PurePosixPath("web/database.py"))
