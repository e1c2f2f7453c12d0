"""What the tests say that they show: read from their source, so that it is known without running them.

A test says it by `@pytest.mark.shows("RFC 7636 §4.6 compared")`, on itself or on one of its cases, or by naming a
section in its docstring; a file says it for all of its tests by `pytestmark`. `@pytest.mark.interop(client, feature)`
says which client library does what; `"whole login"` stands for the features of `WHOLE_LOGIN`.
"""

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from statements import Reference, parse_reference

TESTS = Path(__file__).parent.parent

WHOLE_LOGIN = (
    "OpenID Connect login",
    "ID token signature",
    "ID tokens: ES256",
    "ID tokens: RS256",
    "ID tokens: EdDSA",
    "UserInfo",
    "pairwise subjects",
)
"""What a client shows that signs a person in with each algorithm, and asks who it was."""

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_IN_PROSE = re.compile(r"(?:RFC \d+|(?:OIDC|OpenID Connect) [A-Z][A-Za-z -]*?|OAuth 2\.1|CIMD) §[0-9A-Z][0-9A-Za-z.]*")


@dataclass(frozen=True, slots=True)
class ShownTest:
    """A test, and what it says that it shows."""

    file: str
    name: str
    references: tuple[Reference, ...] = ()
    interop: tuple[tuple[str, str], ...] = ()
    unreadable: tuple[str, ...] = ()


def read_tests(names: Mapping[str, str], folder: Path = TESTS) -> list[ShownTest]:
    """Every test of the tree that says what it shows, by file and then as they stand there."""
    files = [file for file in sorted(folder.rglob("test_*.py")) if "node_modules" not in file.parts]
    found = [test for file in files for test in shown_in(file.read_text("utf-8"), _name(file, folder), names)]
    return [test for test in found if test.references or test.interop or test.unreadable]


def shown_in(source: str, file: str, names: Mapping[str, str]) -> Iterator[ShownTest]:
    """The tests of one file."""
    tree = ast.parse(source)
    of_all = [node for node in tree.body if isinstance(node, ast.Assign) and _is_pytestmark(node)]
    for node in ast.walk(tree):
        if not isinstance(node, _FUNCTIONS) or not node.name.startswith("test_"):
            continue
        marked = [*of_all, *node.decorator_list]
        texts = [arguments for mark in marked for arguments in _calls(mark, "shows")]
        claims = [text for arguments in texts for text in arguments]
        claims += _IN_PROSE.findall(ast.get_docstring(node) or "")
        read = {claim: parse_reference(claim, names) for claim in claims}
        interop = [arguments for mark in marked for arguments in _calls(mark, "interop")]
        yield ShownTest(
            file,
            node.name,
            tuple(dict.fromkeys(reference for reference in read.values() if reference is not None)),
            tuple((client, feature) for client, *features in interop for feature in _each_of(features)),
            tuple(claim for claim, reference in read.items() if reference is None),
        )


def _calls(node: ast.AST, mark: str) -> Iterator[list[str]]:
    """The texts given to each use of the mark inside the node."""
    for call in ast.walk(node):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == mark:
            yield [given.value for given in call.args if isinstance(given, ast.Constant)]


def _each_of(features: list[str]) -> Iterator[str]:
    for feature in features:
        yield from WHOLE_LOGIN if feature == "whole login" else (feature,)


def _is_pytestmark(node: ast.Assign) -> bool:
    return any(isinstance(target, ast.Name) and target.id == "pytestmark" for target in node.targets)


def _name(file: Path, folder: Path) -> str:
    return file.relative_to(folder.parent).as_posix()
