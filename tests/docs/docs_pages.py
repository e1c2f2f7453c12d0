"""The pages that people read, and what is printed on them."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").rglob("*.md")])

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SEPARATORS = frozenset("|&;\n")
_COMMENT = re.compile(r"(?:^| )#[^\n]*", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """A fenced block, and the text that follows it on the page."""

    page: str
    language: str
    text: str


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def blocks(page: Path, language: str) -> list[Block]:
    """The fenced blocks of a language, in their order."""
    found = _FENCE.findall(page.read_text("utf-8"))
    return [Block(name_of(page), kind, text) for kind, text in found if kind == language]


def commands(shell: str) -> Iterator[list[str]]:
    """The simple commands of a shell text, as words: comments left out, pipes and lists taken apart."""
    lexer = shlex.shlex(_COMMENT.sub("", shell).replace("\\\n", " "), posix=True, punctuation_chars="|&;\n")
    lexer.whitespace, lexer.whitespace_split, lexer.commenters = " \t", True, ""
    words: list[str] = []
    for word in [*lexer, ";"]:
        if set(word) - _SEPARATORS:
            words.append(word)
        elif words:
            yield words
            words = []


def rows(page: str) -> list[list[str]]:
    """The cells of every row of the page's tables, without headings and the rulers under them."""
    lines = (ROOT / page).read_text("utf-8").splitlines()
    found = [line for line, following in pairwise([*lines, ""]) if line.startswith("| ") and "---" not in following]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in found]


def prose_of(page: Path) -> str:
    """The page without its fenced blocks."""
    return _FENCE.sub("", page.read_text("utf-8"))
