"""The rules of the house that no linter knows. Each takes the text of a module and answers the lines that break it."""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import PurePosixPath

LONGEST_FILE = 400

FORBIDDEN_MODULE_NAMES = frozenset({"utils", "helpers", "common", "base", "manager"})

_IMPURE = frozenset({"asyncio", "logging", "time", "random", "secrets", "sqlite3"})
_SEEN_BY_PURE = {"oauth": ("consentry.oauth",), "model": ("consentry.oauth", "consentry.model")}
_SECRETIVE = re.compile(r"(^|_)(digest|hash|secret)$", re.IGNORECASE)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_REASON = re.compile(r"# noqa: S608 - \w+")
_SQL = re.compile(r"\s*(SELECT|INSERT|UPDATE|DELETE|WITH)\b")


def is_too_long(source: str) -> bool:
    """Whether a file has 400 lines or more: it then says more than one thing."""
    return len(source.splitlines()) >= LONGEST_FILE


def has_forbidden_name(path: PurePosixPath) -> bool:
    """Whether a module or one of its packages is named after what it is to others, not after what it is about."""
    return not FORBIDDEN_MODULE_NAMES.isdisjoint((*path.parent.parts, path.stem))


def impure_imports(source: str, room: str) -> list[int]:
    """Lines of a module of `oauth` or `model` that import what knows the time, chance, the disk or a framework."""
    lines = []
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import():
                names = [alias.name for alias in node.names]
            case ast.ImportFrom(level=0, module=str(name)):
                names = [name]
            case ast.ImportFrom():
                names = ["a relative import"]
            case _:
                continue
        lines += [node.lineno for name in names if not _is_pure(name, room)]
    return lines


def clock_reads(source: str) -> list[int]:
    """Lines that ask what time it is: only the clock may, so that a test can set it."""
    asked = {"now", "utcnow", "today"}
    lines = []
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Attribute(value=ast.Name(id="datetime" | "date"), attr=attr) if attr in asked:
                lines.append(node.lineno)
            case ast.Attribute(value=ast.Attribute(attr="datetime" | "date"), attr=attr) if attr in asked:
                lines.append(node.lineno)
            case ast.Attribute(value=ast.Name(id="time"), attr="time" | "time_ns"):
                lines.append(node.lineno)
            case ast.ImportFrom(module="time") if {"time", "time_ns"} & {alias.name for alias in node.names}:
                lines.append(node.lineno)
    return lines


def secret_comparisons(source: str) -> list[int]:
    """Lines that compare a digest, hash or secret with == or !=, whose time tells how much of it is right. CWE-208."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Compare)
        and any(isinstance(operator, ast.Eq | ast.NotEq) for operator in node.ops)
        and any(_SECRETIVE.search(_name(operand)) for operand in (node.left, *node.comparators))
    ]


def prints(source: str) -> list[int]:
    """Lines that call `print`: only the command line and the demo speak on standard output."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]


def assembled_sql(source: str) -> list[int]:
    """Lines of functions that put a value into SQL by an f-string, `%`, `+` or `format`. Values travel as arguments.

    A module may compose its statements of its own constants when it is loaded, long before any request; a function
    may do so where a reason stands beside the line, for the reader and the linter: `# noqa: S608 - why`.
    """
    lines = source.splitlines()
    functions = (node for node in ast.walk(ast.parse(source)) if isinstance(node, _FUNCTIONS))
    found = (node for function in functions for node in ast.walk(function) if any(_assembles_sql(node)))
    return sorted(
        {node.lineno for node in found if _REASON.search(lines[(node.end_lineno or node.lineno) - 1]) is None}
    )


def _assembles_sql(node: ast.AST) -> Iterator[bool]:
    match node:
        case ast.JoinedStr(values=[ast.Constant(value=str(text)), *_]):
            yield _SQL.match(text) is not None
        case ast.BinOp(left=ast.Constant(value=str(text)), op=ast.Add() | ast.Mod()):
            yield _SQL.match(text) is not None
        case ast.Call(func=ast.Attribute(value=ast.Constant(value=str(text)), attr="format")):
            yield _SQL.match(text) is not None


def _is_pure(name: str, room: str) -> bool:
    top = name.partition(".")[0]
    if top == "consentry":
        return any(name == seen or name.startswith(f"{seen}.") for seen in _SEEN_BY_PURE[room])
    return top in sys.stdlib_module_names and top not in _IMPURE


def _name(node: ast.expr) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""
