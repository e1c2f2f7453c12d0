"""What the specifications ask of the server: one file of `musts/` for each, read into records.

A statement is known by its specification, its section and a word of ours: `RFC 7636 §4.6 compared`.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

MUSTS = Path(__file__).parent / "musts"

_REFERENCE = re.compile(r"(?P<name>.+?),? §(?P<section>[0-9A-Z][0-9A-Za-z.]*?)\.?(?: (?P<word>[a-z0-9-]+))?")
_VERSION = re.compile(r" 1\.0$")


@dataclass(frozen=True, slots=True)
class Reference:
    """A section of a specification, or, with a word, one statement in it."""

    specification: str
    section: str
    word: str | None = None


@dataclass(frozen=True, slots=True)
class Statement:
    """One thing that the server must do, in words of ours."""

    section: str
    word: str
    says: str


@dataclass(frozen=True, slots=True)
class Specification:
    """A specification and what it asks of the server, in the order of its sections."""

    name: str
    title: str
    url: str
    also: tuple[str, ...]
    statements: tuple[Statement, ...]


def read_specifications(folder: Path = MUSTS) -> list[Specification]:
    """Read every specification of the folder, sorted by file name."""
    return [_read(file) for file in sorted(folder.glob("*.toml"))]


def names_of(specifications: Iterable[Specification]) -> dict[str, str]:
    """The one name of a specification, by each name it goes by, in small letters."""
    return {
        name.casefold(): specification.name
        for specification in specifications
        for name in (specification.name, *specification.also)
    }


def parse_reference(text: str, names: Mapping[str, str]) -> Reference | None:
    """Read `RFC 7636 §4.6` or `RFC 7636 §4.6 compared`. None: no reference. Unknown specifications keep their name."""
    found = _REFERENCE.fullmatch(text.strip())
    if found is None:
        return None
    name = _VERSION.sub("", found["name"])
    return Reference(names.get(name.casefold(), name), found["section"], found["word"])


def _read(file: Path) -> Specification:
    data = tomllib.loads(file.read_text("utf-8"))
    statements = []
    for key, says in data["statements"].items():
        section, word = key.split(" ")
        statements.append(Statement(section, word, says))
    return Specification(data["name"], data["title"], data["url"], tuple(data.get("also", ())), tuple(statements))
